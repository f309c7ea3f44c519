/**
 * The scroll position of a conversation. At the end it stays at the end, whatever grows;
 * scrolled up it never moves. The virtual list knows neither by itself:
 * - after an append, and whenever a row or the box changes its size, a pinned list is
 *   sent to its end again;
 * - only an upward movement of the person unpins: rows that grow also change the
 *   distance to the end, and they must not;
 * - `shift`, which keeps the end in place instead of the start, holds only for the tick
 *   of a prepend.
 */
import { nextTick, ref, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { Row } from './timelineRows';

/** Closer to the end than this counts as at the end. */
const AT_END_PX = 24;
/** Closer to an end of what is loaded than this asks for more. */
const LOAD_AHEAD_PX = 1_200;

export interface TimelineScroll {
  /** What the list shows: `shift` and `rows` change together. */
  shown: Ref<readonly Row[]>;
  shift: Ref<boolean>;
  pinned: Ref<boolean>;
  /** Messages of others that came while scrolled up. */
  missed: Ref<number>;
  onScroll: () => void;
  onResize: () => void;
  toEnd: () => void;
}

export function useTimelineScroll(
  rows: Ref<readonly Row[]>,
  list: Ref<unknown>,
  box: Ref<HTMLElement | undefined>,
  /** Whether the last row is the newest there is. */
  isLive: () => boolean,
  near: { start: () => void; end: () => void; rest: () => void },
): TimelineScroll {
  const shown = shallowRef<readonly Row[]>([]);
  const shift = ref(false);
  const pinned = ref(true);
  const missed = ref(0);
  let lastOffset = 0;

  function toEnd(): void {
    pinned.value = true;
    missed.value = 0;
    // The list's own `scrollToIndex` would leave out the padding below the last row. Rows
    // that are measured only now change the height, and with it this is called again.
    const element = box.value;
    if (element) element.scrollTop = element.scrollHeight;
    lastOffset = element?.scrollTop ?? 0;
  }

  function lookAround(): void {
    const element = box.value;
    if (!element || element.clientHeight === 0) return;
    if (element.scrollTop < LOAD_AHEAD_PX) near.start();
    if (element.scrollHeight - element.clientHeight - element.scrollTop < LOAD_AHEAD_PX) near.end();
  }

  function onScroll(): void {
    const element = box.value;
    if (!element) return;
    const offset = element.scrollTop;
    const left = element.scrollHeight - element.clientHeight - offset;
    if (left <= AT_END_PX && isLive()) {
      pinned.value = true;
      missed.value = 0;
      near.rest();
    } else if (offset < lastOffset - 1) {
      pinned.value = false;
    }
    lastOffset = offset;
    lookAround();
  }

  function onResize(): void {
    if (pinned.value) toEnd();
    lookAround();
  }

  watch(
    rows,
    async (next) => {
      const before = shown.value;
      const front = addedInFront(before, next);
      if (front === null) {
        // Another conversation, or another part of this one.
        shown.value = next;
        await nextTick();
        toEnd();
      } else {
        if (!pinned.value) missed.value += countNew(before, next);
        if (front > 0) {
          // The list can keep its end in place or its start, not both at once.
          shift.value = true;
          shown.value = next.slice(0, front + before.length);
          await nextTick();
          shift.value = false;
          if (next.length > shown.value.length && next === rows.value) shown.value = next;
        } else {
          shown.value = next;
        }
        await nextTick();
        if (pinned.value) toEnd();
      }
      lookAround();
    },
    { immediate: true },
  );

  watch([list, box], () => void nextTick(toEnd));

  return { shown, shift, pinned, missed, onScroll, onResize, toEnd };
}

/** How many rows stand before those that were there; null when those are gone. */
function addedInFront(before: readonly Row[], next: readonly Row[]): number | null {
  const first = before[0];
  if (!first) return null;
  const at = next.findIndex((row) => row.key === first.key);
  return at < 0 ? null : at;
}

/** Messages of others behind the last row that was there. */
function countNew(before: readonly Row[], next: readonly Row[]): number {
  const known = new Set(before.slice(-50).map((row) => row.key));
  let count = 0;
  for (let at = next.length - 1; at >= 0; at -= 1) {
    const row = next[at];
    if (!row) break;
    if (known.has(row.key)) {
      // Own messages on their way stand behind newer lines of others.
      if (row.type === 'message' && row.own && row.seq === null) continue;
      break;
    }
    if (row.type === 'message' && !row.own) count += 1;
  }
  return count;
}
