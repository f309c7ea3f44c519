/** The time, a tick a minute: enough for "today" and "yesterday" to stay true. */
import { createSharedComposable, useNow as useClockTime } from '@vueuse/core';
import { computed } from 'vue';
import type { ComputedRef } from 'vue';

const TICK_MS = 60_000;

/** One timer for the whole page, however many rows show a time. */
export const useNow = createSharedComposable((): ComputedRef<number> => {
  const now = useClockTime({ interval: TICK_MS });
  return computed(() => now.value.getTime());
});
