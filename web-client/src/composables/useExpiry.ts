/** What ends at a time of its own is gone from the page when the time comes, and not a tick later. */
import { ref, watch } from 'vue';

/** A timer takes no longer than this; then it is set anew. */
const TIMER_MS_MAX = 2 ** 31 - 1;

/** `ends` are times, 0 for never. */
export function useExpiry(ends: () => readonly number[]): { isOver: (untilMs: number) => boolean } {
  const nowMs = ref(Date.now());
  let timer: ReturnType<typeof setTimeout> | undefined;

  function plan(all: readonly number[]): void {
    clearTimeout(timer);
    nowMs.value = Date.now();
    const next = Math.min(...all.filter((ms) => ms > nowMs.value));
    if (!Number.isFinite(next)) return;
    timer = setTimeout(
      () => {
        plan(ends());
      },
      Math.min(next - nowMs.value, TIMER_MS_MAX),
    );
  }
  watch(ends, plan, { immediate: true });

  return { isOver: (untilMs) => untilMs > 0 && untilMs <= nowMs.value };
}
