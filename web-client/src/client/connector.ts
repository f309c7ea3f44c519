/**
 * One attempt to connect: which transports, with which tickets, and what to remember of
 * the outcome. The transports themselves come in as dialers.
 */
import { Code, StreamClass, VERSION } from '../protocol/generated';
import type { Welcome } from '../protocol/generated';
import { decodeBody } from '../protocol/frame';
import { newId } from '../protocol/id';
import { plan } from '../transport/plan';
import type { Circumstances } from '../transport/plan';
import { RaceLost, race } from '../transport/race';
import type { Fallback, Loser } from '../transport/race';
import { ConnectionLost } from '../transport/transport';
import type { Connection, Dial, TransportName } from '../transport/transport';
import type { Clock } from './clock';
import { FrameStream } from './frame_stream';
import { CLIENT_NAME } from './http';
import type { Tickets } from './tickets';

/** From the first packet to `Welcome`. */
const ATTEMPT_TIMEOUT_MS = 10_000;
/** How long after the control stream the reason of the connection's end may come. */
const REASON_WAIT_MS = 1_000;

export interface Established {
  connection: Connection;
  control: FrameStream;
  welcome: Welcome;
  fallback: Fallback | null;
  /** Sets what is called for every sign of life. */
  onHeard: (heard: () => void) => void;
}

/** What the attempt must know of the world outside. */
export interface Surroundings {
  circumstances(): Promise<Omit<Circumstances, 'nowMs'>>;
  dialer(name: TransportName): Dial;
  /** Rejects when nobody listens at the server's address; any answer is one, and so is a long silence. */
  present(): Promise<unknown>;
  /** Why WebSocket won although WebTransport was tried; null forgets it. */
  remember(because: Fallback | null): void;
}

export class Connector {
  /** WebTransport has worked in this tab: a network that is down is no reason to avoid it. */
  private worked = false;

  constructor(
    private readonly surroundings: Surroundings,
    private readonly tickets: Tickets,
    private readonly clock: Clock,
  ) {}

  /**
   * `restarting`: the server may not be there yet. QUIC hears of that by silence, and asks
   * again after pauses that grow; TCP is refused at once and then wins the race when the
   * server comes, although nothing is wrong with UDP. So the race waits for the server.
   */
  async attempt(signal: AbortSignal, restarting = false): Promise<Established> {
    if (restarting && this.worked) await this.surroundings.present();

    const timeout = new AbortController();
    const stop = (): void => {
      timeout.abort();
    };
    const cancel = this.clock.after(ATTEMPT_TIMEOUT_MS, stop);
    signal.addEventListener('abort', stop, { once: true });
    try {
      try {
        return await this.run(timeout.signal);
      } catch (error) {
        if (codeOf(error) !== Code.badTicket || signal.aborted) throw error;
        this.tickets.clear();
        return await this.run(timeout.signal);
      }
    } finally {
      cancel();
      signal.removeEventListener('abort', stop);
    }
  }

  private async run(signal: AbortSignal): Promise<Established> {
    const circumstances = await this.surroundings.circumstances();
    const { order, fallback } = plan({ ...circumstances, nowMs: this.clock.now() });
    await this.tickets.prepare(order.length);
    const attempt = newId(this.clock.now());
    const won = await race(
      order.map((name) => ({ name, dial: this.surroundings.dialer(name) })),
      (connection, raceSignal) => this.hello(connection, attempt, raceSignal),
      { code: Code.superseded, reason: 'superseded' },
      this.clock,
      signal,
    );
    this.tickets.keep(won.welcome.welcome.ticket);
    return {
      connection: won.connection,
      ...won.welcome,
      fallback: this.fallbackOf(won.connection.name, won.losers, fallback),
    };
  }

  private fallbackOf(winner: TransportName, losers: Loser[], planned: Fallback | null): Fallback | null {
    if (winner === 'webtransport') {
      this.worked = true;
      if (planned) this.surroundings.remember(null);
      return null;
    }
    if (planned) return planned;
    const tried = losers.find(({ name }) => name === 'webtransport');
    if (!tried) return null;
    const because: Fallback = tried.error
      ? { why: 'failed', detail: tried.error.message }
      : { why: this.worked ? 'silent' : 'slower' };
    if (!this.worked) this.remember(because, tried);
    return because;
  }

  /** At once, so that even a reload a moment later gains by it. */
  private remember(because: Fallback, tried: Loser): void {
    this.surroundings.remember(because);
    void tried.reached.then((reached) => {
      // The way is open: it was the machine or the moment that was slow.
      if (reached) this.surroundings.remember(null);
    });
  }

  private async hello(
    connection: Connection,
    attempt: string,
    signal: AbortSignal,
  ): Promise<Pick<Established, 'control' | 'welcome' | 'onHeard'>> {
    const ticket = await this.tickets.take();
    signal.throwIfAborted();
    let heard: () => void = () => undefined;
    const control = new FrameStream(await connection.open(StreamClass.control), () => {
      heard();
    });
    const aborted = new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => {
        reject(new Error('given up'));
      });
    });
    const answer = async (): Promise<Welcome> => {
      await control.send('Control', { version: VERSION });
      await control.send('Hello', { ticket, attempt, client: CLIENT_NAME });
      for (;;) {
        const frame = await control.next();
        if (!frame) throw new ConnectionLost(null, 'the server closed the control stream');
        const message = decodeBody(frame);
        if (message?.name === 'Welcome') return message.body;
        if (message?.name === 'Failed') throw new ConnectionLost(message.body.code, message.body.detail);
      }
    };
    try {
      const welcome = await Promise.race([answer(), aborted]);
      return {
        control,
        welcome,
        onHeard: (call) => {
          heard = call;
        },
      };
    } catch (error) {
      throw signal.aborted ? error : await withReason(connection, error, this.clock);
    }
  }
}

/** The stream may end before the connection tells why. */
async function withReason(connection: Connection, error: unknown, clock: Clock): Promise<unknown> {
  if (codeOf(error) !== null) return error;
  const closed = await Promise.race([
    connection.closed,
    new Promise<null>((resolve) => {
      clock.after(REASON_WAIT_MS, () => {
        resolve(null);
      });
    }),
  ]);
  return closed === null || closed.code === null ? error : new ConnectionLost(closed.code, closed.reason);
}

/** The server's code among what went wrong, if there is one. */
export function codeOf(error: unknown): number | null {
  if (error instanceof ConnectionLost) return error.code;
  if (!(error instanceof RaceLost)) return null;
  const codes = error.errors.map((one) => codeOf(one.error));
  return codes.find((code) => code === Code.badTicket) ?? codes.find((code) => code !== null) ?? null;
}
