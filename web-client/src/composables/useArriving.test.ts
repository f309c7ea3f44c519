import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { effectScope, nextTick, ref } from 'vue';
import type { EffectScope, Ref } from 'vue';
import { useArriving } from './useArriving';

const SIZE = 1_000;
let scope: EffectScope;
const seq = ref<number | null>(7);
/** What the server has, or what it answers instead. */
let there: number;
let status: number;
let asked: string[];
const page = { hidden: false };

beforeEach(() => {
  vi.useFakeTimers();
  scope = effectScope();
  vi.stubGlobal('document', page);
  [there, status, asked] = [0, 206, []];
  page.hidden = false;
  seq.value = 7;
  vi.stubGlobal('fetch', (_url: string, { headers }: { headers: { range: string } }) => {
    asked.push(headers.range);
    const answers = there === 0 ? 425 : status;
    const range = `bytes 0-${String(there - 1)}/${String(SIZE)}`;
    const fields = answers === 206 ? { 'content-range': range } : undefined;
    return Promise.resolve(new Response(null, { status: answers, ...(fields ? { headers: fields } : {}) }));
  });
});
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const arriving = (): Ref<number> => {
  const bytes = scope.run(() =>
    useArriving(() => (seq.value === null ? null : { room: 'r', seq: seq.value })),
  );
  if (!bytes) throw new Error('the scope is over');
  return bytes;
};
const minutes = (count: number): Promise<unknown> => vi.advanceTimersByTimeAsync(count * 60_000);

it('follows what comes, and asks no more once it is all there', async () => {
  const bytes = arriving();
  for (there = 100; there < SIZE; there += 100) {
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bytes.value).toBe(there);
  }
  await minutes(1);
  expect(bytes.value).toBe(SIZE);
  const { length } = asked;
  await minutes(60);
  expect(asked).toHaveLength(length);
  // What is known already is not asked for again.
  expect(asked.at(-1)).toBe(`bytes=${String(SIZE - 101)}-`);
});

it('does not ask of what its message has only just told of', async () => {
  arriving();
  await vi.advanceTimersByTimeAsync(500);
  there = SIZE;
  seq.value = null;
  await minutes(1);
  expect(asked).toEqual([]);
});

it('asks ever more seldom about one that stands still', async () => {
  there = 100;
  arriving();
  await minutes(10);
  const { length } = asked;
  await minutes(10);
  expect(asked.length - length).toBeLessThanOrEqual(20);
  expect(asked.length - length).toBeGreaterThan(0);
});

it('goes on asking about one of which nothing is there yet', async () => {
  const bytes = arriving();
  await minutes(5);
  there = 300;
  await minutes(1);
  expect(bytes.value).toBe(300);
});

it.each([401, 403, 404, 410])('asks no more where the server says that it is over (%i)', async (code) => {
  [there, status] = [100, code];
  arriving();
  await minutes(60);
  expect(asked).toHaveLength(1);
});

it('asks nothing while nobody sees the page, and goes on when somebody does', async () => {
  page.hidden = true;
  there = 200;
  const bytes = arriving();
  await minutes(10);
  expect(asked).toEqual([]);
  page.hidden = false;
  await vi.advanceTimersByTimeAsync(2_000);
  expect(bytes.value).toBe(200);
});

it('asks no more once its message says what became of it', async () => {
  there = 100;
  arriving();
  await minutes(1);
  seq.value = null;
  await nextTick();
  const { length } = asked;
  await minutes(60);
  expect(asked).toHaveLength(length);
});
