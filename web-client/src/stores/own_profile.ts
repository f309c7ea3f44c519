/** What the user says of themselves, and whom they block: the same on every device. */
import { defineStore } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import { nothingSaid } from '../client/own_profile';
import type { OwnProfile } from '../client/model';
import { useExpiry } from '../composables/useExpiry';
import type { UserId } from '../protocol/generated';
import { useLink } from './link';
import type { ShownPresence } from './presence';

export const useOwnProfile = defineStore('ownProfile', () => {
  const own = shallowRef<OwnProfile>(nothingSaid());
  /** Nobody sits in front of the page. */
  const isIdle = ref(false);
  const link = useLink();
  const { isOver } = useExpiry(() => [own.value.untilMs]);

  /** What is said of the moment and is not over. */
  const status = computed(() => {
    const { doNotDisturb, emoji, text, untilMs } = own.value;
    if (isOver(untilMs)) return { doNotDisturb: false, emoji: '', text: '', untilMs: 0 };
    return { doNotDisturb, emoji, text, untilMs };
  });

  /** As others see the user. */
  const presence = computed<ShownPresence>(() => {
    const { doNotDisturb, ...said } = status.value;
    const there = doNotDisturb ? 'busy' : isIdle.value ? 'idle' : 'online';
    return { ...said, shape: link.link.phase === 'online' ? there : 'offline', seenMs: 0 };
  });

  const blocks = (id: UserId): boolean => own.value.blocked.includes(id);

  function reset(): void {
    own.value = nothingSaid();
    isIdle.value = false;
  }

  return { own, isIdle, status, presence, blocks, reset };
});
