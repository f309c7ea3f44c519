import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { effectScope } from 'vue';
import type { EffectScope } from 'vue';
import type { Link } from '../client/model';
import { useChat } from '../stores/chat';
import { useLink } from '../stores/link';
import { useMediaSource } from './useMediaSource';

const HTTP = '/api/v1/rooms/room/files/7';
const [NETWORK, DECODE, NOT_SUPPORTED] = [2, 3, 4];
const none = { transport: null, fallback: null, rttMs: null, error: null };

let scope: EffectScope;
/** What the server answers: a status, or nothing. */
let answer: number | null;
let looked: number;

beforeEach(() => {
  vi.useFakeTimers();
  setActivePinia(createPinia());
  scope = effectScope();
  answer = 200;
  looked = 0;
  vi.stubGlobal('fetch', () => {
    looked += 1;
    return answer === null
      ? Promise.reject(new TypeError('no network'))
      : Promise.resolve(new Response(null, { status: answer }));
  });
  // What is fetched whole never comes: it is only seen that it is asked for.
  vi.spyOn(useChat(), 'ask').mockReturnValue(new Promise<never>(() => undefined));
});
afterEach(() => {
  scope.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const source = (): ReturnType<typeof useMediaSource> => {
  const made = scope.run(() => useMediaSource(() => ({ room: 'room', seq: 7 })));
  if (!made) throw new Error('the scope is over');
  return made;
};
const fetchedWhole = (): boolean => vi.mocked(useChat().ask).mock.calls.length > 0;
const link = (phase: Link['phase']): void => {
  useLink().link = { ...none, phase };
};
const broken = (atSeconds: number, code = NETWORK): { begun: boolean; atSeconds: number; code: number } => ({
  ...{ begun: true, atSeconds, code },
});

it('goes on with ranges when the network was gone for a moment', async () => {
  const player = source();
  answer = null;
  link('offline');
  void player.broke(broken(60));
  await vi.advanceTimersByTimeAsync(20_000);
  expect([player.src.value, player.waiting.value]).toEqual([null, true]);
  answer = 200;
  await vi.advanceTimersByTimeAsync(15_000);
  expect([player.src.value, player.waiting.value]).toEqual([HTTP, false]);
  expect(fetchedWhole()).toBe(false);
});

it('looks at once when the connection is back', async () => {
  const player = source();
  answer = null;
  link('offline');
  void player.broke(broken(60));
  await vi.advanceTimersByTimeAsync(60_000);
  answer = 200;
  link('online');
  await vi.advanceTimersByTimeAsync(0);
  expect(player.src.value).toBe(HTTP);
});

it.each([NETWORK, NOT_SUPPORTED])(
  'goes on when the network is back before it is looked for (%i)',
  async (code) => {
    const player = source();
    await player.broke(broken(60, code));
    expect([player.src.value, player.unplayable.value]).toEqual([HTTP, false]);
  },
);

it('waits for a server that restarts behind a proxy, if something had come', async () => {
  const player = source();
  answer = 502;
  void player.broke(broken(60));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(player.waiting.value).toBe(true);
  answer = 200;
  await vi.advanceTimersByTimeAsync(15_000);
  expect(player.src.value).toBe(HTTP);
  expect(fetchedWhole()).toBe(false);
});

it.each([
  ['it leads to nothing', 404, broken(60)],
  ['something else answers, and nothing has come yet', 502, { ...broken(0, NOT_SUPPORTED), begun: false }],
])('fetches it whole where %s', async (_why, status, how) => {
  const player = source();
  answer = status;
  await player.broke(how);
  expect(fetchedWhole()).toBe(true);
});

it('fetches it whole where nothing answers though the connection stands', async () => {
  const player = source();
  answer = null;
  link('online');
  void player.broke({ ...broken(0, NOT_SUPPORTED), begun: false });
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fetchedWhole()).toBe(true);
  expect(looked).toBeLessThan(10);
});

it('fetches it whole where it breaks at one place again and again', async () => {
  const player = source();
  for (let time = 0; time < 3; time += 1) {
    await player.broke(broken(60));
    expect(player.src.value).toBe(HTTP);
  }
  // Further on it is another break.
  await player.broke(broken(90));
  expect(player.src.value).toBe(HTTP);
  for (let time = 0; time < 3; time += 1) await player.broke(broken(90));
  expect(fetchedWhole()).toBe(true);
});

it.each([
  ['a kind of file that the browser does not know', { begun: false, atSeconds: 0, code: NOT_SUPPORTED }],
  ['a file that is damaged in the middle', broken(60, DECODE)],
])('says that it cannot be played: %s', async (_what, how) => {
  const player = source();
  await player.broke(how);
  expect([player.src.value, player.unplayable.value]).toEqual([null, true]);
  expect(fetchedWhole()).toBe(false);
});

it('asks no more once nobody looks', async () => {
  const player = source();
  answer = null;
  void player.broke(broken(60));
  await vi.advanceTimersByTimeAsync(5_000);
  const before = looked;
  scope.stop();
  await vi.advanceTimersByTimeAsync(120_000);
  expect(looked).toBe(before);
});
