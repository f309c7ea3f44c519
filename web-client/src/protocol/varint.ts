/**
 * Integers of headers: those of bodies, but only in their shortest form. Values from
 * 2^53 on lose digits here; every user of them has a limit far below.
 */
export type VarintReason = 'varint_prefix' | 'varint_overlong';

export class VarintError extends Error {
  constructor(readonly reason: VarintReason) {
    super(`an integer in a header: ${reason}`);
  }
}

export interface Varint {
  readonly value: number;
  /** Bytes that it takes. */
  readonly length: number;
}

/** The integer at `at`, or null when more bytes are needed. */
export function readVarint(bytes: Uint8Array, at: number): Varint | null {
  const first = bytes[at];
  if (first === undefined) return null;
  if (first < 251) return { value: first, length: 1 };
  if (first > 253) throw new VarintError('varint_prefix');
  const width = first === 251 ? 2 : first === 252 ? 4 : 8;
  if (at + 1 + width > bytes.length) return null;
  let value = 0;
  for (let place = width; place > 0; place -= 1) value = value * 256 + (bytes[at + place] ?? 0);
  const floor = first === 251 ? 251 : first === 252 ? 2 ** 16 : 2 ** 32;
  if (value < floor) throw new VarintError('varint_overlong');
  return { value, length: 1 + width };
}
