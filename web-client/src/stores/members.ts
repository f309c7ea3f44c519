/** Members of the room on the screen, and who of them is there. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { RoomMember } from '../client/model';
import type { RoomId } from '../protocol/generated';

export const useMembers = defineStore('members', () => {
  const room = ref<RoomId | null>(null);
  const list = shallowRef<RoomMember[]>([]);
  const total = ref(0);
  const counted = ref<number | null>(null);
  /** A full list says how many are online; of a longer one the server does. */
  const online = computed(() =>
    list.value.length > 0 && list.value.length >= total.value
      ? list.value.filter((member) => member.online).length
      : counted.value,
  );

  function apply(of: RoomId, members: RoomMember[], count: number, onlineOfAll: number | null = null): void {
    room.value = of;
    list.value = members;
    total.value = count;
    counted.value = onlineOfAll;
  }

  function reset(): void {
    room.value = null;
    list.value = [];
    total.value = 0;
    counted.value = null;
  }

  return { room, list, total, online, apply, reset };
});
