// @vitest-environment jsdom
import { nextTick, ref } from 'vue';
import { expect, it } from 'vitest';
import type { Row } from './timelineRows';
import { useTimelineScroll } from './useTimelineScroll';
import type { Scroller, TimelineScroll } from './useTimelineScroll';

const SEEN_PX = 600;

/** As a browser has it: no further down than there is something. */
class Box {
  private top = 0;
  readonly clientHeight = SEEN_PX;

  constructor(public scrollHeight: number) {}

  get scrollTop(): number {
    return this.top;
  }

  set scrollTop(wanted: number) {
    this.top = Math.max(0, Math.min(wanted, this.end));
  }

  get end(): number {
    return this.scrollHeight - this.clientHeight;
  }

  querySelector(): null {
    return null;
  }
}

async function atEnd(box: Box): Promise<TimelineScroll> {
  const rows = ref<readonly Row[]>([{ type: 'date', key: 'day', atMs: 0 }]);
  const list = ref<Scroller>({ getItemOffset: () => 0 });
  const nothing = (): void => undefined;
  const near = { start: nothing, end: nothing, rest: nothing };
  const scroll = useTimelineScroll(rows, list, ref(box as unknown as HTMLElement), () => true, near);
  await nextTick();
  await nextTick();
  expect(box.scrollTop).toBe(box.end);
  return scroll;
}

it('stays at its end when the list moves itself for rows that it has measured', async () => {
  const box = new Box(1_000);
  const scroll = await atEnd(box);
  // One row was smaller than it was taken for, those below it are larger.
  box.scrollTop -= 11;
  box.scrollHeight = 1_700;
  scroll.onScroll();
  expect(scroll.pinned.value).toBe(true);
  expect(box.scrollTop).toBe(box.end);
});

it('leaves its end when a person scrolls up, and moves no more then', async () => {
  const box = new Box(1_000);
  const scroll = await atEnd(box);
  box.scrollTop -= 100;
  scroll.onScroll();
  expect(scroll.pinned.value).toBe(false);
  box.scrollHeight = 1_700;
  scroll.onResize();
  scroll.onScroll();
  expect(box.scrollTop).toBe(300);
});
