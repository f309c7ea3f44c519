/** The three breakpoints of the layout. */
import { useMediaQuery } from '@vueuse/core';
import type { Ref } from 'vue';

export function useLayout(): { onePane: Ref<boolean>; threePanes: Ref<boolean>; touch: Ref<boolean> } {
  return {
    onePane: useMediaQuery('(max-width: 719px)'),
    threePanes: useMediaQuery('(min-width: 1100px)'),
    touch: useMediaQuery('(pointer: coarse)'),
  };
}
