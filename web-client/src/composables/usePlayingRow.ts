/**
 * The row of a list in which something plays: it stays in the page while it is out of
 * sight, or what is heard would end as soon as somebody reads on.
 */
import { useEventListener } from '@vueuse/core';
import { computed, ref } from 'vue';
import type { ComputedRef, Ref } from 'vue';

/** Rows have their place in the room's log as `data-seq`; the answer is what the list calls `keepMounted`. */
export function usePlayingRow(
  box: Ref<HTMLElement | undefined>,
  rows: () => readonly { seq?: number | null }[],
): ComputedRef<number[]> {
  const seq = ref<number | null>(null);
  const seqOf = (event: Event): number =>
    Number((event.target as HTMLElement).closest<HTMLElement>('[data-seq]')?.dataset.seq);

  // Caught on their way down: media tell nobody above them.
  useEventListener(box, 'play', (event) => (seq.value = seqOf(event)), { capture: true });
  useEventListener(
    box,
    ['pause', 'ended', 'error'],
    (event) => {
      if (seqOf(event) === seq.value) seq.value = null;
    },
    { capture: true },
  );
  return computed(() => {
    const at = seq.value === null ? -1 : rows().findIndex((row) => row.seq === seq.value);
    return at < 0 ? [] : [at];
  });
}
