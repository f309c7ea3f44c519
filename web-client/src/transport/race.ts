/**
 * The race of transports: WebTransport starts, WebSocket joins after a moment or on
 * failure, and the winner is the first whose application handshake is done. A loser
 * is closed with `Superseded`, however late it comes in.
 */
import type { Clock } from '../client/clock';
import { pause } from '../client/clock';
import type { Connection, Dial, TransportName } from './transport';

/** How long the first transport runs alone. */
export const JOIN_AFTER_MS = 300;

/** Why the session does not run over WebTransport, for the chip's details. */
export type Fallback =
  | { why: 'forced' | 'ios' | 'unsupported' | 'not_offered' | 'slower' }
  | { why: 'failed'; detail: string }
  | { why: 'remembered'; because: Fallback };

export interface Racer {
  name: TransportName;
  dial: Dial;
}

export interface Winner<T> {
  connection: Connection;
  welcome: T;
  /** What became of those that did not win; a racer that was only slower has null. */
  losers: { name: TransportName; error: Error | null }[];
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
    const abort = new AbortController();
    const errors = new Map<TransportName, Error>();
    let won = false;
    let next = 0;

    const giveUp = (): void => {
      abort.abort();
      if (!won) reject(new RaceLost([{ name: 'websocket', error: new Error('given up') }]));
    };
    if (signal.aborted) {
      giveUp();
      return;
    }
    signal.addEventListener('abort', giveUp, { once: true });

    const run = async (racer: Racer): Promise<void> => {
      const connection = await racer.dial(abort.signal);
      try {
        const welcome = await hello(connection, abort.signal);
        if (won || signal.aborted) {
          connection.close(superseded.code, superseded.reason);
          return;
        }
        won = true;
        abort.abort();
        signal.removeEventListener('abort', giveUp);
        const losers = racers
          .slice(0, next)
          .filter((other) => other !== racer)
          .map((other) => ({ name: other.name, error: errors.get(other.name) ?? null }));
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
