/** The sending half of one stream: bytes that wait, credit, and how it ends. */
import type { Writer } from '../bincode';
import { MUX_SEND_BUFFER_BYTES_MAX, MUX_STREAM_WINDOW_BYTES } from '../generated';
import { Outgoing } from './credit';
import { HalfError } from './error';

/** The peer hears exactly one `fin` or `reset`. */
type State = 'open' | 'finishing' | 'resetting' | 'ended';

export class SendSide {
  readonly credit = new Outgoing(MUX_STREAM_WINDOW_BYTES);
  waitingBytes = 0;
  /** When the scheduler served it last, in turns. */
  served = 0;
  /** Whether the application has let go of it. */
  released = false;
  private state: State = 'open';
  private waiting: Uint8Array[] = [];
  private resetCode = 0;
  /** The code of the peer's `stop`. */
  private stopped: number | null = null;

  /** Takes what fits from the front of `bytes`; says how much that was. */
  write(bytes: Uint8Array): number {
    this.check();
    if (this.state !== 'open') throw new HalfError(null);
    const taken = Math.min(bytes.length, MUX_SEND_BUFFER_BYTES_MAX - this.waitingBytes);
    if (taken > 0) {
      this.waiting.push(bytes.subarray(0, taken));
      this.waitingBytes += taken;
    }
    return taken;
  }

  /** Throws when the peer wants no more. */
  check(): void {
    if (this.stopped !== null) throw new HalfError(this.stopped);
  }

  get isFlushed(): boolean {
    return this.waitingBytes === 0 && (this.state === 'open' || this.state === 'ended');
  }

  finish(): void {
    if (this.state === 'open') this.state = 'finishing';
  }

  /** Gives up; without effect once it is finished or ended. */
  reset(code: number): void {
    if (this.state === 'open') this.giveUp(code);
  }

  /** The peer wants no more. */
  stop(code: number): void {
    if (this.state === 'open' || this.state === 'finishing') {
      this.stopped = code;
      this.giveUp(code);
    }
  }

  private giveUp(code: number): void {
    this.state = 'resetting';
    this.resetCode = code;
    this.forget();
  }

  /** Drops what waits. */
  forget(): void {
    this.waiting = [];
    this.waitingBytes = 0;
  }

  /** The code of the `reset` that is due. */
  get resetDue(): number | null {
    return this.state === 'resetting' ? this.resetCode : null;
  }

  get isFinDue(): boolean {
    return this.state === 'finishing' && this.waitingBytes === 0;
  }

  /** `fin` or `reset` was sent. */
  end(): void {
    this.state = 'ended';
  }

  get isEnded(): boolean {
    return this.state === 'ended';
  }

  /** Moves `length` of the waiting bytes to `out` and pays for them. */
  take(length: number, out: Writer): void {
    let left = length;
    while (left > 0) {
      const piece = this.waiting[0];
      if (piece === undefined) break;
      const part = Math.min(left, piece.length);
      out.raw(piece.subarray(0, part));
      if (part === piece.length) this.waiting.shift();
      else this.waiting[0] = piece.subarray(part);
      left -= part;
    }
    this.waitingBytes -= length;
    this.credit.spend(length);
  }
}
