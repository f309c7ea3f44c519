/**
 * The dialogs that are open, the last on top. What is outside of a modal one cannot be reached, so
 * whatever must be reached at any time stands in the topmost.
 */
import { computed, onBeforeUnmount, onMounted, shallowRef } from 'vue';
import type { ComputedRef, Ref } from 'vue';

const open = shallowRef<readonly HTMLElement[]>([]);

export function useInTopLayer(element: Ref<HTMLElement | undefined>): void {
  let mine: HTMLElement | undefined;
  onMounted(() => {
    mine = element.value;
    if (mine) open.value = [...open.value, mine];
  });
  onBeforeUnmount(() => {
    open.value = open.value.filter((one) => one !== mine);
  });
}

export const topLayer: ComputedRef<HTMLElement | string> = computed(() => open.value.at(-1) ?? 'body');
