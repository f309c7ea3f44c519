/** History in both directions, and a list that moves only when it should. */
import type { Locator } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `message ${String(from + at)}`);

const distanceToEnd = (log: Locator): Promise<number> =>
  log.evaluate((box) => box.scrollHeight - box.clientHeight - box.scrollTop);

/** A person who looks at a room with some history, written by somebody else. */
async function withHistory(
  person: (name: string) => Promise<Person>,
  count: number,
): Promise<{ reader: Person; writer: Person; room: string; log: Locator }> {
  const [writer, reader] = [await person('writer'), await person('reader')];
  await writer.register();
  await reader.register();
  const room = await writer.makeRoom('技术交流');
  await writer.post(room, numbered(1, count));
  // Who joins has read all that was there: the room opens at its end.
  await reader.enterRoom(room);
  await reader.open(`/rooms/${room}`);
  await expect(reader.message(`message ${String(count)}`)).toBeInViewport();
  return { reader, writer, room, log: reader.page.getByRole('log') };
}

test('a room opens at its end and scrolls back to its beginning without a jump', async ({ person }) => {
  const { reader, log } = await withHistory(person, 300);
  expect(await distanceToEnd(log)).toBeLessThanOrEqual(1);

  // In steps of a wheel; at each step the rows on the screen must stand still until the
  // next, however many pages come above them.
  const drift = await log.evaluate(async (box) => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const places = () =>
      new Map(
        [...box.querySelectorAll<HTMLElement>('article')]
          .map((row) => [row.dataset.seq, row.getBoundingClientRect()] as const)
          .filter(([, place]) => place.bottom > 60 && place.top < innerHeight)
          .map(([seq, place]) => [seq, place.top] as const),
      );
    let worst = 0;
    let pages = 0;
    for (let step = 0; step < 400 && box.scrollTop > 0; step += 1) {
      const before = places();
      const height = box.scrollHeight;
      const moved = Math.min(240, box.scrollTop);
      box.scrollTop -= moved;
      for (let at = 0; at < 10; at += 1) {
        await frame();
        // Nothing in common with what was there: a jump of at least a screen.
        let drift = Infinity;
        for (const [seq, top] of places()) {
          const was = before.get(seq);
          if (was === undefined) continue;
          if (drift === Infinity) drift = 0;
          drift = Math.max(drift, Math.abs(top - was - moved));
        }
        worst = Math.max(worst, drift);
      }
      if (box.scrollHeight > height + 1_000) pages += 1;
    }
    return { worst, pages };
  });
  expect(drift.pages).toBeGreaterThanOrEqual(2);
  expect(drift.worst).toBeLessThanOrEqual(1);

  const texts = (await reader.allMessages()).map(({ text }) => text);
  expect(texts).toEqual(numbered(1, 300));
});

test('scrolled up nothing moves, the button counts and leads back', async ({ person }) => {
  const { reader, writer, room, log } = await withHistory(person, 120);
  await log.evaluate((box) => {
    box.scrollTop -= 1_500;
  });
  await expect(reader.page.getByRole('button', { name: '回到最新' })).toBeVisible();
  await reader.page.waitForTimeout(500);
  const place = (): Promise<number> =>
    log.evaluate((box) => {
      const row = [...box.querySelectorAll('article')].find((one) => one.getBoundingClientRect().top > 100);
      (box as HTMLElement).dataset.mark ??= (row as HTMLElement).dataset.seq ?? '';
      const marked = box.querySelector(`[data-seq="${(box as HTMLElement).dataset.mark ?? ''}"]`);
      return marked?.getBoundingClientRect().top ?? Number.NaN;
    });
  const before = await place();
  await writer.post(room, ['new 1', 'new 2', 'new 3']);
  const button = reader.page.getByRole('button', { name: '3 条新消息' });
  await expect(button).toBeVisible();
  expect(Math.abs((await place()) - before)).toBeLessThanOrEqual(1);
  await button.click();
  await expect(reader.message('new 3')).toBeInViewport();
  expect(await distanceToEnd(log)).toBeLessThanOrEqual(1);
  await expect(button).toBeHidden();
});

test('at the end it follows, and one’s own message always leads there', async ({ person }) => {
  const { reader, writer, room, log } = await withHistory(person, 60);
  await writer.post(room, ['followed\n'.repeat(12)]);
  await expect(reader.message('followed')).toBeInViewport();
  await expect.poll(() => distanceToEnd(log)).toBeLessThanOrEqual(1);

  await log.evaluate((box) => {
    box.scrollTop -= 2_000;
  });
  await expect(reader.page.getByRole('button', { name: '回到最新' })).toBeVisible();
  await reader.say('my own');
  await expect(reader.message('my own')).toBeInViewport();
  await expect.poll(() => distanceToEnd(log)).toBeLessThanOrEqual(1);
  await expect(reader.message('my own')).toHaveAttribute('data-state', 'sent');
});

test('the acknowledgement of a message moves nothing', async ({ person }) => {
  const { reader, log } = await withHistory(person, 30);
  const heights = await log.evaluate(async (box) => {
    const input = document.querySelector('textarea');
    if (!input) throw new Error('no composer');
    input.value = 'quick';
    input.dispatchEvent(new Event('input', { bubbles: true }));
    input.dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true, cancelable: true }));
    const seen: { state: string; top: number; frame: number }[] = [];
    const startMs = performance.now();
    for (let frame = 1; performance.now() - startMs < 1_500; frame += 1) {
      await new Promise((resolve) => requestAnimationFrame(resolve));
      const row = [...box.querySelectorAll<HTMLElement>('article')].find((one) =>
        one.textContent.includes('quick'),
      );
      if (row) seen.push({ state: row.dataset.state ?? '', top: row.getBoundingClientRect().top, frame });
    }
    return seen;
  });
  // The bubble is there within 50 ms, which are three frames; a busy machine makes them longer.
  expect(heights[0]?.frame).toBeLessThanOrEqual(3);
  expect(new Set(heights.slice(3).map(({ top }) => Math.round(top))).size).toBe(1);
  expect(heights.at(-1)?.state).toBe('sent');
  await expect(reader.message('quick')).toHaveCount(1);
});
