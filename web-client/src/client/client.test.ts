import { describe, expect, it } from 'vitest';
import {
  Code,
  PROBE_AFTER_MS,
  PROBE_INTERVAL_MS,
  PROBE_PATIENCE_MS,
  RoomAccess,
  RoomHistory,
} from '../protocol/generated';
import { settle } from '../testing/manual_clock';
import type { MemoryConnection } from '../testing/memory_connection';
import { Page, fill, numbered } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import { ConnectionLost } from '../transport/transport';
import { HttpFailed } from './http';

describe('a client', () => {
  it('shows the tail of the room in view, and history back to the beginning', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    fill(room, 1, 130);
    const page = new Page(server);
    await page.view(room);
    expect(page.texts).toEqual(numbered(81, 130));
    while (page.ends.older) await page.load('older');
    expect(page.texts).toEqual(numbered(1, 130));
    expect(page.link?.phase).toBe('online');
    expect(page.link?.rttMs).not.toBe(null);
    expect(page.online).toEqual(['me']);
  });

  it('gets what others say, and keeps the list’s previews', async () => {
    const server = new ScriptedServer();
    const [one, two] = [server.room('one'), server.room('two')];
    const page = new Page(server);
    await page.view(one);
    server.post(one, testId(), 'hello one');
    server.post(two, testId(), 'hello two');
    await page.clock.pass(100);
    expect(page.texts).toEqual(['hello one']);
    expect(page.rooms.get(two.info.id)?.last?.text).toBe('hello two');
    await page.view(two);
    expect(page.texts).toEqual(['hello two']);
    server.post(two, testId(), 'again');
    server.post(one, testId(), 'elsewhere');
    await page.clock.pass(100);
    expect(page.texts).toEqual(['hello two', 'again']);
    await page.view(one);
    expect(page.texts).toEqual(['hello one', 'elsewhere']);
  });

  it('learns of rooms while it runs', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    const created = await page.client.answer('createGroup', {
      ...{ clientId: testId(), name: 'new', topic: '' },
      ...{ access: RoomAccess.public, history: RoomHistory.start },
    });
    await page.clock.pass(100);
    expect(page.rooms.get(created.id)?.name).toBe('new');
    const room = server.rooms[0];
    if (!room) throw new Error('no room was made');
    await page.view(room);
    server.post(room, testId(), 'first');
    await page.clock.pass(100);
    expect(page.texts).toEqual(['first']);
  });

  it('puts entries in order that come early, twice, or late', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.view(room);
    server.disorder = (entries) => [...entries, ...entries].reverse();
    for (let at = 1; at <= 40; at += 4) {
      fill(room, at, at + 2);
      server.post(room, testId(), `m${String(at + 3)}`);
      await page.clock.pass(20);
    }
    expect(page.texts).toEqual(numbered(1, 40));
  });

  it('fetches a gap that does not close by itself', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.view(room);
    server.disorder = (entries) => entries.slice(1);
    fill(room, 1, 2);
    server.post(room, testId(), 'm3');
    server.disorder = (entries) => entries;
    await page.clock.pass(100);
    expect(page.texts).toEqual([]);
    await page.clock.pass(6_000);
    expect(page.texts).toEqual(numbered(1, 3));
  });
});

