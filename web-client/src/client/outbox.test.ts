import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { codeAction } from '../protocol/codes';
import { Code } from '../protocol/generated';
import { newId } from '../protocol/id';
import { ManualClock, settle } from '../testing/manual_clock';
import type { OutboxItem } from './model';
import { KEY_LIFE_MS, Outbox, SLOW_DOWN_MS, TRIES_MAX } from './outbox';
import type { OutboxLock } from './outbox';
import type { OutboxBus, OutboxNews, Sent } from './outbox_items';
import { memoryOutboxStore, openOutboxStore } from './outbox_store';
import type { OutboxStore } from './outbox_store';
import { RequestFailed } from './request_failed';

let made = 0;
function item(text: string, room = 'room'): OutboxItem {
  made += 1;
  const createdMs = 1_700_000_000_000 + made;
  return { clientId: newId(createdMs), room, text, createdMs, state: 'waiting' };
}

/** A storage of which some uses fail. */
function failing(store: OutboxStore, broken: { [use in keyof OutboxStore]?: true }): OutboxStore {
  const fail = (): Promise<never> => Promise.reject(new Error('the quota is used up'));
  return {
    all: () => (broken.all ? fail() : store.all()),
    put: (one) => (broken.put ? fail() : store.put(one)),
    remove: (clientId) => (broken.remove ? fail() : store.remove(clientId)),
  };
}

/** Several tabs of one browser: a bus and a lock between them. */
class Browser {
  /** News get lost: their tab is gone before it has told them. */
  mute = false;
  private readonly listeners: ((news: OutboxNews) => void)[] = [];
  private turn: Promise<void> = Promise.resolve();

