/** Members of the room on the screen, and who of them is there. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { RoomMember } from '../client/model';
import type { RoomId } from '../protocol/generated';

export const useMembers = defineStore('members', () => {
  const room = ref<RoomId | null>(null);
  const list = shallowRef<RoomMember[]>([]);
  const total = ref(0);
  /** Only a full list can say how many are online. */
  const online = computed(() =>
    list.value.length > 0 && list.value.length >= total.value
      ? list.value.filter((member) => member.online).length
      : null,
  );

  function apply(of: RoomId, members: RoomMember[], count: number): void {
    room.value = of;
    list.value = members;
    total.value = count;
  }

  function reset(): void {
    room.value = null;
    list.value = [];
    total.value = 0;
  }

  return { room, list, total, online, apply, reset };
});
