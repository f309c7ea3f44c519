/** One's own rooms, the one with the newest line first. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { RoomSummary } from '../client/model';
import type { RoomId, UserId } from '../protocol/generated';
import { useUndo } from './undo';

export const activeMs = (room: RoomSummary): number => Math.max(room.last?.atMs ?? 0, room.createdMs);

export const useRooms = defineStore('rooms', () => {
  const byId = shallowRef(new Map<RoomId, RoomSummary>());
  /** Whether the list is known: before that an empty list means nothing. */
  const complete = ref(false);
  const sorted = computed(() =>
    [...byId.value.values()]
      .filter(({ id }) => !useUndo().covers('leave', id))
      .sort((a, b) => activeMs(b) - activeMs(a) || (a.id < b.id ? 1 : -1)),
  );

  /** The private chats, by whom they are with. */
  const withPerson = computed(
    () =>
      new Map<UserId, RoomId>(
        [...byId.value.values()].flatMap(({ id, about }) => (about?.with ? [[about.with, id]] : [])),
      ),
  );

  function apply(changed: RoomSummary[], removed: RoomId[], isComplete: boolean): void {
    for (const room of changed) byId.value.set(room.id, room);
    for (const id of removed) byId.value.delete(id);
    complete.value = isComplete;
    triggerRef(byId);
  }

  function reset(): void {
    byId.value = new Map();
    complete.value = false;
  }

  return { byId, sorted, complete, withPerson, apply, reset };
});