describe('after a break', () => {
  it('goes on without a hole and without a double, whatever was missed', async () => {
    for (const missed of [0, 1, 30, 400]) {
      const server = new ScriptedServer();
      const room = server.room('one');
      fill(room, 1, 20);
      const page = new Page(server);
      await page.view(room);
      server.drop(null);
      fill(room, 21, 20 + missed);
      await page.clock.pass(2_000);
      server.post(room, testId(), `m${String(21 + missed)}`);
      await page.clock.pass(100);
      expect(page.texts).toEqual(numbered(1, 21 + missed));
    }
  });

  it('keeps what is on the screen when too much was missed, and reads forward until the two meet', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    fill(room, 1, 20);
    const page = new Page(server);
    await page.view(room);
    server.drop(null);
    fill(room, 21, 700);
    await page.clock.pass(2_000);
    expect(page.texts).toEqual(numbered(1, 20));
    expect(page.ends.newer).toBe(true);
    while (page.ends.newer) await page.load('newer');
    expect(page.texts).toEqual(numbered(1, 700));
  });

  it('can go to the live end instead', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    fill(room, 1, 20);
    const page = new Page(server);
    await page.view(room);
    server.drop(null);
    fill(room, 21, 700);
    await page.clock.pass(2_000);
    page.client.command({ do: 'latest', room: room.info.id });
    await page.clock.pass(100);
    expect(page.texts).toEqual(numbered(651, 700));
    while (page.ends.older) await page.load('older');
    expect(page.texts).toEqual(numbered(1, 700));
  });

  it('drops everything of a log that was restored from a backup', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    fill(room, 1, 20);
    const page = new Page(server);
    await page.view(room);
    server.drop(null);
    room.log = [];
    room.epoch = testId();
    for (const text of ['other 1', 'other 2']) room.append(testId(), text);
    await page.clock.pass(2_000);
    expect(page.texts).toEqual(['other 1', 'other 2']);
  });

  it('makes one message of one that was accepted unheard', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.view(room);
    server.muteAccepted = true;
    server.disorder = () => [];
    const clientId = page.send(room, 'once');
    await page.clock.pass(100);
    expect(page.outbox.map(({ state }) => state)).toEqual(['waiting']);
    server.drop(null);
    server.muteAccepted = false;
    server.disorder = (entries) => entries;
    await page.clock.pass(2_000);
    expect(page.texts).toEqual(['once']);
    expect(page.lines[0]?.clientId).toBe(clientId);
    expect(page.outbox).toEqual([]);
    expect(room.log.length).toBe(1);
  });

  it('sends in order what was written meanwhile', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.view(room);
    server.refuse = new ConnectionLost(null, 'down');
    server.drop(null);
    for (const text of numbered(1, 5)) page.send(room, text);
    await page.clock.pass(30_000);
    expect(page.link?.phase).toBe('offline');
    expect(page.outbox.length).toBe(5);
    server.refuse = null;
    await page.clock.pass(20_000);
    expect(page.texts).toEqual(numbered(1, 5));
    expect(page.outbox).toEqual([]);
  });

  it('survives any sequence of posts and breaks', async () => {
    for (let seed = 1; seed <= 8; seed += 1) {
      let state = seed;
      const random = (below: number): number => {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
      };
      const server = new ScriptedServer();
      const rooms = [server.room('one'), server.room('two')] as const;
      const page = new Page(server);
      await page.view(rooms[0]);
      server.disorder = (entries) => (random(3) === 0 ? [...entries].reverse() : entries);
      for (let step = 0; step < 60; step += 1) {
        const room = rooms[random(2) === 0 ? 0 : 1];
        const choice = random(10);
        if (choice < 4) page.send(room, `mine ${String(step)}`);
        else if (choice < 7) server.post(room, testId(), `theirs ${String(step)}`);
        else if (choice === 7) server.drop(random(2) === 0 ? null : Code.tooSlow);
        else if (choice === 8) await page.view(room);
        else server.muteAccepted = random(2) === 0;
        await page.clock.pass(random(400));
      }
      server.muteAccepted = false;
      await page.clock.pass(60_000);
      for (const room of rooms) {
        await page.view(room);
        while (page.ends.older) await page.load('older');
        expect(page.texts, `seed ${String(seed)}`).toEqual(room.log.map(({ text }) => text));
      }
      expect(page.outbox, `seed ${String(seed)}`).toEqual([]);
    }
  }, 60_000);
});

