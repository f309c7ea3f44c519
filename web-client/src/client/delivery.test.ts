/** What a person sees of their own messages while connections, servers and rooms come and go. */
import { describe, expect, it } from 'vitest';
import { Code } from '../protocol/generated';
import { settle } from '../testing/manual_clock';
import { Page, fill, numbered } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import type { ServerRoom } from '../testing/scripted_room';
import { ConnectionLost } from '../transport/transport';
import { memoryOutboxStore } from './outbox_store';
import type { OutboxStore } from './outbox_store';
import { RESTART_MS_MAX } from './reconnect';

/** A tab that was closed between the post and its answer, and another message behind it. */
async function leftBehind(
  room: ServerRoom,
  server: ScriptedServer,
  after: number,
): Promise<{ store: OutboxStore; clientId: string }> {
  const store = memoryOutboxStore();
  const writer = new Page(new ScriptedServer());
  const item = writer.write(room, 'unheard');
  await store.put(item);
  room.append(server.user, item.text, item.clientId);
  fill(room, 1, after);
  return { store, clientId: item.clientId };
}

describe('a message that was accepted unheard', () => {
  it('is one line, whether the log or the storage is read first', async () => {
    for (const slow of [false, true]) {
      const server = new ScriptedServer();
      const room = server.room('one');
      const { store } = await leftBehind(room, server, 3);
      let read: () => void = () => undefined;
      const gate = new Promise<void>((resolve) => {
        read = resolve;
      });
      const all = slow ? () => gate.then(() => store.all()) : () => store.all();
      const page = new Page(server, { ...store, all });
      await page.view(room);
      read();
      await settle();
      await page.clock.pass(2_000);
      expect(page.shown).toEqual(['unheard', 'm1', 'm2', 'm3']);
      expect(await store.all()).toEqual([]);
      expect(room.log.length).toBe(4);
    }
  });

  it('is one line when the answer to the retry names a place far above', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const { store, clientId } = await leftBehind(room, server, 80);
    const page = new Page(server, store);
    server.held = [];
    await page.view(room);
    await page.clock.pass(2_000);
    expect(page.shown).toEqual([...numbered(31, 80), 'unheard (waiting)']);
    for (const answer of server.held) answer();
    await page.clock.pass(100);
    expect(page.shown).toEqual(numbered(31, 80));
    while (page.ends.older) await page.load('older');
    expect(page.shown).toEqual(['unheard', ...numbered(1, 80)]);
    expect(page.lines[0]?.clientId).toBe(clientId);
    expect(await store.all()).toEqual([]);
    expect(room.log.length).toBe(81);
  });

  it('is one line when it had failed since, as soon as its page of history is read', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const { store, clientId } = await leftBehind(room, server, 80);
    const [item] = await store.all();
    if (!item) throw new Error('nothing is stored');
    await store.put({ ...item, state: 'failed', code: Code.notAMember });
    const page = new Page(server, store);
    await page.view(room);
    expect(page.shown).toEqual([...numbered(31, 80), 'unheard (failed)']);
    while (page.ends.older) await page.load('older');
    expect(page.shown).toEqual(['unheard', ...numbered(1, 80)]);
    expect(page.lines[0]?.clientId).toBe(clientId);
    expect(await store.all()).toEqual([]);
  });
});

describe('a log that was restored', () => {
  it('takes what waited in the outbox, once', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    fill(room, 1, 20);
    const page = new Page(server);
    await page.view(room);
    server.refuse = new ConnectionLost(null, 'down');
    server.drop(null);
    page.send(room, 'meanwhile 1');
    page.send(room, 'meanwhile 2');
    await page.clock.pass(1_000);
    room.log = [];
    room.epoch = testId();
    fill(room, 1, 5);
    server.refuse = null;
    await page.clock.pass(20_000);
    expect(page.shown).toEqual([...numbered(1, 5), 'meanwhile 1', 'meanwhile 2']);
    expect(page.outbox).toEqual([]);
  });

  it('keeps no shadow of what it lost', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    fill(room, 1, 20);
    const page = new Page(server);
    await page.view(room);
    // Answered, but its entry never comes.
    server.disorder = () => [];
    page.send(room, 'lost');
    await page.clock.pass(100);
    expect(page.shown.at(-1)).toBe('lost (sent)');
    server.disorder = (entries) => entries;
    server.drop(null);
    room.log = room.log.slice(0, 10);
    room.epoch = testId();
    await page.clock.pass(2_000);
    expect(page.shown).toEqual(numbered(1, 10));
    server.post(room, testId(), 'afterwards');
    await page.clock.pass(100);
    expect(page.shown).toEqual([...numbered(1, 10), 'afterwards']);
  });
});

