import 'fake-indexeddb/auto';
import { describe, expect, it } from 'vitest';
import { Code } from '../protocol/generated';
import { settle } from '../testing/manual_clock';
import { Tab, item } from '../testing/outbox_tab';
import { SLOW_DOWN_MS, TRIES_MAX } from './outbox';
import { memoryOutboxStore, openOutboxStore } from './outbox_store';
import { RequestFailed } from './request_failed';

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
