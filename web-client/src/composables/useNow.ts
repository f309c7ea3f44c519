/** The time, a tick a minute: enough for "today" and "yesterday" to stay true. */
import { useNow as useClockTime } from '@vueuse/core';
import { computed } from 'vue';
import type { ComputedRef } from 'vue';

const TICK_MS = 60_000;

export function useNow(): ComputedRef<number> {
  const now = useClockTime({ interval: TICK_MS });
  return computed(() => now.value.getTime());
}
