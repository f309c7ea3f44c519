/**
 * The machine of the mux, the same as in Rust: calls and messages in, messages and
 * events out; no IO, no promise, no timer. `connection.ts` makes promises of it, and
 * schedule.ts chooses what is sent.
 */
import { DATAGRAM_BYTES_MAX, MUX_DATAGRAMS_MAX, STREAMS_MAX, type StreamClass } from '../generated';
import { HalfError, MuxError, OpenError } from './error';
import { type MuxFrame, isBulk, muxFrames } from './frame';
import { Pool } from './pool';
import type { ReadOutcome } from './recv_side';
import { Scheduler } from './schedule';
import { type Stream, Streams } from './stream';

export type Role = 'client' | 'server';

/** What an application or a writer may be waiting for. */
export interface MuxEvents {
  /** `transmit` may have a message. */
  transmit(): void;
  /** `accept` may have a stream. */
  accept(): void;
  datagram(bytes: Uint8Array): void;
  /** The stream takes bytes again, is flushed, or has failed. */
  writable(stream: number): void;
  /** The stream has bytes, has ended, or has failed. */
  readable(stream: number): void;
  closed(): void;
}

export class Mux {
  closed = false;
  private readonly streams = new Streams();
  private readonly pool = new Pool();
  private readonly scheduler: Scheduler;
  private datagrams: Uint8Array[] = [];
  private accepted = 0;

  constructor(
    private readonly role: Role,
    private readonly events: MuxEvents,
  ) {
    this.scheduler = new Scheduler(this.streams, this.pool, (id) => {
      events.writable(id);
    });
  }

  /** Opens a stream both ways; clients only. */
  open(streamClass: StreamClass): number {
    if (this.closed) throw new OpenError('closed');
    if (this.role !== 'client') throw new OpenError('not_client');
    if (this.streams.openCount >= STREAMS_MAX) throw new OpenError('too_many');
    const { id } = this.streams.add(streamClass, true);
    this.events.transmit();
    return id;
  }

  /** The next stream that the client opened, or null. */
  accept(): { id: number; streamClass: StreamClass } | null {
    if (this.closed || this.role === 'client') return null;
    const stream = this.streams.get(this.accepted + 1);
    if (!stream) return null;
    stream.accepted = true;
    this.accepted = stream.id;
    if (stream.hasSignal) this.events.transmit();
    return { id: stream.id, streamClass: stream.streamClass };
  }

  /** Takes what fits from the front of `bytes`; says how much. 0: wait for `writable`. */
  write(id: number, bytes: Uint8Array): number {
    const taken = this.ours(id).send.write(bytes);
    if (taken > 0) this.events.transmit();
    return taken;
  }

  /** Whether all that was written, and the end if there is one, was transmitted. */
  isFlushed(id: number): boolean {
    const { send } = this.ours(id);
    send.check();
    return send.isFlushed;
  }

  private ours(id: number): Stream {
    const stream = this.closed ? undefined : this.streams.get(id);
    if (!stream) throw new HalfError(null);
    return stream;
  }

  /** No more bytes come; those that wait are still sent. */
  finish(id: number): void {
    this.streams.get(id)?.send.finish();
    this.events.transmit();
  }

  /** Gives up sending: what waits is dropped. Without effect behind `finish`. */
  reset(id: number, code: number): void {
    this.streams.get(id)?.send.reset(code);
    this.events.transmit();
  }

