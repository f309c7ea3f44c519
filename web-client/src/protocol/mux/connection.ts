/**
 * The mux with promises, over anything that sends messages: a WebSocket in the page
 * or in a worker, or another mux in a test.
 *
 * The owner of the WebSocket hands every binary message to `receive`, calls `pump`
 * when the pipe has room again, and calls `close` when the WebSocket has ended. What
 * is written in one turn of the event loop goes out in as few messages as possible.
 */
import type { StreamClass } from '../generated';
import { HalfError } from './error';
import { Mux, type Role } from './machine';

export interface MuxPipe {
  send(message: Uint8Array<ArrayBuffer>): void;
  /** Whether little enough waits below that what is urgent would not wait behind it. */
  hasRoom(): boolean;
}

/** Promises that wait for something and look again when it happens. */
class Waiters {
  private waiting: (() => void)[] = [];

  wait(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  wake(): void {
    const woken = this.waiting;
    this.waiting = [];
    for (const resolve of woken) resolve();
  }
}

/** Both halves of one stream. */
export class MuxStream {
  readonly writable = new Waiters();
  readonly readable = new Waiters();
  private readonly halves = { send: true, recv: true };

  constructor(
    private readonly mux: Mux,
    private readonly forget: () => void,
    readonly id: number,
    readonly streamClass: StreamClass,
  ) {}

  /**
   * Resolves when the mux has taken every byte: there is room for more. The bytes
   * are not copied before they are sent: the caller does not change them.
   */
  async write(bytes: Uint8Array): Promise<void> {
    let rest = bytes;
    for (;;) {
      rest = rest.subarray(this.mux.write(this.id, rest));
      if (rest.length === 0) return;
      await this.writable.wait();
    }
  }

  /** Resolves when everything, and the end if there is one, was handed to the pipe. */
  async flushed(): Promise<void> {
    while (this.halves.send && !this.mux.isFlushed(this.id)) await this.writable.wait();
  }

  /** The next bytes, or null when the peer is done. Reading grants the peer more. */
  async read(): Promise<Uint8Array | null> {
    for (;;) {
      if (!this.halves.recv) throw new HalfError(null);
      const outcome = this.mux.read(this.id);
      if (outcome === 'end') return null;
      if (outcome !== null) return outcome;
      await this.readable.wait();
    }
  }

  /** No more bytes come; those that wait are still sent. */
  finish(): void {
    this.mux.finish(this.id);
  }

  /** Gives up sending. */
  reset(code: number): void {
    this.mux.reset(this.id, code);
  }

  /** Wants no more bytes. */
  stop(code: number): void {
    this.mux.stop(this.id, code);
  }

  /** Lets go of both halves: what has not ended is reset and stopped with `code`. */
  release(code: number): void {
    this.reset(code);
    this.stop(code);
    this.halves.send = false;
    this.halves.recv = false;
    this.mux.releaseSend(this.id);
    this.mux.releaseRecv(this.id);
    this.forget();
    this.writable.wake();
    this.readable.wake();
  }
}

export class MuxConnection {
  private readonly mux: Mux;
  private readonly streams = new Map<number, MuxStream>();
  private readonly acceptable = new Waiters();
  private pumpDue = false;
  private takeDatagram: (bytes: Uint8Array) => void = () => undefined;

  constructor(
    role: Role,
    private readonly pipe: MuxPipe,
  ) {
    this.mux = new Mux(role, {
      transmit: () => {
        this.pumpSoon();
      },
      accept: () => {
        this.acceptable.wake();
      },
      datagram: (bytes) => {
        // In its own turn: what it throws is not the peer's fault.
        queueMicrotask(() => {
          this.takeDatagram(bytes);
        });
      },
      writable: (id) => this.streams.get(id)?.writable.wake(),
      readable: (id) => this.streams.get(id)?.readable.wake(),
      closed: () => {
        this.wakeAll();
      },
    });
  }

  /** Opens a stream both ways. Throws `OpenError`. */
  open(streamClass: StreamClass): MuxStream {
    return this.hold(this.mux.open(streamClass), streamClass);
  }

  /** The next stream that the client opened, or null once the connection is closed. */
  async accept(): Promise<MuxStream | null> {
    for (;;) {
      const found = this.mux.accept();
      if (found) return this.hold(found.id, found.streamClass);
      if (this.mux.closed) return null;
      await this.acceptable.wait();
    }
  }

  private hold(id: number, streamClass: StreamClass): MuxStream {
    const stream = new MuxStream(this.mux, () => this.streams.delete(id), id, streamClass);
    this.streams.set(id, stream);
    return stream;
  }

  sendDatagram(bytes: Uint8Array): void {
    this.mux.sendDatagram(bytes);
  }

  /** Who gets the peer's datagrams; what came before is lost. */
  onDatagram(take: (bytes: Uint8Array) => void): void {
    this.takeDatagram = take;
  }

  /** One binary message of the peer. Throws `MuxError`, and is closed, if it breaks the rules. */
  receive(message: Uint8Array): void {
    this.mux.receive(message);
  }

  /** Sends what there is while the pipe has room. */
  pump(): void {
    while (this.pipe.hasRoom()) {
      const message = this.mux.transmit();
      if (!message) return;
      this.pipe.send(message);
    }
  }

  private pumpSoon(): void {
    if (this.pumpDue) return;
    this.pumpDue = true;
    queueMicrotask(() => {
      this.pumpDue = false;
      this.pump();
    });
  }

  /** Ends everything; nothing more is sent. What has come can still be read. */
  close(): void {
    this.mux.close();
  }

  get isClosed(): boolean {
    return this.mux.closed;
  }

  private wakeAll(): void {
    this.acceptable.wake();
    for (const stream of this.streams.values()) {
      stream.writable.wake();
      stream.readable.wake();
    }
  }
}
