/** True once `source` has been true for a while; false at once when it is not. */
import { readonly, ref, toValue, watch } from 'vue';
import type { MaybeRefOrGetter, Ref } from 'vue';

export function useDelayed(source: MaybeRefOrGetter<boolean>, delayMs: number): Readonly<Ref<boolean>> {
  const delayed = ref(false);
  watch(
    () => toValue(source),
    (value, _before, onCleanup) => {
      if (!value) {
        delayed.value = false;
        return;
      }
      const timer = setTimeout(() => {
        delayed.value = true;
      }, delayMs);
      onCleanup(() => {
        clearTimeout(timer);
      });
    },
    { immediate: true },
  );
  return readonly(delayed);
}
