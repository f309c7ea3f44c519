/** Names of the people who appear somewhere on the page. */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { Person } from '../client/model';
import type { UserId } from '../protocol/generated';

export const usePeople = defineStore('people', () => {
  const names = shallowRef(new Map<UserId, string>());

  function apply(people: Person[]): void {
    for (const { id, name } of people) names.value.set(id, name);
    triggerRef(names);
  }

  function reset(): void {
    names.value = new Map();
  }

  return { names, apply, reset };
});
