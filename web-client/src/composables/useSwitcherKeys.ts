/** The keys that lead from anywhere to any chat or person, as this system's people know them. */
import { onKeyStroke } from '@vueuse/core';

const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);

export const SWITCHER_KEYS = isMac ? '⌘K' : 'Ctrl K';

export function useSwitcherKeys(pressed: () => void): void {
  onKeyStroke(['k', 'K'], (event) => {
    if (!(isMac ? event.metaKey : event.ctrlKey) || event.altKey || event.shiftKey) return;
    event.preventDefault();
    // What lies over the page is answered first.
    if (!document.querySelector('dialog[open]')) pressed();
  });
}
