import { describe, expect, it } from 'vitest';
import streams from '../../../protocol/vectors/frames.json';
import varints from '../../../protocol/vectors/varints.json';
import { type Frame, FrameDecoder, FrameError, decodeDatagram, encodeFrame } from './frame';
import { fromHex, toHex } from './hex';
import { VarintError, type VarintReason, readVarint } from './varint';

describe('pinned integers of headers', () => {
  it.each(varints)('$name', ({ hex, value, error }) => {
    const bytes = fromHex(hex);
    if (error === undefined) {
      expect(readVarint(bytes, 0)).toEqual({ value: Number(value), length: bytes.length });
      for (let cut = 0; cut < bytes.length; cut += 1)
        expect(readVarint(bytes.subarray(0, cut), 0)).toBeNull();
    } else {
      expect(() => readVarint(bytes, 0)).toThrow(new VarintError(error as VarintReason));
    }
  });
});

/** What a stream holds, pushed in pieces of a length. */
function outcome(bytes: Uint8Array, max: number, step: number): unknown {
  const decoder = new FrameDecoder(max);
  const frames: { kind: number; body_hex: string }[] = [];
  try {
    for (let at = 0; at < bytes.length; at += step) {
      decoder.push(bytes.subarray(at, at + step));
      for (let frame = decoder.next(); frame; frame = decoder.next()) {
        frames.push({ kind: frame.kind, body_hex: toHex(frame.body) });
      }
    }
  } catch (error) {
    if (error instanceof FrameError) return { frames, error: error.reason };
    throw error;
  }
  return { frames, cut: !decoder.isBetweenFrames };
}

describe('pinned streams', () => {
  it.each(streams)('$name', ({ hex, body_bytes_max, expected }) => {
    for (const step of [1, 2, 3, 1000]) expect(outcome(fromHex(hex), body_bytes_max, step)).toEqual(expected);
  });
});

it('keeps frames that were handed out as they are', () => {
  const all = new Uint8Array(200 * 3).map(
    (_, at) => encodeFrame('Ping', { nonce: Math.floor(at / 3) })[at % 3] ?? 0,
  );
  const decoder = new FrameDecoder(100);
  const frames: Frame[] = [];
  for (let at = 0; at < all.length; at += 7) {
    decoder.push(all.slice(at, at + 7));
    for (let frame = decoder.next(); frame; frame = decoder.next()) frames.push(frame);
  }
  expect(frames.map((frame) => frame.body[0])).toEqual(Array.from({ length: 200 }, (_, at) => at));
});

it('refuses a datagram without a kind', () => {
  expect(() => decodeDatagram(new Uint8Array())).toThrow(FrameError);
  expect(decodeDatagram(fromHex('3d05'))).toEqual({ kind: 61, body: fromHex('05') });
});
