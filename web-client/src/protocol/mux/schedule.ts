/**
 * What goes into the next message: signals, then datagrams, then data, lowest class
 * first and round robin inside one. A message is made only when the writer asks for
 * one, and closed once it holds a chunk's worth: what is urgent waits for at most one.
 */
import { Writer } from '../bincode';
import {
  MUX_CHUNK_BYTES_MAX,
  MUX_FILE_WINDOW_BYTES,
  MUX_SEND_BUFFER_BYTES_MAX,
  StreamClass,
} from '../generated';
import { isBulk, putDataHeader, putFrame } from './frame';
import type { Pool } from './pool';
import type { Stream, Streams } from './stream';

/** No frame is begun behind this many bytes of a message. */
const MESSAGE_FULL_BYTES = MUX_CHUNK_BYTES_MAX;

export class Scheduler {
  private turn = 0;

  constructor(
    private readonly streams: Streams,
    private readonly pool: Pool,
    private readonly writable: (stream: number) => void,
  ) {}

  /** The next message, or null when there is nothing to say. */
  transmit(datagrams: Uint8Array[]): Uint8Array<ArrayBuffer> | null {
    const out = new Writer();
    this.putSignals(out);
    while (out.length < MESSAGE_FULL_BYTES) {
      const bytes = datagrams.shift();
      if (!bytes) break;
      putFrame(out, { kind: 'datagram', bytes });
    }
    while (out.length < MESSAGE_FULL_BYTES) {
      const next = this.nextChunk();
      if (!next) break;
      this.putChunk(next.stream, next.length, out);
    }
    return out.length > 0 ? out.finish() : null;
  }

  private putSignals(out: Writer): void {
    const limit = this.pool.takeCreditDue();
    if (limit !== null) putFrame(out, { kind: 'credit', stream: 0, limit });
    for (const stream of this.streams.all()) {
      if (!stream.hasSignal || out.length >= MESSAGE_FULL_BYTES) continue;
      if (stream.openDue) {
        stream.openDue = false;
        putFrame(out, { kind: 'open', stream: stream.id, class: stream.streamClass });
      }
      const limit = stream.recv.takeCreditDue();
      if (limit !== null) putFrame(out, { kind: 'credit', stream: stream.id, limit });
      const stop = stream.recv.takeStopDue();
      if (stop !== null) putFrame(out, { kind: 'stop', stream: stream.id, code: stop });
      const reset = stream.resetDue;
      if (reset !== null) {
        putFrame(out, { kind: 'reset', stream: stream.id, code: reset });
        this.ended(stream);
      }
    }
  }

  /** The stream whose turn it is, and how much it may send; 0 bytes are a `fin` alone. */
  private nextChunk(): { stream: Stream; length: number } | null {
    const fileRoom = Math.max(0, MUX_FILE_WINDOW_BYTES - this.fileBytesUnread());
    let best: { stream: Stream; length: number } | null = null;
    for (const stream of this.streams.all()) {
      if (stream.openDue) continue;
      const length = this.allowance(stream, fileRoom);
      if (length === null) continue;
      const urgency = best ? stream.streamClass - best.stream.streamClass : -1;
      if (!best || urgency < 0 || (urgency === 0 && stream.send.served < best.stream.send.served)) {
        best = { stream, length };
      }
    }
    return best;
  }

  private allowance(stream: Stream, fileRoom: number): number | null {
    if (stream.send.isFinDue) return 0;
    let length = Math.min(stream.send.waitingBytes, MUX_CHUNK_BYTES_MAX, stream.send.credit.room);
    if (isBulk(stream.streamClass)) length = Math.min(length, this.pool.out.room);
    if (stream.streamClass === StreamClass.file) length = Math.min(length, fileRoom);
    return length > 0 ? length : null;
  }

  /** How much of the pool file streams hold, as far as this side can know. */
  private fileBytesUnread(): number {
    let bytes = this.pool.endedFileBytes;
    for (const { streamClass, send } of this.streams.all()) {
      if (streamClass === StreamClass.file && !send.isEnded) bytes += send.credit.unread;
    }
    return Math.min(bytes, this.pool.out.unread);
  }

  private putChunk(stream: Stream, length: number, out: Writer): void {
    this.turn += 1;
    stream.send.served = this.turn;
    if (length > 0) {
      putDataHeader(out, stream.id, length);
      stream.send.take(length, out);
      if (isBulk(stream.streamClass)) this.pool.out.spend(length);
    }
    if (stream.send.isFinDue) {
      putFrame(out, { kind: 'fin', stream: stream.id });
      this.ended(stream);
    }
    if (stream.send.waitingBytes <= MUX_SEND_BUFFER_BYTES_MAX / 2) this.writable(stream.id);
  }

  /** `fin` or `reset` of our half was put into the message. */
  private ended(stream: Stream): void {
    stream.send.end();
    if (stream.streamClass === StreamClass.file) this.pool.endedFileBytes += stream.send.credit.unread;
    this.streams.tidy(stream);
  }
}
