/** How the user stands in each room, and what of it asks for their attention. */
import { defineStore } from 'pinia';
import { computed, shallowRef, triggerRef } from 'vue';
import type { RoomMark } from '../client/model';
import { Notify, UNREAD_COUNT_MAX } from '../protocol/generated';
import type { RoomId } from '../protocol/generated';
import { useWishes } from './wishes';

/** What is counted no further is shown as more than this. */
const SHOWN_MAX = UNREAD_COUNT_MAX - 1;

/** A count as it is shown: "99+" is the most. */
export const shownCount = (count: number): string =>
  count > SHOWN_MAX ? `${String(SHOWN_MAX)}+` : String(count);

export const useMarks = defineStore('marks', () => {
  const byRoom = shallowRef(new Map<RoomId, RoomMark>());
  const wishes = useWishes();

  const of = (room: RoomId): RoomMark => byRoom.value.get(room) ?? { room, mark: 0, unread: 0, mentions: 0 };

  /** How many of a room's messages the user wants to hear of. */
  function calling(room: RoomId): number {
    const { unread, mentions } = of(room);
    const { notify, archived } = wishes.of(room);
    if (notify === Notify.nothing || archived) return 0;
    return notify === Notify.mentions ? mentions : unread;
  }

  /** In all rooms. */
  const total = computed(() => {
    let sum = 0;
    for (const room of byRoom.value.keys()) sum += calling(room);
    return sum;
  });

  function apply(marks: readonly RoomMark[]): void {
    for (const mark of marks) byRoom.value.set(mark.room, mark);
    triggerRef(byRoom);
  }

  function forget(rooms: readonly RoomId[]): void {
    for (const room of rooms) byRoom.value.delete(room);
    if (rooms.length > 0) triggerRef(byRoom);
  }

  function reset(): void {
    byRoom.value = new Map();
  }

  return { byRoom, of, calling, total, apply, forget, reset };
});
