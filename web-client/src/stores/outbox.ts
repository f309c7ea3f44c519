/**
 * Messages on their way, as the page shows them. A message stands here from the key
 * press on; the worker's list, which is what is stored, catches up a moment later.
 */
import { defineStore } from 'pinia';
import { computed, shallowRef } from 'vue';
import type { OutboxItem } from '../client/model';
import type { ClientId, RoomId } from '../protocol/generated';

export const useOutbox = defineStore('outbox', () => {
  const stored = shallowRef<readonly OutboxItem[]>([]);
  const fresh = shallowRef<readonly OutboxItem[]>([]);
  const items = computed(() => [...stored.value, ...fresh.value]);
  const unsent = computed(() => items.value.filter((item) => item.state !== 'sent').length);

  function add(item: OutboxItem): void {
    fresh.value = [...fresh.value, item];
  }

  /** `added` is what the worker has taken: it may have been sent and seen before it was told. */
  function apply(list: OutboxItem[], added: readonly ClientId[]): void {
    const taken = new Set<ClientId>([...list.map((item) => item.clientId), ...added]);
    fresh.value = fresh.value.filter((item) => !taken.has(item.clientId));
    stored.value = list;
  }

  function ofRoom(room: RoomId): OutboxItem[] {
    return items.value.filter((item) => item.room === room);
  }

  function reset(): void {
    stored.value = [];
    fresh.value = [];
  }

  return { items, unsent, add, apply, ofRoom, reset };
});
