import { describe, expect, it } from 'vitest';
import pinned from '../../../protocol/vectors/messages.json';
import refused from '../../../protocol/vectors/refused.json';
import { DecodeError, Reader, Writer } from './bincode';
import { type Bodies, CODECS, KIND_NAMES, Kind, type KindName } from './generated';
import { FrameDecoder, type Message, decodeAs, decodeBody, encodeDatagram, encodeFrame } from './frame';
import { fromHex, toHex } from './hex';

interface Vector {
  name: string;
  kind: number;
  body_hex: string;
  frame_hex: string;
  value: unknown;
}

const vectors: Vector[] = pinned;

/** The names of the JSON form as they are here: `at_ms` is `atMs`. */
function camel(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camel);
  if (typeof value !== 'object' || value === null) return value;
  const rename = (key: string) => key.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [rename(key), camel(item)]));
}

/** Bytes are lists of numbers in the JSON form. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array || Array.isArray(value)) return Array.from(value, plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

function decode(kind: number, hex: string): Message | null {
  return decodeBody({ kind, body: fromHex(hex) });
}

function encodeBody<N extends KindName>(name: N, body: Bodies[N]): string {
  const out = new Writer();
  CODECS[name].write(out, body);
  return toHex(out.finish());
}

describe('pinned messages', () => {
  it.each(vectors)('$name', (vector) => {
    const message = decode(vector.kind, vector.body_hex);
    expect(message?.name).toBe(KIND_NAMES.get(vector.kind));
    if (!message) return;
    expect(plain(message.body)).toEqual(camel(vector.value));
    expect(encodeBody(message.name, message.body)).toBe(vector.body_hex);
    const frame = encodeFrame(message.name, message.body);
    expect(toHex(frame)).toBe(vector.frame_hex);
    const decoder = new FrameDecoder(1 << 20);
    decoder.push(frame);
    expect(decoder.next()).toEqual({ kind: vector.kind, body: fromHex(vector.body_hex) });
    expect(decoder.isBetweenFrames).toBe(true);
  });

  it('have one of every kind', () => {
    const seen = new Set(vectors.map((vector) => vector.kind));
    expect(Object.values(Kind).filter((kind) => !seen.has(kind))).toEqual([]);
  });

  it.each(vectors.filter((vector) => vector.body_hex !== ''))(
    '$name: cut, or with a byte behind it',
    (vector) => {
      for (let cut = 0; cut < vector.body_hex.length; cut += 2) {
        expect(() => decode(vector.kind, vector.body_hex.slice(0, cut))).toThrow(DecodeError);
      }
      expect(() => decode(vector.kind, `${vector.body_hex}00`)).toThrow(new DecodeError('leftover'));
    },
  );
});

describe('refused bodies', () => {
  it.each(refused)('$name', (vector) => {
    expect(() => decode(vector.kind, vector.body_hex)).toThrow(DecodeError);
  });
});

describe('bodies', () => {
  it('of a later version are null', () => {
    expect(decode(1000, '00')).toBeNull();
  });

  it('of the wrong kind are refused', () => {
    const frame = { kind: Kind.Pong, body: fromHex('0100') };
    expect(() => decodeAs('Ping', frame)).toThrow();
    expect(decodeAs('Pong', frame)).toEqual({ nonce: 1, nowMs: 0 });
  });

  it('go into datagrams without a length', () => {
    expect(toHex(encodeDatagram('Ping', { nonce: 5 }))).toBe('3d05');
  });

  it('that no peer could read are not written', () => {
    for (const nonce of [-1, 0.5, 2 ** 32, Number.NaN]) {
      expect(() => encodeFrame('Ping', { nonce })).toThrow(RangeError);
    }
    expect(() => encodeFrame('UserHead', { seq: 2 ** 53 })).toThrow(RangeError);
  });

  it('that are long are written whole', () => {
    const text = '漢'.repeat(5000);
    const id = '0'.repeat(26);
    const frame = encodeFrame('Post', { request: 1, room: id, clientId: id, text });
    const decoder = new FrameDecoder(32 * 1024);
    decoder.push(frame);
    const back = decoder.next();
    expect(back && decodeAs('Post', back).text).toBe(text);
  });
});

it('reads integers in longer forms inside a body, as bincode does', () => {
  expect(new Reader(fromHex('fb0100')).u32()).toBe(1);
  expect(new Reader(fromHex('fd0100000000000000')).u53()).toBe(1);
});
