// @vitest-environment jsdom
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import { KEY_LIFE_MS } from '../client/outbox';
import { Code } from '../protocol/generated';
import { allDeferred } from '../storage/deferred';
import { RequestRefused } from './chat';
import { useLink } from './link';
import { UNDO_MS, useUndo } from './undo';

const NOW = 1_700_000_000_000;
type Undo = ReturnType<typeof useUndo>;
const ask = vi.fn<(name: string, what: { room: string; clientId: string }) => Promise<unknown>>();

/** A page of the user that has just come up. */
function page(): Undo {
  setActivePinia(createPinia());
  const undo = useUndo();
  undo.load('me', ask as never);
  return undo;
}
async function online(isIt = true): Promise<void> {
  useLink().link = { ...useLink().link, phase: isIt ? 'online' : 'offline' };
  await nextTick();
}
const pass = (ms: number): Promise<unknown> => vi.advanceTimersByTimeAsync(ms);
async function leave(undo: Undo, room = 'room'): Promise<void> {
  undo.add({ name: 'leave', ask: { room }, about: 'Design' });
  await nextTick();
}
const refused = (code: number | null): RequestRefused => new RequestRefused({ code, detail: '' });
const asked = (): string[] => ask.mock.calls.map(([name, { room }]) => `${name} ${room}`);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  localStorage.clear();
  ask.mockReset().mockResolvedValue(null);
});
afterEach(() => {
  vi.useRealTimers();
});

