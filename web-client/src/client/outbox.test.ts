import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { Code } from '../protocol/generated';
import { newId } from '../protocol/id';
import { ManualClock, settle } from '../testing/manual_clock';
import type { OutboxItem } from './model';
import { Outbox, SLOW_DOWN_MS, TRIES_MAX } from './outbox';
import type { OutboxBus, OutboxLock, OutboxNews, Sent } from './outbox';
import { memoryOutboxStore, openOutboxStore } from './outbox_store';
import type { OutboxStore } from './outbox_store';
import { RequestFailed } from './request_failed';

let made = 0;
function item(text: string, room = 'room'): OutboxItem {
  made += 1;
  const createdMs = 1_700_000_000_000 + made;
  return { clientId: newId(createdMs), room, text, createdMs, state: 'waiting' };
}

/** Several tabs of one browser: a bus and a lock between them. */
class Browser {
  private readonly listeners: ((news: OutboxNews) => void)[] = [];
  private turn: Promise<void> = Promise.resolve();

  bus(): OutboxBus {
    let own: ((news: OutboxNews) => void) | null = null;
    return {
      post: (news) => {
        for (const listener of this.listeners) if (listener !== own) listener(news);
      },
      onNews: (take) => {
        own = take;
        this.listeners.push(take);
      },
    };
  }

  readonly lock: OutboxLock = (signal, hold) => {
    const mine = this.turn.then(() => (signal.aborted ? Promise.resolve() : hold()));
    this.turn = mine.catch(() => undefined);
    return mine;
  };
}

class Tab {
  readonly outbox: Outbox;
  /** Posts in the order in which they left, each answered by hand. */
  readonly posts: { item: OutboxItem; accept: () => void; refuse: (error: Error) => void }[] = [];

  constructor(
    store: OutboxStore,
    readonly clock = new ManualClock(),
    browser = new Browser(),
  ) {
    this.outbox = new Outbox(store, browser.bus(), browser.lock, clock, () => undefined);
  }

  online(): void {
    this.outbox.online(
      (posted) =>
        new Promise<Sent>((resolve, reject) => {
          this.posts.push({
            item: posted,
            accept: () => {
              resolve({ seq: this.posts.length, epoch: 'E' });
            },
            refuse: reject,
          });
        }),
    );
  }

  get sent(): string[] {
    return this.posts.map((post) => post.item.text);
  }

  states(): string[] {
    return this.outbox.list.map(({ text, state }) => `${text} ${state}`);
  }
}

