/**
 * The race of transports: the preferred one starts, the other joins after a moment or on
 * failure, and the winner is the first whose application handshake is done. A loser may
 * still come in for a while, which tells whether its way is open, and is closed with
 * `Superseded`.
 */
import type { Clock } from '../client/clock';
import { pause } from '../client/clock';
import type { Connection, Dial, TransportName } from './transport';

/** How long the first transport runs alone. */
export const JOIN_AFTER_MS = 300;
/** How long after the race a loser may still come in. */
export const LATE_MS = 10_000;

/** Why the session does not run over WebTransport, for the chip's details. */
export type Fallback =
  | { why: 'forced' | 'ios' | 'unsupported' | 'not_offered' | 'slower' | 'silent' }
  | { why: 'failed'; detail: string }
  | { why: 'remembered'; because: Fallback };

export interface Racer {
  name: TransportName;
  dial: Dial;
}

/** One that ran and did not win. */
export interface Loser {
  name: TransportName;
  /** Why it was out before the end; null when it was only slower. */
  error: Error | null;
  /** Whether its transport came up, however late. */
  reached: Promise<boolean>;
}

export interface Winner<T> {
  connection: Connection;
  welcome: T;
  losers: Loser[];
}

export class RaceLost extends Error {
  constructor(readonly errors: { name: TransportName; error: Error }[]) {
    super(errors.map(({ name, error }) => `${name}: ${error.message}`).join('; '));
  }
}

/**
 * Runs `racers` in order of preference. `hello` is the application's handshake; its
 * rejection counts as that transport's failure.
 */
export function race<T>(
  racers: Racer[],
  hello: (connection: Connection, signal: AbortSignal) => Promise<T>,
  superseded: { code: number; reason: string },
  clock: Clock,
  signal: AbortSignal,
): Promise<Winner<T>> {
  return new Promise((resolve, reject) => {
    const dialling = new AbortController();
    const greeting = new AbortController();
    const errors = new Map<TransportName, Error>();
    const reached = new Map<TransportName, Promise<boolean>>();
    let won = false;
    let next = 0;

    const giveUp = (): void => {
      dialling.abort();
      greeting.abort();
      reject(new RaceLost([{ name: 'websocket', error: new Error('given up') }]));
    };
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });

    const run = async (racer: Racer): Promise<void> => {
      const dialled = racer.dial(dialling.signal);
      const up = dialled.then(
        () => true,
        () => false,
      );
      reached.set(racer.name, up);
      const connection = await dialled;
      if (won || signal.aborted) {
        connection.close(superseded.code, superseded.reason);
        return;
      }
      try {
        const welcome = await hello(connection, greeting.signal);
        if (won || signal.aborted) {
          connection.close(superseded.code, superseded.reason);
          return;
        }
        won = true;
        greeting.abort();
        signal.removeEventListener('abort', giveUp);
        clock.after(LATE_MS, () => {
          dialling.abort();
        });
        const losers = racers
          .slice(0, next)
          .filter((other) => other !== racer)
          .map(({ name }) => ({
            name,
            error: errors.get(name) ?? null,
            reached: reached.get(name) ?? Promise.resolve(false),
          }));
        resolve({ connection, welcome, losers });
      } catch (error) {
        connection.close(superseded.code, superseded.reason);
        throw error;
      }
    };

    const start = (): void => {
      const racer = racers[next];
      if (!racer || won || signal.aborted) return;
      next += 1;
      const place = next;
      run(racer).catch((error: unknown) => {
        if (won) return;
        errors.set(racer.name, error instanceof Error ? error : new Error(String(error)));
        if (errors.size === racers.length) {
          signal.removeEventListener('abort', giveUp);
          reject(new RaceLost([...errors].map(([name, reason]) => ({ name, error: reason }))));
        } else if (place === next) {
          start();
        }
      });
      if (next < racers.length) {
        void pause(clock, JOIN_AFTER_MS).then(() => {
          if (place === next) start();
        });
      }
    };
    start();
  });
}