describe('what was done', () => {
  it('is asked when its moment is over, and shown as done from the press on', async () => {
    const undo = page();
    await online();
    await leave(undo);
    expect(undo.covers('leave', 'room')).toBe(true);
    expect(undo.covers('leave', 'other')).toBe(false);
    await pass(UNDO_MS - 1);
    expect(ask).not.toHaveBeenCalled();
    await pass(1);
    expect(asked()).toEqual(['leave room']);
    expect(undo.open).toBeNull();
    // The room's own news may be behind the answer.
    expect(undo.covers('leave', 'room')).toBe(true);
    await pass(UNDO_MS);
    expect(undo.covers('leave', 'room')).toBe(false);
    expect(allDeferred('me')).toEqual([]);
  });

  it('is taken back without a trace', async () => {
    const undo = page();
    await online();
    await leave(undo);
    expect(undo.undo()).toMatchObject({ name: 'leave', about: 'Design' });
    expect(undo.covers('leave', 'room')).toBe(false);
    await pass(10 * UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
    expect(allDeferred('me')).toEqual([]);
    expect(undo.undo()).toBeNull();
  });

  it('waits while somebody looks at it', async () => {
    const undo = page();
    await online();
    await leave(undo);
    await pass(UNDO_MS - 1);
    undo.isHeld = true;
    await pass(10 * UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
    undo.isHeld = false;
    await pass(UNDO_MS - 1);
    expect(ask).not.toHaveBeenCalled();
    await pass(1);
    expect(asked()).toEqual(['leave room']);
  });

  it('is asked at once when the next thing is done, and each by itself', async () => {
    const undo = page();
    await online();
    await leave(undo);
    await pass(UNDO_MS - 1);
    undo.add({ name: 'removeMessage', ask: { room: 'room', seq: 5 }, about: '' });
    expect(asked()).toEqual(['leave room']);
    expect(undo.covers('removeMessage', 'room', 5)).toBe(true);
    expect(undo.covers('removeMessage', 'room', 6)).toBe(false);
    await pass(UNDO_MS - 1);
    expect(asked()).toHaveLength(1);
    undo.undo();
    await pass(UNDO_MS);
    expect(asked()).toHaveLength(1);
  });

  it('that fails is shown as it was, and why', async () => {
    ask.mockRejectedValue(refused(Code.roleNeeded));
    const undo = page();
    await online();
    await leave(undo);
    await pass(UNDO_MS);
    expect(undo.failed?.act.about).toBe('Design');
    expect(undo.covers('leave', 'room')).toBe(false);
    expect(allDeferred('me')).toEqual([]);
    // What is so already has not failed.
    ask.mockRejectedValue(refused(Code.notAMember));
    await leave(undo);
    expect(undo.failed).toBeNull();
    await pass(UNDO_MS);
    expect(undo.failed).toBeNull();
    expect(undo.covers('leave', 'room')).toBe(false);
  });

  it('that is refused for the moment is asked again, as the same', async () => {
    ask.mockRejectedValueOnce(refused(Code.rateLimited));
    const undo = page();
    await online();
    await leave(undo);
    await pass(UNDO_MS);
    expect(undo.covers('leave', 'room')).toBe(true);
    await pass(UNDO_MS);
    expect(ask.mock.calls).toHaveLength(2);
    expect(ask.mock.calls[1]).toEqual(ask.mock.calls[0]);
    expect(undo.covers('leave', 'room')).toBe(false);
  });
});

describe('without a connection', () => {
  it('the moment lasts until there is one', async () => {
    const undo = page();
    await leave(undo);
    await pass(10 * UNDO_MS);
    expect(undo.open).not.toBeNull();
    expect(ask).not.toHaveBeenCalled();
    await online();
    await pass(UNDO_MS);
    expect(asked()).toEqual(['leave room']);
  });

  it('what was on its way is asked again, once for each connection', async () => {
    ask.mockRejectedValueOnce(refused(null));
    const undo = page();
    await online();
    await leave(undo);
    undo.settle();
    await online(false);
    await pass(10 * UNDO_MS);
    expect(ask.mock.calls).toHaveLength(1);
    expect(undo.covers('leave', 'room')).toBe(true);
    await online();
    await pass(UNDO_MS);
    expect(ask.mock.calls[1]).toEqual(ask.mock.calls[0]);
    expect(ask.mock.calls).toHaveLength(2);
    expect(allDeferred('me')).toEqual([]);
  });
});

describe('a page that goes within the moment', () => {
  it('asks as it goes, and what it could not ask is asked by the next, as the same', async () => {
    const before = page();
    await online();
    await leave(before, 'one');
    // No answer comes any more.
    ask.mockReturnValue(new Promise(() => undefined));
    before.settle();
    expect(asked()).toEqual(['leave one']);
    before.reset();
    ask.mockReset().mockResolvedValue(null);

    const after = page();
    expect(after.open).toBeNull();
    expect(after.covers('leave', 'one')).toBe(true);
    await pass(UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
    await online();
    await pass(0);
    expect(asked()).toEqual(['leave one']);
    expect(allDeferred('me')).toEqual([]);
  });

  it('leaves nothing to somebody else, nor what the server may have forgotten', async () => {
    const before = page();
    await leave(before, 'one');
    before.reset();
    setActivePinia(createPinia());
    useUndo().load('somebody else', ask as never);
    await online();
    await pass(UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
    vi.setSystemTime(NOW + KEY_LIFE_MS + UNDO_MS * 2);
    const late = page();
    await online();
    await pass(UNDO_MS);
    expect(ask).not.toHaveBeenCalled();
    expect(late.covers('leave', 'one')).toBe(false);
    expect(allDeferred('me')).toEqual([]);
  });

  it('is waited for by another tab, which takes over what it has not asked', async () => {
    const queues = new Map<string, Promise<void>>();
    const request = (name: string, work: () => Promise<void>): Promise<void> => {
      const turn = (queues.get(name) ?? Promise.resolve()).then(work);
      queues.set(name, turn);
      return turn;
    };
    vi.stubGlobal('navigator', { locks: { request } });
    const first = page();
    await leave(first, 'one');
    const second = page();
    await online();
    await pass(UNDO_MS);
    expect(second.covers('leave', 'one')).toBe(false);
    expect(ask).not.toHaveBeenCalled();
    // The other tab is closed: the browser gives its locks away.
    first.reset();
    await pass(0);
    expect(asked()).toEqual(['leave one']);
    await pass(UNDO_MS);
    expect(allDeferred('me')).toEqual([]);

    // And what was taken back there is not done here.
    const third = page();
    await leave(third, 'two');
    const fourth = page();
    await online();
    third.undo();
    await pass(UNDO_MS);
    expect(asked()).toEqual(['leave one']);
    expect(fourth.covers('leave', 'two')).toBe(false);
    vi.unstubAllGlobals();
  });

  it('finishes before a logout', async () => {
    const undo = page();
    await online();
    await leave(undo);
    await undo.finish();
    expect(asked()).toEqual(['leave room']);
    expect(allDeferred('me')).toEqual([]);
  });
});
