/** Where a menu was asked for: by the right button, by the keyboard, or by a finger that stays. */
import { onLongPress } from '@vueuse/core';
import { ref } from 'vue';
import type { Ref } from 'vue';

export interface MenuPlace {
  x: number;
  y: number;
  /** Where it ends if there is no place for it below: over what was pressed it would be pressed too. */
  above: number;
}

export function useMenu(target: Ref<HTMLElement | undefined>): {
  place: Ref<MenuPlace | null>;
  /** For `contextmenu`, and for the click of a button that opens the menu. */
  open: (event: MouseEvent) => void;
  close: () => void;
} {
  const place = ref<MenuPlace | null>(null);

  function open(event: MouseEvent): void {
    event.preventDefault();
    const { clientX: x, clientY: y } = event;
    const element = event.currentTarget instanceof HTMLElement ? event.currentTarget : target.value;
    const box = element?.getBoundingClientRect();
    const isKeyboard = event.detail === 0 && (x === 0 || event.type === 'click');
    place.value =
      box && (isKeyboard || event.type === 'click')
        ? { x: box.left, y: box.bottom + 4, above: box.top - 4 }
        : { x, y, above: y };
  }

  // Not every system makes a context menu of a long press.
  onLongPress(target, (event) => {
    if (event.pointerType !== 'touch' || place.value) return;
    // The finger is still down, and the menu may come up under it: to lift it presses nothing.
    addEventListener(
      'touchend',
      (lift) => {
        lift.preventDefault();
      },
      { capture: true, once: true, passive: false },
    );
    place.value = { x: event.clientX, y: event.clientY, above: event.clientY };
  });

  return {
    place,
    open,
    close: () => {
      place.value = null;
    },
  };
}
