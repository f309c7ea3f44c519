/** Who is there, and what they say of the moment; what is over by the clock is not shown. */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { PersonPresence } from '../client/model';
import { useExpiry } from '../composables/useExpiry';
import type { UserId } from '../protocol/generated';

/** Told apart by shape and by words. */
export type PresenceShape = 'online' | 'idle' | 'busy' | 'offline';

/** What somebody says of the moment. */
export interface Saying {
  emoji: string;
  text: string;
  /** When it is over; 0 for never. */
  untilMs: number;
}

export interface ShownPresence extends Saying {
  shape: PresenceShape;
  /** When they were there last; 0 if they are, or do not show it. */
  seenMs: number;
}

export const usePresence = defineStore('presence', () => {
  const people = shallowRef(new Map<UserId, PersonPresence>());
  const { isOver } = useExpiry(() => [...people.value.values()].map(({ untilMs }) => untilMs));

  /** `online` is what is known where nothing was told. */
  function of(id: UserId, online = false): ShownPresence {
    const told = people.value.get(id);
    if (!told) return { shape: online ? 'online' : 'offline', emoji: '', text: '', untilMs: 0, seenMs: 0 };
    const over = isOver(told.untilMs);
    const availability = over && told.availability === 'busy' ? 'online' : told.availability;
    const said = over ? { emoji: '', text: '', untilMs: 0 } : told;
    const { emoji, text, untilMs } = said;
    return {
      ...{ emoji, text, untilMs, shape: told.online ? availability : 'offline' },
      seenMs: told.online ? 0 : told.seenMs,
    };
  }

  function apply(told: readonly PersonPresence[], all: boolean): void {
    if (all) people.value.clear();
    for (const one of told) people.value.set(one.id, one);
    triggerRef(people);
  }

  function reset(): void {
    people.value = new Map();
  }

  return { of, apply, reset };
});