describe('a room that was left with messages on their way', () => {
  it('fails them, keeps them for a return, and holds up no other room', async () => {
    const server = new ScriptedServer();
    const [left, other] = [server.room('left'), server.room('other')];
    const page = new Page(server);
    await page.view(left);
    server.refuse = new ConnectionLost(null, 'down');
    server.drop(null);
    page.send(left, 'too late 1');
    page.send(left, 'too late 2');
    page.send(other, 'elsewhere');
    await page.clock.pass(1_000);
    server.leave(left);
    server.refuse = null;
    await page.clock.pass(20_000);
    expect(other.log.map(({ text }) => text)).toEqual(['elsewhere']);
    expect(page.outbox.map(({ text, state, code }) => [text, state, code])).toEqual([
      ['too late 1', 'failed', Code.notAMember],
      ['too late 2', 'failed', Code.notAMember],
    ]);
    expect(page.rooms.has(left.info.id)).toBe(false);

    server.rejoin(left);
    await page.view(left);
    for (const { clientId } of page.outbox) page.client.command({ do: 'retry', clientId });
    await page.clock.pass(1_000);
    expect(page.shown).toEqual(['too late 1', 'too late 2']);
    expect(page.outbox).toEqual([]);
  });
});

it('leaves a connection that lives and does not answer a post, and sends again on the next', async () => {
  const server = new ScriptedServer();
  const room = server.room('one');
  const page = new Page(server);
  await page.view(room);
  server.deafToPosts = true;
  page.send(room, 'once');
  await page.clock.pass(29_000);
  expect(server.attempts).toBe(1);
  expect(page.shown).toEqual(['once (waiting)']);
  server.deafToPosts = false;
  await page.clock.pass(5_000);
  expect(server.attempts).toBe(2);
  expect(page.shown).toEqual(['once']);
  expect(room.log.length).toBe(1);
});

describe('a server that restarts', () => {
  it('is asked often, and is back before anybody is told', async () => {
    for (const downMs of [300, 1_500, 3_000]) {
      const server = new ScriptedServer();
      const room = server.room('one');
      const page = new Page(server);
      await page.view(room);
      page.send(room, 'before');
      await page.clock.pass(6_000);
      // One post is refused, one waits in the page, and one is written while nobody is there.
      server.leaving = true;
      page.send(room, 'refused');
      page.send(room, 'waiting');
      await page.clock.pass(100);
      server.links[0]?.send('GoAway', { reconnectAfterMs: 100 });
      await page.clock.pass(50);
      server.refuse = new ConnectionLost(null, 'down');
      page.send(room, 'written meanwhile');
      await page.clock.pass(downMs);
      expect(page.shown).toEqual([
        'before',
        'refused (waiting)',
        'waiting (waiting)',
        'written meanwhile (waiting)',
      ]);
      server.leaving = false;
      server.refuse = null;
      await page.clock.pass(700);
      expect(page.link?.phase).toBe('online');
      expect(page.phases).toEqual(['online', 'restarting', 'online']);
      await page.clock.pass(100);
      expect(page.shown).toEqual(['before', 'refused', 'waiting', 'written meanwhile']);
      expect(page.outbox).toEqual([]);
    }
  });

  it('still answers what it was asked before: nobody is told that it failed', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.view(room);
    server.held = [];
    page.send(room, 'under way');
    await page.clock.pass(100);
    server.links[0]?.send('GoAway', { reconnectAfterMs: 100 });
    await page.clock.pass(200);
    expect(server.links[0]?.connection.closedBy).toBe(null);
    for (const answer of server.held) answer();
    await page.clock.pass(50);
    expect(server.links[0]?.connection.closedBy).toEqual({ who: 'client', code: Code.normal });
    await page.clock.pass(1_000);
    expect(page.phases).toEqual(['online', 'restarting', 'online']);
    expect(room.log.length).toBe(1);
    // It was never sent a second time.
    expect(server.requests.filter(({ name }) => name === 'Post').length).toBe(1);
  });

  it('is not waited for when it does not answer either', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.view(room);
    server.deafToPosts = true;
    page.send(room, 'once');
    await page.clock.pass(100);
    server.links[0]?.send('GoAway', { reconnectAfterMs: 100 });
    await page.clock.pass(1_100);
    server.deafToPosts = false;
    await page.clock.pass(1_000);
    expect(page.phases).toEqual(['online', 'restarting', 'online']);
    expect(page.shown).toEqual(['once']);
  });

  it('and does not come back is offline after a while', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    server.links[0]?.send('GoAway', { reconnectAfterMs: 100 });
    server.refuse = new ConnectionLost(null, 'down');
    await page.clock.pass(RESTART_MS_MAX - 1_000);
    expect(page.link?.phase).toBe('restarting');
    const asked = server.attempts;
    expect(asked).toBeGreaterThan(8);
    await page.clock.pass(1_100);
    expect(page.link?.phase).toBe('offline');
    // Now the pauses grow like anywhere else, from the beginning.
    await page.clock.pass(4_000);
    expect(server.attempts - asked).toBeGreaterThan(4);
    await page.clock.pass(60_000);
    expect(server.attempts - asked).toBeLessThan(20);
  });

  it('by the code of its close is the same as by its word', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    server.drop(Code.goingAway);
    await page.clock.pass(1_000);
    expect(page.phases).toEqual(['online', 'restarting', 'online']);
  });

  it('without a word is offline at once', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    server.drop(null);
    await page.clock.pass(1_000);
    expect(page.phases).toEqual(['online', 'offline', 'online']);
  });
});
