import { describe, expect, it } from 'vitest';
import frames from '../../../../protocol/vectors/mux_frames.json';
import refused from '../../../../protocol/vectors/mux_refused.json';
import { Writer } from '../bincode';
import { fromHex, toHex } from '../hex';
import { MuxError } from './error';
import { CLASSES, type MuxFrame, muxFrames, putFrame } from './frame';
import { Mux, type MuxEvents, type Role } from './machine';

const silent: MuxEvents = {
  transmit: () => undefined,
  accept: () => undefined,
  datagram: () => undefined,
  writable: () => undefined,
  readable: () => undefined,
  closed: () => undefined,
};

/** A frame as the vectors describe it. */
function described(frame: MuxFrame): unknown {
  if (!('bytes' in frame)) return frame;
  const { bytes, ...rest } = frame;
  return { ...rest, bytes_hex: toHex(bytes) };
}

function bytesOf(list: Iterable<MuxFrame>): Uint8Array {
  const out = new Writer();
  for (const frame of list) putFrame(out, frame);
  return out.finish();
}

describe('pinned frames of the mux', () => {
  it.each(frames)('$name', (vector) => {
    const found = [...muxFrames(fromHex(vector.hex))];
    expect(found.map(described)).toEqual(vector.frames);
    expect(toHex(bytesOf(found))).toBe(vector.hex);
  });
});

interface Entry {
  hex?: string | undefined;
  zero_bytes?: number | undefined;
  zeroes?: { stream: number; length: number; times: number } | undefined;
}

function messages({ hex, zero_bytes, zeroes }: Entry): Uint8Array[] {
  if (hex !== undefined) return [fromHex(hex)];
  if (zero_bytes !== undefined) return [new Uint8Array(zero_bytes)];
  if (!zeroes) throw new Error('an unknown entry');
  const frame: MuxFrame = { kind: 'data', stream: zeroes.stream, bytes: new Uint8Array(zeroes.length) };
  return Array.from({ length: zeroes.times }, () => bytesOf([frame]));
}

describe('what a peer may not say', () => {
  it.each(refused)('$name', (vector) => {
    const mux = new Mux(vector.role as Role, silent);
    for (const number of vector.opened) mux.open(CLASSES[number] ?? 0);
    const all = vector.messages.flatMap(messages);
    const last = all.pop() ?? new Uint8Array();
    for (const message of all) mux.receive(message);
    let reason: string | null = null;
    try {
      mux.receive(last);
    } catch (error) {
      if (error instanceof MuxError) reason = error.reason;
    }
    expect(reason).toBe(vector.error);
    expect(mux.closed).toBe(true);
  });
});
