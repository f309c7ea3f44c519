import { describe, expect, it } from 'vitest';
import { ManualClock, settle } from '../testing/manual_clock';
import { MemoryConnection } from '../testing/memory_connection';
import type { Racer } from './race';
import { JOIN_AFTER_MS, LATE_MS, RaceLost, race } from './race';
import type { TransportName } from './transport';

const SUPERSEDED = { code: 2, reason: 'superseded' };

/** One racer under the test's hand. */
class Runner {
  readonly connection: MemoryConnection;
  started = false;
  helloed = false;
  connect: () => void = () => undefined;
  fail: (error: Error) => void = () => undefined;
  welcome: () => void = () => undefined;
  refuse: (error: Error) => void = () => undefined;

  constructor(readonly name: TransportName) {
    this.connection = new MemoryConnection(name);
  }

  get racer(): Racer {
    return {
      name: this.name,
      dial: (signal) => {
        this.started = true;
        return new Promise((resolve, reject) => {
          this.connect = () => {
            resolve(this.connection);
          };
          this.fail = reject;
          signal.addEventListener('abort', () => {
            reject(new Error('given up'));
          });
        });
      },
    };
  }
}

function start(signal = new AbortController().signal) {
  const clock = new ManualClock();
  const first = new Runner('webtransport');
  const second = new Runner('websocket');
  const hello = (connection: unknown): Promise<string> => {
    const runner = connection === first.connection ? first : second;
    runner.helloed = true;
    return new Promise((resolve, reject) => {
      runner.welcome = () => {
        resolve(runner.name);
      };
      runner.refuse = reject;
    });
  };
  const outcome = race([first.racer, second.racer], hello, SUPERSEDED, clock, signal);
  outcome.catch(() => undefined);
  return { clock, first, second, outcome };
}

describe('the race of transports', () => {
  it('is over before the second starts when the first is quick', async () => {
    const { clock, first, second, outcome } = start();
    first.connect();
    await settle();
    first.welcome();
    expect(await outcome).toMatchObject({ welcome: 'webtransport', losers: [] });
    await clock.pass(10 * JOIN_AFTER_MS);
    expect(second.started).toBe(false);
  });

  it('lets the second join after the pause, and closes the slower one as superseded', async () => {
    const { clock, first, second, outcome } = start();
    await clock.pass(JOIN_AFTER_MS - 1);
    expect(second.started).toBe(false);
    await clock.pass(1);
    expect(second.started).toBe(true);
    first.connect();
    second.connect();
    await settle();
    second.welcome();
    const winner = await outcome;
    expect(winner.losers).toMatchObject([{ name: 'webtransport', error: null }]);
    expect(await winner.losers[0]?.reached).toBe(true);
    first.welcome();
    await settle();
    expect(first.connection.closedBy).toEqual({ who: 'client', code: SUPERSEDED.code });
    expect(second.connection.closedBy).toBe(null);
  });

  it('lets a loser come in late, closes it without a handshake, and knows that its way is open', async () => {
    const { clock, first, second, outcome } = start();
    await clock.pass(JOIN_AFTER_MS);
    second.connect();
    await settle();
    second.welcome();
    const { losers } = await outcome;
    await clock.pass(JOIN_AFTER_MS);
    first.connect();
    expect(await losers[0]?.reached).toBe(true);
    await settle();
    expect(first.helloed).toBe(false);
    expect(first.connection.closedBy).toEqual({ who: 'client', code: SUPERSEDED.code });
  });

  it('gives a loser up that never comes in', async () => {
    const { clock, second, outcome } = start();
    await clock.pass(JOIN_AFTER_MS);
    second.connect();
    await settle();
    second.welcome();
    const { losers } = await outcome;
    await clock.pass(LATE_MS);
    expect(await losers[0]?.reached).toBe(false);
  });

  it('is won by the first handshake of the application, not of the transport', async () => {
    const { clock, first, second, outcome } = start();
    first.connect();
    await clock.pass(JOIN_AFTER_MS);
    second.connect();
    await settle();
    expect([first.helloed, second.helloed]).toEqual([true, true]);
    second.welcome();
    expect((await outcome).connection.name).toBe('websocket');
  });

  it('lets the second join at once when the first fails, and says why', async () => {
    const { first, second, outcome } = start();
    first.fail(new Error('UDP is blocked'));
    await settle();
    expect(second.started).toBe(true);
    second.connect();
    await settle();
    second.welcome();
    const { losers } = await outcome;
    expect(losers[0]?.error?.message).toBe('UDP is blocked');
  });

  it('goes on with the first when the second fails', async () => {
    const { clock, first, second, outcome } = start();
    await clock.pass(JOIN_AFTER_MS);
    second.fail(new Error('refused'));
    await settle();
    first.connect();
    await settle();
    first.welcome();
    expect((await outcome).connection.name).toBe('webtransport');
  });

  it('is lost when all fail, in whatever order', async () => {
    const { clock, first, second, outcome } = start();
    await clock.pass(JOIN_AFTER_MS);
    second.fail(new Error('refused'));
    first.connect();
    await settle();
    first.refuse(new Error('bad ticket'));
    const error: unknown = await outcome.catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(RaceLost);
    expect((error as RaceLost).errors.map(({ name }) => name).sort()).toEqual(['websocket', 'webtransport']);
    expect(first.connection.closedBy).not.toBe(null);
  });

  it('ends when it is called off', async () => {
    const abort = new AbortController();
    const { first, second, clock, outcome } = start(abort.signal);
    first.connect();
    await settle();
    abort.abort();
    expect(await outcome.catch((error: unknown) => error)).toBeInstanceOf(RaceLost);
    first.welcome();
    await clock.pass(10 * JOIN_AFTER_MS);
    expect(second.started).toBe(false);
    expect(first.connection.closedBy?.who).toBe('client');
  });
});
