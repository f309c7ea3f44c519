// @vitest-environment jsdom
import 'fake-indexeddb/auto';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openOutboxStore } from '../client/outbox_store';
import type { ToWorker } from '../client/port';
import { openDatabase } from '../storage/database';
import { useChat } from './chat';
import { useDrafts } from './drafts';
import { useOutbox } from './outbox';

/** A worker that only listens: as one that is still being loaded. */
class Deaf {
  static heard: ToWorker[] = [];
  postMessage(message: ToWorker): void {
    Deaf.heard.push(message);
  }
  readonly addEventListener = (): undefined => undefined;
  readonly terminate = (): undefined => undefined;
}

const DAY_MS = 24 * 60 * 60 * 1000;

describe('sending', () => {
  beforeEach(() => {
    setActivePinia(createPinia());
    vi.stubGlobal('Worker', Deaf);
    Deaf.heard = [];
    useChat().start('user', null, null);
  });
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });

  it('turns the draft into an item of the outbox before the worker has stored anything', async () => {
    const drafts = useDrafts();
    await vi.waitFor(async () => {
      drafts.set('room', 'hello');
      drafts.flushAll();
      expect(await (await openDatabase()).get('drafts', ['user', 'room'])).toMatchObject({ text: 'hello' });
    });
    useChat().send('room', 'hello');
    const store = openOutboxStore('user');
    await vi.waitFor(async () => {
      expect(await store.all()).toMatchObject([{ room: 'room', text: 'hello', state: 'waiting' }]);
    });
    expect(await (await openDatabase()).get('drafts', ['user', 'room'])).toBe(undefined);
    expect(Deaf.heard.at(-1)).toMatchObject({ do: 'send', item: { text: 'hello' } });
    expect(await openOutboxStore('somebody else').all()).toEqual([]);
  });

  it('keeps the order of writing when the clock is set back, over a reload too', () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_700_000_000_000 + DAY_MS });
    useChat().send('room', 'first');
    useChat().send('room', 'second');
    const before = useOutbox().items.map(({ clientId }) => clientId);
    // As after a reload: the page knows what waits by the worker's list only.
    const kept = [...useOutbox().items];
    setActivePinia(createPinia());
    useOutbox().apply(kept, []);
    vi.setSystemTime(1_700_000_000_000);
    useChat().send('room', 'third');
    const ids = useOutbox().items.map(({ clientId }) => clientId);
    expect(ids.slice(0, 2)).toEqual(before);
    expect([...ids].sort()).toEqual(ids);
  });
});
