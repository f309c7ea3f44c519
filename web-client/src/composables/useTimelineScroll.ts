/**
 * The scroll position of a conversation. At the end it stays at the end, whatever grows;
 * scrolled up it never moves. The virtual list knows neither by itself:
 * - after an append, and whenever a row or the box changes its size, a pinned list is
 *   sent to its end again;
 * - only an upward movement of the person unpins: rows that grow also change the
 *   distance to the end, and they must not. Nor must the list itself, which moves up
 *   when a row that it has measured is smaller than it took it for: then the height is
 *   another one, too;
 * - `shift`, which keeps the end in place instead of the start, holds only for the tick
 *   of a prepend.
 * A conversation with something new begins at the divider instead.
 */
import { nextTick, ref, shallowRef, watch } from 'vue';
import type { Ref } from 'vue';
import type { Row } from './timelineRows';

/** Closer to the end than this counts as at the end. */
const AT_END_PX = 24;
/** What stands above the divider stays in sight this far. */
const ABOVE_NEW_PX = 56;
/** Frames in which a conversation must have found its place. */
const PLACING_FRAMES_MAX = 20;
/** Closer to an end of what is loaded than this asks for more. */
const LOAD_AHEAD_PX = 1_200;

export interface TimelineScroll {
  /** What the list shows: `shift` and `rows` change together. */
  shown: Ref<readonly Row[]>;
  shift: Ref<boolean>;
  pinned: Ref<boolean>;
  /** Whether it stands where it begins. */
  placed: Ref<boolean>;
  onScroll: () => void;
  onResize: () => void;
  toEnd: () => void;
}

/** The part of the virtual list that finds rows it has not measured yet. */
export interface Scroller {
  getItemOffset: (index: number) => number;
}

export function useTimelineScroll(
  rows: Ref<readonly Row[]>,
  list: Ref<Scroller | undefined>,
  box: Ref<HTMLElement | undefined>,
  /** Whether the last row is the newest there is. */
  isLive: () => boolean,
  near: { start: () => void; end: () => void; rest: () => void },
): TimelineScroll {
  const shown = shallowRef<readonly Row[]>([]);
  const shift = ref(false);
  const pinned = ref(true);
  const placed = ref(false);
  let lastOffset = 0;
  let lastHeight = 0;
  let isPlacing = false;

  /** Where the conversation begins: at what is new, else at its end. */
  function place(): void {
    const at = shown.value.findIndex(({ type }) => type === 'unread');
    if (shown.value.length === 0 || !list.value || !box.value || isPlacing) return;
    if (at >= 0) {
      void toDivider();
      return;
    }
    placed.value = true;
    toEnd();
  }

  /** Rows above it are measured as they come into sight: until nothing moves any more. */
  async function toDivider(): Promise<void> {
    pinned.value = false;
    isPlacing = true;
    for (let frame = 0, still = 0; frame < PLACING_FRAMES_MAX && still < 2; frame += 1) {
      const element = box.value;
      if (!element) break;
      const top = offsetOfDivider(element);
      if (top === undefined) break;
      const before = element.scrollTop;
      element.scrollTop = top - ABOVE_NEW_PX;
      still = Math.abs(element.scrollTop - before) < 1 ? still + 1 : 0;
      await new Promise(requestAnimationFrame);
    }
    isPlacing = false;
    placed.value = true;
    onScroll();
  }

  function offsetOfDivider(element: HTMLElement): number | undefined {
    const divider = element.querySelector('[role=separator]');
    if (divider) {
      return divider.getBoundingClientRect().top - element.getBoundingClientRect().top + element.scrollTop;
    }
    const at = shown.value.findIndex(({ type }) => type === 'unread');
    return at < 0 ? undefined : list.value?.getItemOffset(at);
  }

  function toEnd(): void {
    pinned.value = true;
    // The list's own `scrollToIndex` would leave out the padding below the last row. Rows
    // that are measured only now change the height, and with it this is called again.
    const element = box.value;
    if (element) element.scrollTop = element.scrollHeight;
    lastOffset = element?.scrollTop ?? 0;
    lastHeight = element?.scrollHeight ?? 0;
  }

  function lookAround(): void {
    const element = box.value;
    if (!element || element.clientHeight === 0 || isPlacing) return;
    if (element.scrollTop < LOAD_AHEAD_PX) near.start();
    if (element.scrollHeight - element.clientHeight - element.scrollTop < LOAD_AHEAD_PX) near.end();
  }

  function onScroll(): void {
    const element = box.value;
    if (!element || isPlacing) return;
    const offset = element.scrollTop;
    const left = element.scrollHeight - element.clientHeight - offset;
    if (left <= AT_END_PX && isLive()) {
      pinned.value = true;
      near.rest();
    } else if (pinned.value && element.scrollHeight !== lastHeight) {
      toEnd();
      lookAround();
      return;
    } else if (offset < lastOffset - 1) {
      pinned.value = false;
    }
    lastOffset = offset;
    lastHeight = element.scrollHeight;
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
        if (placed.value) toEnd();
        else place();
      } else {
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

  watch(
    [list, box],
    () =>
      void nextTick(() => {
        if (placed.value) toEnd();
        else place();
      }),
  );

  return { shown, shift, pinned, placed, onScroll, onResize, toEnd };
}

/** How many rows stand before those that were there; null when those are gone. */
function addedInFront(before: readonly Row[], next: readonly Row[]): number | null {
  const first = before[0];
  if (!first) return null;
  const at = next.findIndex((row) => row.key === first.key);
  return at < 0 ? null : at;
}
