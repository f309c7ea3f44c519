import { describe, expect, it } from 'vitest';
import { codeAction } from '../protocol/codes';
import { Code } from '../protocol/generated';
import { ManualClock, settle } from '../testing/manual_clock';
import { Browser, Tab, failing, item } from '../testing/outbox_tab';
import { KEY_LIFE_MS, TRIES_MAX } from './outbox';
import { memoryOutboxStore } from './outbox_store';
import type { OutboxStore } from './outbox_store';
import { RequestFailed } from './request_failed';

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

  it('when the room is slow: it goes once its time has come, however long that is', async () => {
    const tab = new Tab(memoryOutboxStore());
    await tab.outbox.add(item('one'));
    tab.online();
    await settle();
    const slow = new RequestFailed(Code.slowMode, codeAction(Code.slowMode), 'slow');
    for (let turn = 0; turn <= 2 * TRIES_MAX; turn += 1) {
      tab.posts.at(-1)?.refuse(slow);
      await tab.clock.pass(15_000);
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