describe('the outbox', () => {
  it('sends in order, one unacked post a room', async () => {
    const tab = new Tab(memoryOutboxStore());
    for (const [text, room] of [
      ['a1', 'a'],
      ['a2', 'a'],
      ['b1', 'b'],
    ] as const)
      await tab.outbox.add(item(text, room));
    tab.online();
    await settle();
    expect(tab.sent).toEqual(['a1', 'b1']);
    tab.posts[0]?.accept();
    await settle();
    expect(tab.sent).toEqual(['a1', 'b1', 'a2']);
  });

  it('survives a reload and sends in the order of writing', async () => {
    const before = new Tab(await openOutboxStore('reload'));
    for (const text of ['1', '2', '3']) await before.outbox.add(item(text));
    const after = new Tab(await openOutboxStore('reload'));
    await after.outbox.load();
    after.online();
    for (let at = 0; at < 3; at += 1) {
      await settle();
      after.posts[at]?.accept();
    }
    await settle();
    expect(after.sent).toEqual(['1', '2', '3']);
    expect(await (await openOutboxStore('reload')).all()).toEqual([]);
    expect(await (await openOutboxStore('somebody else')).all()).toEqual([]);
  });

  it('sends what was in flight again under the same client id when the connection breaks', async () => {
    const tab = new Tab(memoryOutboxStore());
    const one = item('one');
    await tab.outbox.add(one);
    tab.online();
    await settle();
    tab.outbox.offline();
    tab.posts[0]?.refuse(new Error('connection lost'));
    await settle();
    tab.online();
    await settle();
    expect(tab.posts.map((post) => post.item.clientId)).toEqual([one.clientId, one.clientId]);
  });

  it('lets an answer that came too late settle the message all the same', async () => {
    const store = memoryOutboxStore();
    const tab = new Tab(store);
    await tab.outbox.add(item('one'));
    tab.online();
    await settle();
    tab.outbox.offline();
    tab.posts[0]?.accept();
    await settle();
    expect(tab.states()).toEqual(['one sent']);
    expect(await store.all()).toEqual([]);
  });

  it('rests in every room when it was too fast, and never gives an item up for that', async () => {
    const tab = new Tab(memoryOutboxStore());
    await tab.outbox.add(item('a1', 'a'));
    await tab.outbox.add(item('b1', 'b'));
    tab.online();
    await settle();
    const slow = new RequestFailed(Code.rateLimited, 'retry', 'slower');
    for (let turn = 1; turn <= TRIES_MAX + 2; turn += 1) {
      for (const post of tab.posts.slice(-2)) post.refuse(slow);
      await settle();
      expect(tab.posts.length).toBe(2 * turn);
      await tab.clock.pass(SLOW_DOWN_MS - 1);
      expect(tab.posts.length).toBe(2 * turn);
      await tab.clock.pass(15_000);
    }
    expect(tab.states()).toEqual(['a1 waiting', 'b1 waiting']);
    for (const post of tab.posts.slice(-2)) post.accept();
    await settle();
    expect(tab.states()).toEqual(['a1 sent', 'b1 sent']);
  });

  it('tries again after a pause when the server says so, then shows the failure', async () => {
    const tab = new Tab(memoryOutboxStore());
    await tab.outbox.add(item('one'));
    tab.online();
    for (let turn = 1; turn <= TRIES_MAX; turn += 1) {
      await tab.clock.pass(20_000);
      expect(tab.posts.length).toBe(turn);
      tab.posts.at(-1)?.refuse(new RequestFailed(6, 'retry', 'busy'));
    }
    await tab.clock.pass(60_000);
    expect(tab.posts.length).toBe(TRIES_MAX);
    expect(tab.states()).toEqual(['one failed']);
  });

  it('fails at once when the request itself is wrong; the next one goes on', async () => {
    const tab = new Tab(memoryOutboxStore());
    await tab.outbox.add(item('one'));
    await tab.outbox.add(item('two'));
    tab.online();
    await settle();
    tab.posts[0]?.refuse(new RequestFailed(61, 'stop', 'not a member'));
    await settle();
    expect(tab.sent).toEqual(['one', 'two']);
    expect(tab.outbox.list[0]).toMatchObject({ state: 'failed', code: 61 });
  });

  it('makes one message of ten retries: the client id stays', async () => {
    const tab = new Tab(memoryOutboxStore());
    const one = item('one');
    await tab.outbox.add(one);
    tab.online();
    for (let turn = 0; turn < 10; turn += 1) {
      await settle();
      tab.posts.at(-1)?.refuse(new RequestFailed(61, 'stop', 'not a member'));
      await settle();
      await tab.outbox.retry(one.clientId);
    }
    await settle();
    expect(new Set(tab.posts.map((post) => post.item.clientId))).toEqual(new Set([one.clientId]));
    expect(tab.posts.length).toBe(11);
  });

  it('forgets a failed message that is deleted, and only a failed one', async () => {
    const store = memoryOutboxStore();
    const tab = new Tab(store);
    const one = item('one');
    await tab.outbox.add(one);
    await tab.outbox.remove(one.clientId);
    expect(tab.states()).toEqual(['one waiting']);
    tab.online();
    await settle();
    tab.posts[0]?.refuse(new RequestFailed(61, 'stop', ''));
    await settle();
    await tab.outbox.remove(one.clientId);
    expect(tab.states()).toEqual([]);
    expect(await store.all()).toEqual([]);
  });

  it('takes the line in the log for an answer', async () => {
    const store = memoryOutboxStore();
    const tab = new Tab(store);
    const one = item('one');
    await tab.outbox.add(one);
    tab.online();
    await settle();
    tab.outbox.seen(({ clientId }) => clientId === one.clientId);
    await settle();
    expect(tab.states()).toEqual([]);
    expect(await store.all()).toEqual([]);
    await tab.outbox.load();
    expect(tab.states()).toEqual([]);
  });
});

describe('several tabs', () => {
  it('drain once: only the one that holds the lock sends', async () => {
    const browser = new Browser();
    const store = memoryOutboxStore();
    const first = new Tab(store, new ManualClock(), browser);
    const second = new Tab(store, new ManualClock(), browser);
    first.online();
    second.online();
    await settle();
    await second.outbox.add(item('from the second'));
    await settle();
    expect(first.sent).toEqual(['from the second']);
    expect(second.sent).toEqual([]);
    first.posts[0]?.accept();
    await settle();
    expect(second.states()).toEqual(['from the second sent']);
  });

  it('hand over when the one that sends loses its connection', async () => {
    const browser = new Browser();
    const store = memoryOutboxStore();
    const first = new Tab(store, new ManualClock(), browser);
    const second = new Tab(store, new ManualClock(), browser);
    first.online();
    await settle();
    second.online();
    await first.outbox.add(item('one'));
    await settle();
    first.outbox.offline();
    first.posts[0]?.refuse(new Error('connection lost'));
    await settle();
    expect(second.sent).toEqual(['one']);
  });
});
