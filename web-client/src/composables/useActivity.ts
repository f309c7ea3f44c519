/** Whether somebody sits in front of the page: others see who is away. */
import { useDocumentVisibility, useIdle, useTimeoutFn } from '@vueuse/core';
import { computed, ref, watch } from 'vue';
import { useChat } from '../stores/chat';
import { useOwnProfile } from '../stores/own_profile';

/** Without a key, a press or a move for so long nobody is there. */
const IDLE_AFTER_MS = 5 * 60_000;
/** Who looks at another page may be back in a moment. */
const HIDDEN_AFTER_MS = 30_000;

export function useActivity(): void {
  const chat = useChat();
  const own = useOwnProfile();
  const { idle } = useIdle(IDLE_AFTER_MS, { listenForVisibilityChange: true });
  const visibility = useDocumentVisibility();
  const isAway = ref(false);
  const leaving = useTimeoutFn(
    () => {
      isAway.value = true;
    },
    HIDDEN_AFTER_MS,
    { immediate: false },
  );
  watch(
    visibility,
    (now) => {
      if (now === 'hidden') {
        leaving.start();
        return;
      }
      leaving.stop();
      isAway.value = false;
    },
    { immediate: true },
  );
  const isIdle = computed(() => idle.value || isAway.value);
  watch(isIdle, (now) => {
    own.isIdle = now;
    chat.command({ do: 'activity', isIdle: now });
  });
}
