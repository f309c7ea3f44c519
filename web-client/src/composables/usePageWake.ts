/** Tells when the page may have slept or changed its network: the connection is looked at then. */
import { useEventListener } from '@vueuse/core';

export function usePageWake(woken: () => void): void {
  useEventListener(window, ['online', 'offline', 'pageshow'], woken);
  useEventListener(document, 'visibilitychange', () => {
    if (document.visibilityState === 'visible') woken();
  });
}