  /** The application lets go of the sending half: a reset unless it was finished. */
  releaseSend(id: number): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    stream.send.reset(0);
    stream.send.released = true;
    this.streams.tidy(stream);
    this.events.transmit();
  }

  /** What has come. Bytes that came before the connection closed can still be read. */
  read(id: number): ReadOutcome {
    const stream = this.streams.get(id);
    if (!stream) throw new HalfError(null);
    const outcome = stream.recv.read();
    if (outcome === null && this.closed) throw new HalfError(null);
    if (outcome instanceof Uint8Array) this.consume(stream, outcome.length);
    if (stream.recv.hasSignal) this.events.transmit();
    return outcome;
  }

  /** Wants no more: what waits and what still comes is thrown away. */
  stop(id: number, code: number): void {
    const stream = this.streams.get(id);
    if (!stream) return;
    this.consume(stream, stream.recv.stop(code));
    this.events.transmit();
  }

  /** The application lets go of the receiving half: a stop unless it has ended. */
  releaseRecv(id: number): void {
    this.stop(id, 0);
    const stream = this.streams.get(id);
    if (!stream) return;
    stream.recv.released = true;
    this.streams.tidy(stream);
  }

  /** Sends what may be lost. One that is too long is dropped, and the oldest of too many. */
  sendDatagram(bytes: Uint8Array): void {
    if (this.closed || bytes.length > DATAGRAM_BYTES_MAX) return;
    if (this.datagrams.length === MUX_DATAGRAMS_MAX) this.datagrams.shift();
    this.datagrams.push(bytes);
    this.events.transmit();
  }

  /** Ends everything; nothing more is transmitted. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.datagrams = [];
    for (const stream of this.streams.all()) stream.send.forget();
    this.events.closed();
  }

  /** One message of the peer. After an error the machine is closed. */
  receive(message: Uint8Array): void {
    if (this.closed) return;
    try {
      for (const frame of muxFrames(message)) this.frame(frame);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private frame(frame: MuxFrame): void {
    switch (frame.kind) {
      case 'data': {
        const stream = this.sender(frame.stream);
        const dropped = stream.recv.receive(frame.bytes);
        if (isBulk(stream.streamClass)) this.pool.receive(frame.bytes.length);
        this.consume(stream, dropped);
        this.events.readable(stream.id);
        break;
      }
      case 'fin':
      case 'reset': {
        const stream = this.sender(frame.stream);
        this.consume(stream, frame.kind === 'fin' ? stream.recv.finish() : stream.recv.reset(frame.code));
        this.streams.tidy(stream);
        this.events.readable(stream.id);
        break;
      }
      case 'stop':
        this.receiver(frame.stream)?.send.stop(frame.code);
        this.events.writable(frame.stream);
        this.events.transmit();
        break;
      case 'credit':
        this.granted(frame.stream, frame.limit);
        break;
      case 'datagram':
        this.events.datagram(frame.bytes);
        break;
      case 'open':
        this.opened(frame.stream, frame.class);
        break;
    }
  }

  private opened(id: number, streamClass: StreamClass): void {
    if (this.role === 'client') throw new MuxError('open_by_server');
    if (id !== this.streams.nextId) throw new MuxError('open_order');
    if (this.streams.openCount >= STREAMS_MAX) throw new MuxError('too_many_streams');
    this.streams.add(streamClass, false);
    this.events.accept();
  }

  private granted(id: number, limit: number): void {
    const grows = id === 0 ? this.pool.raise(limit) : this.receiver(id)?.send.credit.raise(limit);
    if (grows === false) throw new MuxError('credit_shrank');
    this.events.transmit();
  }

  /** The stream whose sending half speaks. One that is forgotten had ended. */
  private sender(id: number): Stream {
    const stream = this.streams.get(id);
    if (!stream) throw new MuxError(this.streams.wasOpened(id) ? 'after_end' : 'unknown_stream');
    return stream;
  }

  /** The stream whose receiving half speaks, unless it is forgotten. */
  private receiver(id: number): Stream | undefined {
    if (!this.streams.wasOpened(id)) throw new MuxError('unknown_stream');
    return this.streams.get(id);
  }

  /** The next message, or null when there is nothing to say. */
  transmit(): Uint8Array<ArrayBuffer> | null {
    return this.closed ? null : this.scheduler.transmit(this.datagrams);
  }

  /** Gives credit of the pool back for bytes that were read or thrown away. */
  private consume(stream: Stream, bytes: number): void {
    if (isBulk(stream.streamClass) && this.pool.consume(bytes)) this.events.transmit();
  }
}
