/** Credit: how many bytes may be sent in all, since the beginning. Totals never shrink. */
import { MUX_CREDIT_STEP_BYTES } from '../generated';

/** The sender's account. */
export class Outgoing {
  private sent = 0;
  private limit: number;

  constructor(private readonly window: number) {
    this.limit = window;
  }

  /** How many bytes may be sent now. */
  get room(): number {
    return this.limit - this.sent;
  }

  spend(bytes: number): void {
    this.sent += bytes;
  }

  /** A grant of the peer; false if it takes an earlier one back. */
  raise(limit: number): boolean {
    const grows = limit >= this.limit;
    this.limit = Math.max(this.limit, limit);
    return grows;
  }

  /** Sent, and not yet known to have been read. */
  get unread(): number {
    return Math.max(0, this.sent + this.window - this.limit);
  }
}

/** The receiver's account. */
export class Incoming {
  private received = 0;
  private consumed = 0;
  /** The grant in force. */
  limit: number;

  constructor(private readonly window: number) {
    this.limit = window;
  }

  /** Bytes have come; false if they were not granted. */
  receive(bytes: number): boolean {
    this.received += bytes;
    return this.received <= this.limit;
  }

  /** Bytes were read or thrown away; true if a grant is due. Grants come in steps. */
  consume(bytes: number): boolean {
    this.consumed += bytes;
    const limit = this.consumed + this.window;
    if (limit - this.limit < MUX_CREDIT_STEP_BYTES) return false;
    this.limit = limit;
    return true;
  }
}
