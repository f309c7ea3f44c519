/** The receiving half of one stream: bytes that came and wait to be read. */
import { MUX_STREAM_WINDOW_BYTES } from '../generated';
import { Incoming } from './credit';
import { HalfError, MuxError } from './error';

type State = 'open' | 'stopped' | 'finished' | 'reset';

/** Bytes, or `end` when the peer is done, or null: wait. */
export type ReadOutcome = Uint8Array | 'end' | null;

export class RecvSide {
  /** Whether the application has let go of it. */
  released = false;
  private readonly credit = new Incoming(MUX_STREAM_WINDOW_BYTES);
  private state: State = 'open';
  private waiting: Uint8Array[] = [];
  private resetCode = 0;
  private creditDue = false;
  private stopDue: number | null = null;

  /** Bytes have come. Says how many were thrown away at once. */
  receive(bytes: Uint8Array): number {
    if (this.isEnded) throw new MuxError('after_end');
    if (!this.credit.receive(bytes.length)) throw new MuxError('over_stream_credit');
    if (this.state === 'stopped') return bytes.length;
    this.waiting.push(bytes);
    return 0;
  }

  /** The peer has sent everything. */
  finish(): number {
    this.end('finished');
    return 0;
  }

  /** The peer gave up. Says how many unread bytes were thrown away. */
  reset(code: number): number {
    this.end('reset');
    this.resetCode = code;
    return this.forget();
  }

  private end(state: State): void {
    if (this.isEnded) throw new MuxError('after_end');
    this.state = state;
    this.creditDue = false;
    this.stopDue = null;
  }

  /** Whether the peer's `fin` or `reset` has come. */
  get isEnded(): boolean {
    return this.state === 'finished' || this.state === 'reset';
  }

  /** The next bytes; reading them grants the peer more. */
  read(): ReadOutcome {
    const bytes = this.waiting.shift();
    if (bytes !== undefined) {
      if (this.credit.consume(bytes.length) && this.state === 'open') this.creditDue = true;
      return bytes;
    }
    if (this.state === 'reset') throw new HalfError(this.resetCode);
    if (this.state === 'stopped') throw new HalfError(null);
    return this.state === 'finished' ? 'end' : null;
  }

  /** The application wants no more. Says how many unread bytes were thrown away. */
  stop(code: number): number {
    if (this.state === 'open') {
      this.state = 'stopped';
      this.stopDue = code;
      this.creditDue = false;
    }
    return this.forget();
  }

  private forget(): number {
    const bytes = this.waiting.reduce((sum, piece) => sum + piece.length, 0);
    this.waiting = [];
    return bytes;
  }

  /** The grant that is due, once. */
  takeCreditDue(): number | null {
    if (!this.creditDue) return null;
    this.creditDue = false;
    return this.credit.limit;
  }

  /** The code of the `stop` that is due, once. */
  takeStopDue(): number | null {
    const code = this.stopDue;
    this.stopDue = null;
    return code;
  }

  get hasSignal(): boolean {
    return this.creditDue || this.stopDue !== null;
  }
}
