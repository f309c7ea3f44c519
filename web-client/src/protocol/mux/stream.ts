/** One stream and the table of them. At most `STREAMS_MAX` are open, so a scan is enough. */
import type { StreamClass } from '../generated';
import { RecvSide } from './recv_side';
import { SendSide } from './send_side';

export class Stream {
  readonly send = new SendSide();
  readonly recv = new RecvSide();
  /** Whether `open` has yet to be sent. */
  openDue: boolean;
  /**
   * Whether the application has taken it. Before that its sending half stays open
   * whatever the peer says, so that streams nobody has looked at stay counted.
   */
  accepted: boolean;

  constructor(
    readonly id: number,
    readonly streamClass: StreamClass,
    ours: boolean,
  ) {
    this.openDue = ours;
    this.accepted = ours;
  }

  /** Whether the peer may still count it as open. */
  get isOpen(): boolean {
    return !(this.send.isEnded && this.recv.isEnded);
  }

  /** Whether neither peer nor application will ask for it again. */
  get isDone(): boolean {
    return !this.isOpen && this.send.released && this.recv.released;
  }

  /** The code of the `reset` that may be sent now. */
  get resetDue(): number | null {
    return this.accepted ? this.send.resetDue : null;
  }

  get hasSignal(): boolean {
    return this.openDue || this.recv.hasSignal || this.resetDue !== null;
  }
}

export class Streams {
  private readonly byId = new Map<number, Stream>();
  private last = 0;

  /** The id that the next stream must have. */
  get nextId(): number {
    return this.last + 1;
  }

  get openCount(): number {
    let count = 0;
    for (const stream of this.byId.values()) if (stream.isOpen) count += 1;
    return count;
  }

  /** Adds the stream of `nextId`. */
  add(streamClass: StreamClass, ours: boolean): Stream {
    this.last += 1;
    const stream = new Stream(this.last, streamClass, ours);
    this.byId.set(stream.id, stream);
    return stream;
  }

  get(id: number): Stream | undefined {
    return this.byId.get(id);
  }

  /** Whether there ever was a stream of this id. */
  wasOpened(id: number): boolean {
    return id > 0 && id <= this.last;
  }

  /** Forgets the stream if it is done. */
  tidy(stream: Stream): void {
    if (stream.isDone) this.byId.delete(stream.id);
  }

  /** In the order of their ids. */
  all(): IterableIterator<Stream> {
    return this.byId.values();
  }
}