  bus(): OutboxBus {
    let own: ((news: OutboxNews) => void) | null = null;
    return {
      post: (news) => {
        if (this.mute) return;
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

  /** The log shows these texts. */
  sees(...texts: string[]): void {
    const at = { seq: 1, epoch: 'E' };
    this.outbox.shown = (items) =>
      items.filter(({ text }) => texts.includes(text)).map((shown) => ({ item: shown, at }));
    this.outbox.settle();
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
    const before = new Tab(openOutboxStore('reload'));
    for (const text of ['1', '2', '3']) await before.outbox.add(item(text));
    const after = new Tab(openOutboxStore('reload'));
    await after.outbox.load();
    after.online();
    for (let at = 0; at < 3; at += 1) {
      await settle();
      after.posts[at]?.accept();
    }
    await settle();
    expect(after.sent).toEqual(['1', '2', '3']);
    expect(await openOutboxStore('reload').all()).toEqual([]);
    expect(await openOutboxStore('somebody else').all()).toEqual([]);
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
    tab.sees('one');
    await settle();
    expect(tab.states()).toEqual([]);
    expect(await store.all()).toEqual([]);
    await tab.outbox.load();
    expect(tab.states()).toEqual([]);
  });
});

describe('nothing stays in sending', () => {
  it('when the storage is full, unreadable or cannot forget', async () => {
    for (const broken of [{ put: true }, { all: true }, { remove: true }] as const) {
      const tab = new Tab(failing(memoryOutboxStore(), broken));
      await tab.outbox.load();
      tab.online();
      for (const text of ['1', '2', '3']) await tab.outbox.add(item(text));
      for (let at = 0; at < 3; at += 1) {
        await settle();
        tab.posts[at]?.accept();
      }
      await settle();
      expect(tab.sent).toEqual(['1', '2', '3']);
      expect(tab.states()).toEqual(['1 sent', '2 sent', '3 sent']);
      tab.sees('1', '2', '3');
      await tab.outbox.load();
      expect(tab.states()).toEqual([]);
    }
  });

  it('when the server goes: that is no failure of the message, however often it happens', async () => {
    const tab = new Tab(memoryOutboxStore());
    await tab.outbox.add(item('one'));
    tab.online();
    await settle();
    for (let turn = 0; turn <= 2 * TRIES_MAX; turn += 1) {
      tab.posts.at(-1)?.refuse(new RequestFailed(Code.goingAway, 'resume', 'going away'));
      await tab.clock.pass(2_000);
    }
    expect(tab.states()).toEqual(['one waiting']);
    tab.posts.at(-1)?.accept();
    await settle();
    expect(tab.states()).toEqual(['one sent']);
  });

  it('when the server’s disk is full: it goes by itself, or when a person asks after a while', async () => {
    const tab = new Tab(memoryOutboxStore());
    const one = item('one');
    await tab.outbox.add(one);
    tab.online();
    await settle();
    const full = new RequestFailed(Code.storageFull, codeAction(Code.storageFull), 'full');
    for (let turn = 1; turn < TRIES_MAX; turn += 1) {
      tab.posts.at(-1)?.refuse(full);
      await tab.clock.pass(15_000);
      expect(tab.states()).toEqual(['one waiting']);
    }
    tab.posts.at(-1)?.refuse(full);
    await settle();
    expect(tab.states()).toEqual(['one failed']);
    expect(tab.outbox.list[0]).toMatchObject({ code: Code.storageFull });
    await tab.outbox.retry(one.clientId);
    await settle();
    tab.posts.at(-1)?.accept();
    await settle();
    expect(tab.states()).toEqual(['one sent']);
    expect(new Set(tab.posts.map((post) => post.item.clientId)).size).toBe(1);
  });

  it('when it waited for longer than its key is known: the person decides', async () => {
    const tab = new Tab(memoryOutboxStore());
    const old = { ...item('old'), createdMs: tab.clock.now() - KEY_LIFE_MS - 1 };
    const young = { ...item('young'), createdMs: tab.clock.now() - KEY_LIFE_MS };
    await tab.outbox.add(old);
    await tab.outbox.add(young);
    tab.online();
    await settle();
    expect(tab.sent).toEqual(['young']);
    expect(tab.states()).toEqual(['old failed', 'young waiting']);
    expect(tab.outbox.list[0]).toMatchObject({ old: true });
    tab.posts[0]?.accept();
    await tab.outbox.retry(old.clientId);
    await settle();
    expect(tab.sent).toEqual(['young', 'old']);
    expect(tab.posts[1]?.item.clientId).toBe(old.clientId);
  });

  it('nor comes back as failed when the log has shown it', async () => {
    const store = memoryOutboxStore();
    const tab = new Tab(store);
    await tab.outbox.add(item('one'));
    tab.online();
    await settle();
    // An earlier try was taken; this one is refused, because its writer has left the room.
    tab.sees('one');
    tab.posts[0]?.refuse(new RequestFailed(Code.notAMember, 'stop', 'not a member'));
    await settle();
    expect(tab.states()).toEqual([]);
    expect(await store.all()).toEqual([]);
  });

  it('and is not shown twice when the storage is read after the log', async () => {
    const store = memoryOutboxStore();
    await store.put(item('one'));
    const tab = new Tab(store);
    tab.sees('one');
    await tab.outbox.load();
    await settle();
    expect(tab.states()).toEqual([]);
    expect(await store.all()).toEqual([]);
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

  it('take over what a tab wrote that was closed before it told anybody', async () => {
    const browser = new Browser();
    const store = memoryOutboxStore();
    const first = new Tab(store, new ManualClock(), browser);
    const second = new Tab(store, new ManualClock(), browser);
    first.online();
    await settle();
    second.online();
    browser.mute = true;
    for (const text of ['1', '2', '3']) await first.outbox.add(item(text));
    await settle();
    // The first was taken, and the tab is gone before the answer.
    expect(first.sent).toEqual(['1']);
    first.outbox.offline();
    for (let at = 0; at < 3; at += 1) {
      await settle();
      second.posts[at]?.accept();
    }
    await settle();
    expect(second.sent).toEqual(['1', '2', '3']);
    expect(second.posts[0]?.item.clientId).toBe(first.posts[0]?.item.clientId);
    expect(await store.all()).toEqual([]);
  });

  it('send for one another what no storage takes', async () => {
    const browser = new Browser();
    const none = (): OutboxStore => failing(memoryOutboxStore(), { put: true });
    const first = new Tab(none(), new ManualClock(), browser);
    const second = new Tab(none(), new ManualClock(), browser);
    first.online();
    await settle();
    second.online();
    await second.outbox.add(item('from the second'));
    await settle();
    expect(first.sent).toEqual(['from the second']);
    first.posts[0]?.refuse(new RequestFailed(61, 'stop', 'not a member'));
    await settle();
    expect(second.states()).toEqual(['from the second failed']);
    await second.outbox.retry(first.posts[0]?.item.clientId ?? '');
    await settle();
    expect(first.sent).toEqual(['from the second', 'from the second']);
    first.posts[1]?.accept();
    await settle();
    expect(second.states()).toEqual(['from the second sent']);
    first.sees('from the second');
    second.sees('from the second');
    for (const tab of [first, second]) {
      await tab.outbox.load();
      expect(tab.states()).toEqual([]);
    }
  });

  it('each show a message until their own log does', async () => {
    const browser = new Browser();
    const store = memoryOutboxStore();
    const first = new Tab(store, new ManualClock(), browser);
    const second = new Tab(store, new ManualClock(), browser);
    first.online();
    await settle();
    await first.outbox.add(item('one'));
    await settle();
    first.sees('one');
    await settle();
    expect(first.states()).toEqual([]);
    expect(second.states()).toEqual(['one sent']);
    second.sees('one');
    await settle();
    expect(second.states()).toEqual([]);
    await second.outbox.load();
    expect(second.states()).toEqual([]);
  });

  it('forget together what was deleted', async () => {
    const browser = new Browser();
    const store = memoryOutboxStore();
    const first = new Tab(store, new ManualClock(), browser);
    const second = new Tab(store, new ManualClock(), browser);
    await first.outbox.add({ ...item('one'), state: 'failed' });
    await settle();
    expect(second.states()).toEqual(['one failed']);
    await second.outbox.remove(second.outbox.list[0]?.clientId ?? '');
    await settle();
    expect(first.states()).toEqual([]);
    expect(await store.all()).toEqual([]);
  });
});
