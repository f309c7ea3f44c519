/**
 * The height that the keyboard leaves, as `--visible-height`. Chromium and Firefox shrink
 * the page by themselves; iOS lays its keyboard over it and scrolls the page away.
 */
import { useEventListener } from '@vueuse/core';

export function useVisibleHeight(): void {
  const viewport = window.visualViewport;
  if (!viewport) return;
  useEventListener(viewport, 'resize', () => {
    // Zooming in changes it too, and must not change the layout.
    if (viewport.scale !== 1) return;
    const covered = window.innerHeight - viewport.height > 1;
    const { style } = document.documentElement;
    if (covered) style.setProperty('--visible-height', `${String(viewport.height)}px`);
    else style.removeProperty('--visible-height');
    window.scrollTo(0, 0);
  });
}
