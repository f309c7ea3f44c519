/** Frames: `length varint | kind varint | body`, where length counts kind and body. */
import { type Codec, Reader, Writer } from './bincode';
import {
  type Bodies,
  CODECS,
  type EntryHeader,
  KIND_NAMES,
  Kind,
  type KindName,
  readEntryHeader,
  readUserEntryHeader,
  type UserEntryHeader,
} from './generated';
import { VarintError, type VarintReason, readVarint } from './varint';

/** One frame, its body still encoded. The kind may be one of a later version. */
export interface Frame {
  readonly kind: number;
  readonly body: Uint8Array;
}

/** A frame of a known kind, decoded; `name` tells the type of `body`. */
export type Message = { [N in KindName]: { readonly name: N; readonly body: Bodies[N] } }[KindName];

export type FrameReason = 'too_long' | 'kind' | VarintReason;

/** A stream, or a datagram, holds no further frame. */
export class FrameError extends Error {
  constructor(readonly reason: FrameReason) {
    super(`a frame: ${reason}`);
  }
}

function varint(bytes: Uint8Array, at: number): ReturnType<typeof readVarint> {
  try {
    return readVarint(bytes, at);
  } catch (error) {
    if (error instanceof VarintError) throw new FrameError(error.reason);
    throw error;
  }
}

function splitKind(whole: Uint8Array): Frame {
  const kind = varint(whole, 0);
  if (!kind || kind.value >= 2 ** 32) throw new FrameError('kind');
  return { kind: kind.value, body: whole.subarray(kind.length) };
}

/** Cuts a stream of bytes into frames. After an error the stream is of no further use. */
export class FrameDecoder {
  private buffer: Uint8Array = new Uint8Array(0);
  private start = 0;
  private end = 0;
  /** Whether the buffer was made here, so that bytes may be appended. */
  private ours = false;

  constructor(private readonly bodyBytesMax: number) {}

  /** Takes bytes off a stream; the caller does not change them later. */
  push(bytes: Uint8Array): void {
    if (this.isBetweenFrames) {
      this.buffer = bytes;
      this.start = 0;
      this.end = bytes.length;
      this.ours = false;
      return;
    }
    this.reserve(bytes.length);
    this.buffer.set(bytes, this.end);
    this.end += bytes.length;
  }

  /** Frames that were handed out stay as they are: bytes are only ever appended. */
  private reserve(more: number): void {
    if (this.ours && this.end + more <= this.buffer.length) return;
    const held = this.buffer.subarray(this.start, this.end);
    const wider = new Uint8Array(Math.max(2 * held.length, held.length + more));
    wider.set(held);
    this.buffer = wider;
    this.start = 0;
    this.end = held.length;
    this.ours = true;
  }

  /** The next whole frame, or null when more bytes are needed. */
  next(): Frame | null {
    const bytes = this.buffer.subarray(this.start, this.end);
    const length = varint(bytes, 0);
    if (!length) return null;
    if (length.value > this.bodyBytesMax) throw new FrameError('too_long');
    const whole = length.length + length.value;
    if (bytes.length < whole) return null;
    this.start += whole;
    return splitKind(bytes.subarray(length.length, whole));
  }

  /** Whether the stream may end here: a frame that is cut is an error. */
  get isBetweenFrames(): boolean {
    return this.start === this.end;
  }
}

function put<N extends KindName>(out: Writer, name: N, body: Bodies[N]): void {
  out.u32(Kind[name]);
  CODECS[name].write(out, body);
}

/** A whole frame. */
export function encodeFrame<N extends KindName>(name: N, body: Bodies[N]): Uint8Array {
  const inner = new Writer();
  put(inner, name, body);
  const bytes = inner.finish();
  const out = new Writer();
  out.u53(bytes.length);
  out.raw(bytes);
  return out.finish();
}

/**
 * The same for a `FileChunk`, with one copy of its bytes instead of three: files are made
 * of little else.
 */
export function encodeFileChunk(offset: number, bytes: Uint8Array): Uint8Array {
  const front = new Writer();
  front.u32(Kind.FileChunk);
  front.u53(offset);
  front.u53(bytes.length);
  const head = front.finish();
  const length = new Writer();
  length.u53(head.length + bytes.length);
  const before = length.finish();
  const frame = new Uint8Array(before.length + head.length + bytes.length);
  frame.set(before);
  frame.set(head, before.length);
  frame.set(bytes, before.length + head.length);
  return frame;
}

/** A datagram: kind, body. Its length is the transport's. */
export function encodeDatagram<N extends KindName>(name: N, body: Bodies[N]): Uint8Array {
  const out = new Writer();
  put(out, name, body);
  return out.finish();
}

export function decodeDatagram(bytes: Uint8Array): Frame {
  return splitKind(bytes);
}

function readAll<T>(codec: Codec<T>, bytes: Uint8Array): T {
  const input = new Reader(bytes);
  const value = codec.read(input);
  input.end();
  return value;
}

/** The frame's body, every byte of it; null for a kind of a later version. */
export function decodeBody(frame: Frame): Message | null {
  const name = KIND_NAMES.get(frame.kind);
  if (name === undefined) return null;
  const codec: Codec<Bodies[KindName]> = CODECS[name];
  return { name, body: readAll(codec, frame.body) } as Message;
}

/** The body of a frame that must be of one kind. */
export function decodeAs<N extends KindName>(name: N, frame: Frame): Bodies[N] {
  if (frame.kind !== Kind[name]) throw new FrameError('kind');
  return readAll(CODECS[name], frame.body);
}

/** Whether a frame is an entry of a room's log, also of a kind of a later version. */
export function isRoomEntry(kind: number): boolean {
  return kind >= 128 && kind <= 191;
}

/** Whether a frame is an entry of the user's own log. */
export function isUserEntry(kind: number): boolean {
  return kind >= 192 && kind <= 222;
}

/** The front of any entry of a room's log, to step over a kind that is not known. */
export function entryHeader(frame: Frame): EntryHeader {
  return readEntryHeader(new Reader(frame.body));
}

/** The same for the user's own log. */
export function userEntryHeader(frame: Frame): UserEntryHeader {
  return readUserEntryHeader(new Reader(frame.body));
}
