/**
 * The bytes of mux frames. A message is one or more whole frames:
 * 0 Data stream length bytes · 1 Fin stream · 2 Reset stream code · 3 Stop stream code ·
 * 4 Credit stream limit · 5 Datagram length bytes · 6 Open stream class.
 */
import type { Writer } from '../bincode';
import { DATAGRAM_BYTES_MAX, MUX_CHUNK_BYTES_MAX, MUX_MESSAGE_BYTES_MAX, StreamClass } from '../generated';
import { VarintError, readVarint } from '../varint';
import { MuxError } from './error';

export type MuxFrame =
  | { readonly kind: 'data'; readonly stream: number; readonly bytes: Uint8Array }
  | { readonly kind: 'fin'; readonly stream: number }
  | { readonly kind: 'reset'; readonly stream: number; readonly code: number }
  | { readonly kind: 'stop'; readonly stream: number; readonly code: number }
  | { readonly kind: 'credit'; readonly stream: number; readonly limit: number }
  | { readonly kind: 'datagram'; readonly bytes: Uint8Array }
  | { readonly kind: 'open'; readonly stream: number; readonly class: StreamClass };

const DATA = 0;
const FIN = 1;
const RESET = 2;
const STOP = 3;
const CREDIT = 4;
const DATAGRAM = 5;
const OPEN = 6;

/** By number, most urgent first. */
export const CLASSES: readonly StreamClass[] = Object.values(StreamClass).sort((a, b) => a - b);

/** Whether streams of a class draw on the shared pool. */
export function isBulk(streamClass: StreamClass): boolean {
  return streamClass === StreamClass.history || streamClass === StreamClass.file;
}

function putHead(out: Writer, kind: number, stream: number): void {
  out.u8(kind);
  out.u32(stream);
}

/** The front of a `data` frame whose bytes are gathered from several pieces. */
export function putDataHeader(out: Writer, stream: number, length: number): void {
  putHead(out, DATA, stream);
  out.u32(length);
}

export function putFrame(out: Writer, frame: MuxFrame): void {
  switch (frame.kind) {
    case 'data':
      putDataHeader(out, frame.stream, frame.bytes.length);
      out.raw(frame.bytes);
      break;
    case 'fin':
      putHead(out, FIN, frame.stream);
      break;
    case 'reset':
    case 'stop':
      putHead(out, frame.kind === 'reset' ? RESET : STOP, frame.stream);
      out.u32(frame.code);
      break;
    case 'credit':
      putHead(out, CREDIT, frame.stream);
      out.u53(frame.limit);
      break;
    case 'datagram':
      out.u8(DATAGRAM);
      out.u32(frame.bytes.length);
      out.raw(frame.bytes);
      break;
    case 'open':
      putHead(out, OPEN, frame.stream);
      out.u8(frame.class);
      break;
  }
}

class Cursor {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get isAtEnd(): boolean {
    return this.at === this.bytes.length;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new MuxError('cut');
    this.at += 1;
    return byte;
  }

  take(length: number): Uint8Array {
    const end = this.at + length;
    if (end > this.bytes.length) throw new MuxError('cut');
    const bytes = this.bytes.subarray(this.at, end);
    this.at = end;
    return bytes;
  }

  varint(): number {
    try {
      const found = readVarint(this.bytes, this.at);
      if (!found) throw new MuxError('cut');
      this.at += found.length;
      return found.value;
    } catch (error) {
      if (error instanceof VarintError) throw new MuxError(error.reason);
      throw error;
    }
  }

  below(end: number): number {
    const value = this.varint();
    if (value >= end) throw new MuxError('range');
    return value;
  }

  u32(): number {
    return this.below(2 ** 32);
  }

  frame(): MuxFrame {
    switch (this.byte()) {
      case DATA: {
        const stream = this.u32();
        const length = this.varint();
        if (length === 0 || length > MUX_CHUNK_BYTES_MAX) throw new MuxError('chunk_length');
        return { kind: 'data', stream, bytes: this.take(length) };
      }
      case FIN:
        return { kind: 'fin', stream: this.u32() };
      case RESET:
        return { kind: 'reset', stream: this.u32(), code: this.u32() };
      case STOP:
        return { kind: 'stop', stream: this.u32(), code: this.u32() };
      case CREDIT:
        return { kind: 'credit', stream: this.u32(), limit: this.below(2 ** 53) };
      case DATAGRAM: {
        const length = this.varint();
        if (length > DATAGRAM_BYTES_MAX) throw new MuxError('datagram_too_long');
        return { kind: 'datagram', bytes: this.take(length) };
      }
      case OPEN: {
        const stream = this.u32();
        const streamClass = CLASSES[this.byte()];
        if (streamClass === undefined) throw new MuxError('class');
        return { kind: 'open', stream, class: streamClass };
      }
      default:
        throw new MuxError('kind');
    }
  }
}

/** The frames of one message; their bytes are views of it. */
export function* muxFrames(message: Uint8Array): Generator<MuxFrame, void> {
  if (message.length === 0) throw new MuxError('empty_message');
  if (message.length > MUX_MESSAGE_BYTES_MAX) throw new MuxError('message_too_long');
  const cursor = new Cursor(message);
  while (!cursor.isAtEnd) yield cursor.frame();
}
