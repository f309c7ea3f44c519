/**
 * Ids are 16 bytes, as text 26 characters of Crockford's base32; tickets are 32 bytes,
 * as text 64 hexadecimal digits. No meaning is read from an id's bytes.
 */
import { fromHex, toHex } from './hex';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** Letters in either case; O reads as 0, I and L as 1. */
const DIGITS = new Map<string, number>(
  [...ALPHABET].flatMap((letter, digit) => [
    [letter, digit] as const,
    [letter.toLowerCase(), digit] as const,
  ]),
);
for (const [alias, digit] of [
  ['O', 0],
  ['I', 1],
  ['L', 1],
] as const) {
  DIGITS.set(alias, digit).set(alias.toLowerCase(), digit);
}

/** All zero: no epoch, nothing yet. */
export const ZERO_ID = '0'.repeat(26);

/** A text that is no id or no ticket. */
export class BadId extends RangeError {}

export function bytesToId(bytes: Uint8Array): string {
  let text = '';
  // 128 bits make 26 digits of 5 with two zero bits in front.
  let held = 0;
  let bits = 2;
  for (const byte of bytes) {
    held = ((held & 31) << 8) | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET.charAt((held >> bits) & 31);
    }
  }
  return text;
}

export function idToBytes(text: string): Uint8Array {
  const bytes = new Uint8Array(16);
  let held = 0;
  let bits = -2;
  let at = 0;
  for (const letter of text) {
    const digit = DIGITS.get(letter);
    if (digit === undefined || at === 16) throw new BadId('an id is 26 characters of base32');
    if (bits < 0 && digit > 7) throw new BadId('the first character of an id is 0 to 7');
    held = ((held & 255) << 5) | digit;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes[at] = (held >> bits) & 255;
      at += 1;
    }
  }
  if (text.length !== 26) throw new BadId('an id is 26 characters of base32');
  return bytes;
}

export function bytesToHex(bytes: Uint8Array): string {
  return toHex(bytes);
}

export function hexToBytes(text: string): Uint8Array {
  if (!/^[0-9a-f]{64}$/i.test(text)) throw new BadId('this is 64 hexadecimal digits');
  return fromHex(text);
}

/** A UUIDv7 (RFC 9562, section 5.7) from a time and ten random bytes. */
export function uuidV7(unixMs: number, random: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, Math.floor(unixMs / 2 ** 32));
  view.setUint32(2, unixMs % 2 ** 32);
  bytes.set(random.subarray(0, 10), 6);
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70);
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80);
  return bytes;
}

/** A new id: for requests that change something, and for attempts. */
export function newId(unixMs: number): string {
  return bytesToId(uuidV7(unixMs, crypto.getRandomValues(new Uint8Array(10))));
}
