/** Rooms that one is invited to, those that one was put out of, and those that were deleted. */
import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, shallowRef } from 'vue';
import type { Invitation, Removal, RoomSummary } from '../client/model';
import type { RoomId } from '../protocol/generated';
import { useUndo } from './undo';

export const useMembership = defineStore('membership', () => {
  const told = shallowRef<readonly Invitation[]>([]);
  /** Without those that are declined, for as long as that can be taken back. */
  const invitations = computed(() => told.value.filter(({ room }) => !useUndo().covers('decline', room.id)));
  const removals = shallowReactive(new Map<RoomId, Removal>());
  /** The room that was just made and that nobody can find: people are to be invited. */
  const inviting = ref<RoomId | null>(null);

  function putOut(removal: Removal): void {
    // Who deleted it is known once; that it is deleted is heard again from whatever was on its way there.
    if (removal.by === null && removals.get(removal.room)?.how === removal.how) return;
    removals.set(removal.room, removal);
  }

  /** Who is back was not put out any more. */
  function isIn(rooms: readonly RoomSummary[]): void {
    for (const { id } of rooms) removals.delete(id);
  }

  function reset(): void {
    told.value = [];
    removals.clear();
    inviting.value = null;
  }

  return { told, invitations, removals, inviting, putOut, isIn, reset };
});
