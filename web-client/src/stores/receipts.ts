/** How far others have read the room on the screen. */
import { defineStore } from 'pinia';
import { ref, shallowRef } from 'vue';
import type { Receipt, RoomId, UserId } from '../protocol/generated';

export const useReceipts = defineStore('receipts', () => {
  const room = ref<RoomId | null>(null);
  const all = shallowRef<readonly Receipt[]>([]);

  /** Who has read an entry of the room, as far as they tell. */
  const readersOf = (seq: number): UserId[] =>
    all.value.filter((receipt) => receipt.seq >= seq).map(({ user }) => user);

  function apply(of: RoomId, receipts: readonly Receipt[]): void {
    if (of === room.value) all.value = receipts;
  }

  function open(of: RoomId | null): void {
    room.value = of;
    all.value = [];
  }

  return { room, all, readersOf, apply, open };
});
