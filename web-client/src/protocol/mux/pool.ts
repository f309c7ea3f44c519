/** The credit that history and file streams share, both ways. */
import { MUX_BULK_WINDOW_BYTES } from '../generated';
import { Incoming, Outgoing } from './credit';
import { MuxError } from './error';

export class Pool {
  readonly out = new Outgoing(MUX_BULK_WINDOW_BYTES);
  /** Bytes of file streams that have ended and may yet lie unread at the peer. */
  endedFileBytes = 0;
  private readonly incoming = new Incoming(MUX_BULK_WINDOW_BYTES);
  private creditDue = false;

  receive(bytes: number): void {
    if (!this.incoming.receive(bytes)) throw new MuxError('over_pool_credit');
  }

  /** Bytes were read or thrown away; true if a grant is due. */
  consume(bytes: number): boolean {
    const due = this.incoming.consume(bytes);
    this.creditDue ||= due;
    return due;
  }

  /** The grant that is due, once. */
  takeCreditDue(): number | null {
    if (!this.creditDue) return null;
    this.creditDue = false;
    return this.incoming.limit;
  }

  /** A grant of the peer; false if it takes an earlier one back. */
  raise(limit: number): boolean {
    const grows = this.out.raise(limit);
    this.endedFileBytes = Math.min(this.endedFileBytes, this.out.unread);
    return grows;
  }
}
