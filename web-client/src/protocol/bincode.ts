/**
 * Reader and writer of bodies: the layout of bincode 2 with variable-length integers.
 * What a body may hold is in generated.ts; this file knows only the pieces.
 *
 * Every length is checked against the bytes that are there before anything is made
 * of it, and text must be UTF-8.
 */
import { bytesToId, bytesToHex, idToBytes, hexToBytes } from './id';

export interface Codec<T> {
  read(input: Reader): T;
  write(out: Writer, value: T): void;
}

export type DecodeReason = 'cut' | 'leftover' | 'integer' | 'range' | 'length' | 'text' | 'bool' | 'option';

/** Bytes are not the value that they should be. */
export class DecodeError extends Error {
  constructor(readonly reason: DecodeReason) {
    super(`the body does not decode: ${reason}`);
  }
}

/** A byte order mark is text like any other. */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

export class Reader {
  private at = 0;
  private readonly view: DataView;

  constructor(private readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Nothing may be left when a body was read. */
  end(): void {
    if (this.at !== this.bytes.length) throw new DecodeError('leftover');
  }

  /** The place of the next `length` bytes. */
  private skip(length: number): number {
    const at = this.at;
    if (length > this.bytes.length - at) throw new DecodeError('cut');
    this.at = at + length;
    return at;
  }

  private take(length: number): Uint8Array {
    const at = this.skip(length);
    return this.bytes.subarray(at, at + length);
  }

  u32(): number {
    const first = this.view.getUint8(this.skip(1));
    if (first < 251) return first;
    if (first === 251) return this.view.getUint16(this.skip(2), true);
    if (first === 252) return this.view.getUint32(this.skip(4), true);
    throw new DecodeError('integer');
  }

  /** An integer below 2^53. */
  u53(): number {
    const first = this.bytes[this.at];
    if (first !== 253) return this.u32();
    this.skip(1);
    const at = this.skip(8);
    const high = this.view.getUint32(at + 4, true);
    if (high >= 2 ** 21) throw new DecodeError('range');
    return high * 2 ** 32 + this.view.getUint32(at, true);
  }

  bool(): boolean {
    const byte = this.view.getUint8(this.skip(1));
    if (byte > 1) throw new DecodeError('bool');
    return byte === 1;
  }

  text(): string {
    const bytes = this.take(this.length());
    try {
      return decoder.decode(bytes);
    } catch {
      throw new DecodeError('text');
    }
  }

  /** Bytes that are a copy: what they were read from is used again. */
  buffer(): Uint8Array {
    return this.take(this.length()).slice();
  }

  /** A count of things of at least one byte each. */
  private length(): number {
    const length = this.u53();
    if (length > this.bytes.length - this.at) throw new DecodeError('length');
    return length;
  }

  id(): string {
    return bytesToId(this.take(16));
  }

  /** 32 bytes. */
  hex(): string {
    return bytesToHex(this.take(32));
  }

  option<T>(read: () => T): T | null {
    const tag = this.view.getUint8(this.skip(1));
    if (tag > 1) throw new DecodeError('option');
    return tag === 1 ? read() : null;
  }

  list<T>(read: () => T): T[] {
    const length = this.length();
    const items: T[] = [];
    for (let count = 0; count < length; count += 1) items.push(read());
    return items;
  }
}

/** A value that cannot be written is a defect of the caller: a `RangeError`. */
export class Writer {
  private bytes = new Uint8Array(128);
  private view = new DataView(this.bytes.buffer);
  private at = 0;

  /** What was written so far. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.bytes.subarray(0, this.at);
  }

  /** Bytes written so far. */
  get length(): number {
    return this.at;
  }

  /** The place of the next `length` bytes. */
  private grow(length: number): number {
    const at = this.at;
    if (at + length > this.bytes.length) {
      const wider = new Uint8Array(Math.max(this.bytes.length * 2, at + length));
      wider.set(this.bytes);
      this.bytes = wider;
      this.view = new DataView(wider.buffer);
    }
    this.at = at + length;
    return at;
  }

  raw(bytes: Uint8Array): void {
    const at = this.grow(bytes.length);
    this.bytes.set(bytes, at);
  }

  u8(value: number): void {
    const at = this.grow(1);
    this.view.setUint8(at, value);
  }

  u32(value: number): void {
    if (!(value < 2 ** 32)) throw new RangeError(`${String(value)} is no u32`);
    this.u53(value);
  }

  u53(value: number): void {
    if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`${String(value)} is no u53`);
    if (value < 251) {
      this.u8(value);
    } else if (value < 2 ** 16) {
      const at = this.grow(3);
      this.view.setUint8(at, 251);
      this.view.setUint16(at + 1, value, true);
    } else if (value < 2 ** 32) {
      const at = this.grow(5);
      this.view.setUint8(at, 252);
      this.view.setUint32(at + 1, value, true);
    } else {
      const at = this.grow(9);
      this.view.setUint8(at, 253);
      this.view.setUint32(at + 1, value % 2 ** 32, true);
      this.view.setUint32(at + 5, Math.floor(value / 2 ** 32), true);
    }
  }

  bool(value: boolean): void {
    this.u8(value ? 1 : 0);
  }

  text(value: string): void {
    const bytes = encoder.encode(value);
    this.u53(bytes.length);
    this.raw(bytes);
  }

  buffer(value: Uint8Array): void {
    this.u53(value.length);
    this.raw(value);
  }

  id(value: string): void {
    this.raw(idToBytes(value));
  }

  /** 32 bytes. */
  hex(value: string): void {
    this.raw(hexToBytes(value));
  }

  option<T>(value: T | null, write: (item: T) => void): void {
    this.bool(value !== null);
    if (value !== null) write(value);
  }

  list<T>(items: readonly T[], write: (item: T) => void): void {
    this.u53(items.length);
    for (const item of items) write(item);
  }
}
