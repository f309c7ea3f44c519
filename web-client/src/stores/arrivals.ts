/** How far one's own messages of private chats have come. */
import { defineStore } from 'pinia';
import { shallowRef, triggerRef } from 'vue';
import type { RoomArrivals } from '../client/model';
import type { RoomId } from '../protocol/generated';

export type Arrival = 'sent' | 'delivered' | 'read';

export const useArrivals = defineStore('arrivals', () => {
  const byRoom = shallowRef(new Map<RoomId, RoomArrivals>());

  function of(room: RoomId, seq: number | null): Arrival {
    const known = byRoom.value.get(room);
    if (!known || seq === null) return 'sent';
    if (known.read >= seq) return 'read';
    return known.delivered >= seq ? 'delivered' : 'sent';
  }

  function apply(arrivals: RoomArrivals): void {
    byRoom.value.set(arrivals.room, arrivals);
    triggerRef(byRoom);
  }

  function reset(): void {
    byRoom.value = new Map();
  }

  return { of, apply, reset };
});
