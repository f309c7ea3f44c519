/** Who writes in which room just now. */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { RoomId, UserId } from '../protocol/generated';

const NOBODY: readonly UserId[] = [];

export const useTyping = defineStore('typing', () => {
  const rooms = shallowRef(new Map<RoomId, readonly UserId[]>());

  const of = (room: RoomId): readonly UserId[] => rooms.value.get(room) ?? NOBODY;

  function apply(room: RoomId, users: readonly UserId[]): void {
    if (users.length > 0) rooms.value.set(room, users);
    else rooms.value.delete(room);
    triggerRef(rooms);
  }

  function reset(): void {
    rooms.value = new Map();
  }

  return { of, apply, reset };
});
