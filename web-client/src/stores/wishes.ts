/** What the user wants of each room, and of being seen: the same on every device. */
import { defineStore } from 'pinia';
import { ref, shallowRef, triggerRef } from 'vue';
import type { RoomWishes } from '../client/model';
import { Notify } from '../protocol/generated';
import type { RoomId } from '../protocol/generated';

export const useWishes = defineStore('wishes', () => {
  const byRoom = shallowRef(new Map<RoomId, RoomWishes>());
  const receiptsHidden = ref(false);

  const of = (room: RoomId): RoomWishes =>
    byRoom.value.get(room) ?? { room, notify: Notify.all, pinned: false, archived: false };

  function apply(rooms: readonly RoomWishes[]): void {
    for (const wishes of rooms) byRoom.value.set(wishes.room, wishes);
    triggerRef(byRoom);
  }

  function reset(): void {
    byRoom.value = new Map();
    receiptsHidden.value = false;
  }

  return { byRoom, receiptsHidden, of, apply, reset };
});
