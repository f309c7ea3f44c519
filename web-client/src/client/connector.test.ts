import { describe, expect, it } from 'vitest';
import { Code } from '../protocol/generated';
import { decodeBody } from '../protocol/frame';
import { ManualClock, settle } from '../testing/manual_clock';
import { MemoryConnection } from '../testing/memory_connection';
import { testId } from '../testing/test_id';
import { JOIN_AFTER_MS } from '../transport/race';
import type { Fallback } from '../transport/race';
import type { TransportName } from '../transport/transport';
import { Connector, codeOf } from './connector';
import { FrameStream } from './frame_stream';
import { Tickets } from './tickets';

const ticketOf = (number: number): string => number.toString(16).padStart(64, '0');

/** A server that only greets, and a browser around it. */
class World {
  readonly clock = new ManualClock();
  /** Tickets that came in a Hello, in order. */
  readonly used: string[] = [];
  readonly attempts = new Set<string>();
  fetched = 0;
  /** Whether somebody listens at the server's address, and how often that was asked. */
  there = true;
  asked = 0;
  remembered: Fallback | null = null;
  /** Names whose packets vanish until the promise is there. */
  readonly lost = new Map<TransportName, Promise<void>>();
  blocked = new Set<TransportName>();
  refused = new Set<string>();
  readonly tickets = new Tickets((count) => {
    const first = 16 * (this.fetched += 1);
    return Promise.resolve(Array.from({ length: count }, (_, at) => ticketOf(first + at)));
  }, this.clock);
  readonly connector = new Connector(
    {
      circumstances: () =>
        Promise.resolve({
          forced: null,
          supported: true,
          ios: false,
          offered: true,
          remembered: this.remembered && { atMs: this.clock.now(), because: this.remembered },
        }),
      dialer: (name) => async () => {
        if (this.blocked.has(name)) throw new Error(`${name} is blocked`);
        await this.lost.get(name);
        const connection = new MemoryConnection(name);
        connection.onOpened = ({ stream }) => void this.greet(connection, new FrameStream(stream));
        return connection;
      },
      present: () => {
        this.asked += 1;
        return this.there ? Promise.resolve() : Promise.reject(new Error('nobody is there'));
      },
      remember: (because) => {
        this.remembered = because;
      },
    },
    this.tickets,
    this.clock,
  );

  async attempt(restarting = false): Promise<string> {
    const { connection } = await this.connector.attempt(new AbortController().signal, restarting);
    return connection.name;
  }

  private async greet(connection: MemoryConnection, stream: FrameStream): Promise<void> {
    for (;;) {
      const frame = await stream.next().catch(() => null);
      if (!frame) return;
      const message = decodeBody(frame);
      if (message?.name !== 'Hello') continue;
      this.used.push(message.body.ticket);
      this.attempts.add(message.body.attempt);
      if (this.refused.has(message.body.ticket)) {
        connection.drop(Code.badTicket);
        return;
      }
      const limits = new Proxy({}, { get: () => 1 }) as never;
      const welcome = {
        user: testId(),
        name: 'me',
        session: testId(),
        ticket: ticketOf(999),
        server: 's',
        nowMs: 0,
        limits,
      };
      void stream.send('Welcome', welcome);
    }
  }
}

describe('an attempt to connect', () => {
  it('needs no HTTP request for the next connection', async () => {
    const world = new World();
    expect(await world.attempt()).toBe('webtransport');
    expect(await world.attempt()).toBe('webtransport');
    expect(world.used).toEqual([ticketOf(16), ticketOf(999)]);
    expect(world.fetched).toBe(1);
    expect(world.attempts.size).toBe(2);
  });

  it('asks for tickets once when the one it kept is refused', async () => {
    const world = new World();
    await world.attempt();
    world.refused.add(ticketOf(999));
    await world.attempt();
    expect(world.used).toContain(ticketOf(999));
    expect(world.fetched).toBe(2);
  });

  it('gives up on tickets that are refused again', async () => {
    const world = new World();
    for (let at = 0; at < 1_000; at += 1) world.refused.add(ticketOf(at));
    const attempt = world.connector.attempt(new AbortController().signal).catch((error: unknown) => error);
    await world.clock.pass(5_000);
    expect(codeOf(await attempt)).toBe(Code.badTicket);
    expect(world.fetched).toBeLessThanOrEqual(4);
  });

  it('falls back, says why, and remembers it', async () => {
    const world = new World();
    world.blocked.add('webtransport');
    const { connection, fallback } = await world.connector.attempt(new AbortController().signal);
    expect(connection.name).toBe('websocket');
    expect(fallback).toEqual({ why: 'failed', detail: 'webtransport is blocked' });
    expect(world.remembered).toEqual(fallback);
  });

  it('does not hold a network that was down against a WebTransport that has worked', async () => {
    const world = new World();
    await world.attempt();
    world.blocked.add('webtransport');
    expect(await world.attempt()).toBe('websocket');
    expect(world.remembered).toBe(null);
  });

  it('starts with the WebSocket that won before, and comes back when only WebTransport passes', async () => {
    const world = new World();
    world.blocked.add('webtransport');
    await world.attempt();
    const again = await world.connector.attempt(new AbortController().signal);
    expect(again.connection.name).toBe('websocket');
    expect(again.fallback).toEqual({ why: 'remembered', because: world.remembered });
    world.blocked = new Set(['websocket']);
    expect(await world.attempt()).toBe('webtransport');
    expect(world.remembered).toBe(null);
  });

  it('forgets a WebSocket that won only because WebTransport came late', async () => {
    const world = new World();
    let come: () => void = () => undefined;
    world.lost.set('webtransport', new Promise((resolve) => (come = resolve)));
    const attempt = world.connector.attempt(new AbortController().signal);
    await world.clock.pass(JOIN_AFTER_MS);
    expect((await attempt).fallback).toEqual({ why: 'slower' });
    expect(world.remembered).toEqual({ why: 'slower' });
    come();
    await settle();
    expect(world.remembered).toBe(null);
  });

  it('says that WebTransport worked before when it is silent in a tab where it did', async () => {
    const world = new World();
    await world.attempt();
    world.lost.set('webtransport', new Promise(() => undefined));
    const attempt = world.connector.attempt(new AbortController().signal);
    await world.clock.pass(JOIN_AFTER_MS);
    expect((await attempt).fallback).toEqual({ why: 'silent' });
    expect(world.remembered).toBe(null);
  });

  it('ends after a while when nothing answers', async () => {
    const world = new World();
    world.blocked.add('websocket');
    world.connector['surroundings'].dialer = () => (signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          reject(new Error('given up'));
        });
      });
    const attempt = world.connector.attempt(new AbortController().signal).catch((error: unknown) => error);
    await world.clock.pass(11_000);
    expect(codeOf(await attempt)).toBe(null);
  });
});

describe('while the server restarts', () => {
  it('the race begins when somebody is there, so that it is a fair one', async () => {
    const world = new World();
    expect(await world.attempt()).toBe('webtransport');
    expect(world.asked).toBe(0);
    world.there = false;
    await expect(world.attempt(true)).rejects.toThrow('nobody is there');
    expect(world.attempts.size).toBe(1);
    world.there = true;
    expect(await world.attempt(true)).toBe('webtransport');
    expect(world.fetched).toBe(1);
  });

  it('nobody is asked where WebTransport has not worked', async () => {
    const world = new World();
    world.blocked.add('webtransport');
    expect(await world.attempt()).toBe('websocket');
    expect(await world.attempt(true)).toBe('websocket');
    expect(world.asked).toBe(0);
  });
});
