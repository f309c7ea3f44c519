/**
 * A button that vanishes takes the keyboard's focus with it: then the composer has it, as
 * after sending, and not the beginning of the page.
 */
import { nextTick, onBeforeUnmount, onBeforeUpdate } from 'vue';
import type { Ref } from 'vue';
import { useLayout } from './useLayout';

/** For the buttons inside `box`. */
export function useFocusKept(box: Ref<HTMLElement | undefined>): void {
  const { touch } = useLayout();

  function keep(): void {
    // On a touch screen this would call the keyboard over what one wants to read.
    if (touch.value || !box.value?.contains(document.activeElement)) return;
    const composer = (): HTMLElement | null => document.querySelector('form.composer textarea');
    void nextTick(() => {
      if (document.activeElement === document.body) composer()?.focus();
    });
  }
  onBeforeUpdate(keep);
  onBeforeUnmount(keep);
}