describe('codes', () => {
  it('of a login end it all', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    server.drop(Code.sessionRevoked);
    await page.clock.pass(60_000);
    expect(page.loggedOut).toBe(true);
    expect(server.attempts).toBe(1);
  });

  it('of a ticket that cannot be had end it too', async () => {
    const server = new ScriptedServer();
    server.refuse = new HttpFailed('not_logged_in', Code.notLoggedIn, 'login', '');
    const page = new Page(server);
    await settle();
    expect(page.loggedOut).toBe(true);
  });

  it('that mean stop wait for the person', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    server.drop(Code.malformed);
    await page.clock.pass(60_000);
    expect(page.link?.phase).toBe('stopped');
    expect(server.attempts).toBe(1);
    page.client.command({ do: 'reconnect' });
    await page.clock.pass(100);
    expect(page.link?.phase).toBe('online');
  });

  it('of failure are retried with growing pauses, at once when the page wakes', async () => {
    const server = new ScriptedServer();
    server.refuse = new ConnectionLost(null, 'down');
    const page = new Page(server);
    await page.clock.pass(120_000);
    expect(server.attempts).toBeGreaterThan(8);
    expect(server.attempts).toBeLessThan(25);
    const before = server.attempts;
    page.client.command({ do: 'wake' });
    await settle();
    expect(server.attempts).toBe(before + 1);
  });

  it('GoAway comes back after the pause that it states', async () => {
    const server = new ScriptedServer();
    const page = new Page(server);
    await page.clock.pass(100);
    server.links[0]?.send('GoAway', { reconnectAfterMs: 4_000 });
    await page.clock.pass(3_500);
    expect(server.attempts).toBe(1);
    await page.clock.pass(1_000);
    expect(page.link?.phase).toBe('online');
  });
});

/** A page that is online with a server, and the connection between them. */
async function idle(): Promise<{ server: ScriptedServer; page: Page; connection: MemoryConnection }> {
  const server = new ScriptedServer();
  const page = new Page(server);
  await page.clock.pass(100);
  const [link] = server.links;
  if (!link) throw new Error('no connection');
  return { server, page, connection: link.connection };
}

describe('a server that falls silent', () => {
  it('is left when the page wakes', async () => {
    const { server, page, connection } = await idle();
    server.silent = true;
    page.client.command({ do: 'wake' });
    await page.clock.pass(PROBE_PATIENCE_MS - 1);
    expect(connection.closedBy).toBe(null);
    server.silent = false;
    await page.clock.pass(1);
    expect(connection.closedBy).toEqual({ who: 'client', code: Code.timeout });
    await page.clock.pass(2_000);
    expect(server.attempts).toBe(2);
  });

  it('is left by a page that only listens soon after it does not answer a probe', async () => {
    const { server, page, connection } = await idle();
    await page.clock.pass(60_000);
    expect(connection.closedBy).toBe(null);
    server.silent = true;
    const noticedMs = PROBE_INTERVAL_MS + PROBE_AFTER_MS + PROBE_PATIENCE_MS;
    await page.clock.pass(noticedMs);
    expect(connection.closedBy).toEqual({ who: 'client', code: Code.timeout });
    server.silent = false;
    await page.clock.pass(2_000);
    expect(page.link?.phase).toBe('online');
    expect(server.attempts).toBe(2);
  });

  it('is left sooner by one that waits for an answer', async () => {
    const { server, page, connection } = await idle();
    const room = server.room('one');
    await page.view(room);
    // Right behind a probe: the next one would come much later.
    await page.clock.pass(PROBE_INTERVAL_MS);
    server.silent = true;
    page.send(room, 'into the silence');
    await page.clock.pass(PROBE_AFTER_MS + PROBE_PATIENCE_MS - 1);
    expect(connection.closedBy).toBe(null);
    server.silent = false;
    await page.clock.pass(1);
    expect(connection.closedBy).toEqual({ who: 'client', code: Code.timeout });
    await page.clock.pass(2_000);
    expect(page.texts).toEqual(['into the silence']);
  });

  it('is not left for a probe that was lost, nor for an answer that takes long', async () => {
    const { server, page, connection } = await idle();
    const room = server.room('one');
    await page.view(room);
    connection.onPeerDatagram = () => undefined;
    server.held = [];
    page.send(room, 'slowly');
    await page.clock.pass(20_000);
    expect(connection.closedBy).toBe(null);
    const asked = server.requests.filter(({ name }) => name === 'Ping').length;
    server.held.forEach((answer) => {
      answer();
    });
    server.held = null;
    await page.clock.pass(20_000);
    expect(connection.closedBy).toBe(null);
    // One a lost probe, and the regular ones.
    expect(server.requests.filter(({ name }) => name === 'Ping').length - asked).toBeLessThan(8);
  });

  it('costs nothing but the regular probes while all is well', async () => {
    const { server, page } = await idle();
    const before = server.requests.length;
    await page.clock.pass(60_000);
    expect(server.requests.slice(before).map(({ name }) => name)).toEqual(['Ping', 'Ping', 'Ping', 'Ping']);
  });
});
