/**
 * Two machines joined back to back under random operations: the bytes of a stream
 * arrive once and in order, nobody exceeds a credit (the other machine would refuse
 * it), the urgent goes first, everything arrives once both read, and the pool is
 * whole again in the end. A failing seed is in the name of its test.
 */
import { describe, expect, it } from 'vitest';
import { Writer } from '../bincode';
import {
  MUX_BULK_WINDOW_BYTES,
  MUX_CREDIT_STEP_BYTES,
  MUX_FILE_WINDOW_BYTES,
  MUX_SEND_BUFFER_BYTES_MAX,
  MUX_STREAM_WINDOW_BYTES,
  STREAMS_MAX,
  StreamClass,
} from '../generated';
import { HalfError } from './error';
import { CLASSES, muxFrames, putFrame } from './frame';
import { Mux, type MuxEvents } from './machine';

type End = 'client' | 'server';
const ENDS: readonly End[] = ['client', 'server'];
const other = (end: End): End => (end === 'client' ? 'server' : 'client');

/** mulberry32: small, seeded. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The bytes of every stream, entered elsewhere by each; the period is prime. */
const PERIOD = 251;
const NOISE = new Uint8Array(80_000).map((_, at) => at % PERIOD);

function content(id: number, offset: number, length: number): Uint8Array {
  const start = (offset + id * 7) % PERIOD;
  return NOISE.subarray(start, start + length);
}

function isContent(bytes: Uint8Array, id: number, offset: number): boolean {
  const right = content(id, offset, bytes.length);
  for (let at = 0; at < bytes.length; at += 1) if (bytes[at] !== right[at]) return false;
  return true;
}

/** One direction of one stream. */
interface Flow {
  streamClass: StreamClass;
  written: number;
  delivered: number;
  read: number;
  finished: boolean;
  endRead: boolean;
  /** Somebody gave up, so bytes may be lost. */
  broken: boolean;
}

class Joint {
  readonly flows = new Map<string, Flow>();
  readonly held: Record<End, number[]> = { client: [], server: [] };
  private readonly inbox: Record<End, Uint8Array[]> = { client: [], server: [] };
  private readonly machines: Record<End, Mux>;

  constructor() {
    const nothing = (): void => undefined;
    const events: MuxEvents = {
      transmit: nothing,
      accept: nothing,
      datagram: nothing,
      writable: nothing,
      readable: nothing,
      closed: nothing,
    };
    this.machines = { client: new Mux('client', events), server: new Mux('server', events) };
  }

  flow(from: End, id: number): Flow {
    const flow = this.flows.get(`${from} ${String(id)}`);
    if (!flow) throw new Error(`stream ${String(id)} was never opened`);
    return flow;
  }

  open(streamClass: StreamClass): number | null {
    let id: number;
    try {
      id = this.machines.client.open(streamClass);
    } catch {
      return null;
    }
    this.held.client.push(id);
    for (const from of ENDS) {
      const flow = {
        streamClass,
        written: 0,
        delivered: 0,
        read: 0,
        finished: false,
        endRead: false,
        broken: false,
      };
      this.flows.set(`${from} ${String(id)}`, flow);
    }
    return id;
  }

  accept(): boolean {
    const found = this.machines.server.accept();
    if (!found) return false;
    expect(found.streamClass).toBe(this.flow('client', found.id).streamClass);
    this.held.server.push(found.id);
    return true;
  }

  write(end: End, id: number, length: number): number {
    const flow = this.flow(end, id);
    const bytes = content(id, flow.written, length);
    try {
      const taken = this.machines[end].write(id, bytes);
      flow.written += taken;
      return taken;
    } catch (error) {
      expect(error).toBeInstanceOf(HalfError);
      expect(flow.finished || flow.broken).toBe(true);
      return 0;
    }
  }

  read(end: End, id: number): boolean {
    const flow = this.flow(other(end), id);
    try {
      const found = this.machines[end].read(id);
      if (found === 'end') {
        expect(flow.finished && (flow.read === flow.written || flow.broken)).toBe(true);
        flow.endRead = true;
      } else if (found) {
        expect(isContent(found, id, flow.read), `bytes of stream ${String(id)}`).toBe(true);
        flow.read += found.length;
      }
      return found instanceof Uint8Array;
    } catch (error) {
      expect(error).toBeInstanceOf(HalfError);
      expect(flow.broken).toBe(true);
      return false;
    }
  }

  finish(end: End, id: number): void {
    this.machines[end].finish(id);
    const flow = this.flow(end, id);
    if (!flow.broken) flow.finished = true;
  }

  reset(end: End, id: number): void {
    this.machines[end].reset(id, 7);
    const flow = this.flow(end, id);
    if (!flow.finished) flow.broken = true;
  }

  stop(end: End, id: number): void {
    this.machines[end].stop(id, 9);
    this.flow(other(end), id).broken = true;
  }

  /** One message, cut behind every `cut` frames. */
  transmit(end: End, cut: number): boolean {
    const message = this.machines[end].transmit();
    if (!message) return false;
    const frames = [...muxFrames(message)];
    const data = frames.flatMap((frame) =>
      frame.kind === 'data' ? [this.flow(end, frame.stream).streamClass] : [],
    );
    expect(data).toEqual([...data].sort((a, b) => a - b));
    for (let at = 0; at < frames.length; at += cut) {
      const out = new Writer();
      for (const frame of frames.slice(at, at + cut)) putFrame(out, frame);
      this.inbox[other(end)].push(out.finish());
    }
    return true;
  }

  deliver(end: End): boolean {
    const message = this.inbox[end].shift();
    if (!message) return false;
    this.machines[end].receive(message);
    for (const frame of muxFrames(message)) {
      if (frame.kind === 'data') this.flow(other(end), frame.stream).delivered += frame.bytes.length;
    }
    return true;
  }

  carry(): void {
    for (let busy = true; busy;) {
      busy = false;
      for (const end of ENDS) {
        if (this.transmit(end, 3)) busy = true;
        while (this.deliver(other(end))) busy = true;
      }
    }
  }

  settle(): void {
    for (let busy = true; busy;) {
      this.carry();
      busy = false;
      while (this.accept()) busy = true;
      for (const end of ENDS) for (const id of this.held[end]) if (this.read(end, id)) busy = true;
    }
  }

  /** Every flow that is still whole carries more than its window holds. */
  checkNothingIsStuck(): void {
    for (const end of ENDS) {
      for (const id of this.held[end]) {
        const flow = this.flow(end, id);
        if (flow.broken || flow.finished) continue;
        const enough = flow.written + MUX_STREAM_WINDOW_BYTES + 1;
        while (flow.written < enough) {
          expect(
            this.write(end, id, MUX_SEND_BUFFER_BYTES_MAX),
            `stream ${String(id)} is stuck`,
          ).toBeGreaterThan(0);
          this.settle();
        }
      }
    }
  }

  releaseEverything(): void {
    for (const end of ENDS) {
      for (const id of this.held[end]) {
        this.reset(end, id);
        this.stop(end, id);
        this.machines[end].releaseSend(id);
        this.machines[end].releaseRecv(id);
      }
      this.held[end] = [];
    }
    this.carry();
  }
}

function step(joint: Joint, below: (below: number) => number): void {
  const end = ENDS[below(2)] ?? 'client';
  const id = joint.held[end][below(Math.max(1, joint.held[end].length))];
  const what = below(100);
  if (what < 8) joint.open(CLASSES[below(5)] ?? 0);
  else if (what < 16) joint.accept();
  else if (what < 40) joint.transmit(end, 1 + below(4));
  else if (what < 65) joint.deliver(end);
  else if (id === undefined) return;
  else if (what < 84) joint.write(end, id, [below(600), 16_380 + below(10), below(70_000)][below(3)] ?? 1);
  else if (what < 95) joint.read(end, id);
  else if (what < 97) joint.finish(end, id);
  else if (what < 98) joint.reset(end, id);
  else if (what < 99) joint.stop(end, id);
}

describe('two machines keep every promise', () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed))('seed %i', (seed) => {
    const below = random(seed);
    const joint = new Joint();
    for (let steps = 100 + below(200); steps > 0; steps -= 1) step(joint, below);
    joint.settle();
    joint.checkNothingIsStuck();
    for (const [key, flow] of joint.flows) {
      if (flow.broken) continue;
      expect([key, flow.read, flow.endRead]).toEqual([key, flow.written, flow.finished]);
    }
    joint.releaseEverything();
    // Streams that nobody reads can fill the pool again, all but the last step.
    const ids = Array.from({ length: 4 }, () => joint.open(StreamClass.history) ?? 0);
    joint.carry();
    while (joint.accept());
    for (const end of ENDS) {
      for (const id of ids) while (joint.write(end, id, MUX_SEND_BUFFER_BYTES_MAX) > 0) joint.carry();
      const delivered = ids.reduce((sum, id) => sum + joint.flow(end, id).delivered, 0);
      expect(delivered).toBeGreaterThan(MUX_BULK_WINDOW_BYTES - MUX_CREDIT_STEP_BYTES);
      expect(delivered).toBeLessThanOrEqual(MUX_BULK_WINDOW_BYTES);
    }
  });
});

/** Eight files of 320 KiB, read to their end. */
function filesReadLongAgo(): Joint {
  const joint = new Joint();
  for (let file = 0; file < 8; file += 1) {
    const id = joint.open(StreamClass.file) ?? 0;
    for (let piece = 0; piece < 5; piece += 1) {
      expect(joint.write('client', id, MUX_SEND_BUFFER_BYTES_MAX)).toBe(MUX_SEND_BUFFER_BYTES_MAX);
      joint.settle();
    }
    joint.finish('client', id);
    joint.settle();
    expect(joint.flow('client', id).endRead).toBe(true);
    joint.releaseEverything();
  }
  return joint;
}

it('files read long ago do not hold the pool against the next file', () => {
  const joint = filesReadLongAgo();
  const history = [1, 2, 3].map(() => joint.open(StreamClass.history) ?? 0);
  for (const id of history) {
    for (let piece = 0; piece < 4; piece += 1) {
      joint.write('client', id, MUX_SEND_BUFFER_BYTES_MAX);
      joint.carry();
    }
  }
  const file = joint.open(StreamClass.file) ?? 0;
  joint.write('client', file, MUX_SEND_BUFFER_BYTES_MAX);
  joint.carry();
  expect(joint.flow('client', file).delivered).toBe(MUX_SEND_BUFFER_BYTES_MAX);
});

it('files hold at most half of the pool', () => {
  const joint = new Joint();
  const ids = Array.from({ length: 6 }, () => joint.open(StreamClass.file) ?? 0);
  for (let piece = 0; piece < 6; piece += 1) {
    for (const id of ids) joint.write('client', id, MUX_SEND_BUFFER_BYTES_MAX);
    joint.carry();
  }
  const delivered = ids.reduce((sum, id) => sum + joint.flow('client', id).delivered, 0);
  expect(delivered).toBe(MUX_FILE_WINDOW_BYTES);
});

it('many files with a little unread each do not stop one another', () => {
  const joint = new Joint();
  const ids = Array.from({ length: 10 }, () => joint.open(StreamClass.file) ?? 0);
  for (const id of ids) {
    // Just under the step at which a stream is granted more.
    joint.write('client', id, MUX_SEND_BUFFER_BYTES_MAX);
    joint.settle();
    joint.write('client', id, MUX_SEND_BUFFER_BYTES_MAX - 1);
    joint.settle();
  }
  joint.checkNothingIsStuck();
});

it('a stream that nobody has accepted stays counted', () => {
  const joint = new Joint();
  for (let round = 0; round < STREAMS_MAX; round += 1) {
    expect(joint.open(StreamClass.control)).not.toBeNull();
    joint.releaseEverything();
  }
  expect(joint.open(StreamClass.control)).toBeNull();
  while (joint.accept());
  joint.releaseEverything();
  expect(joint.open(StreamClass.control)).not.toBeNull();
});

it('what was abandoned unread, or on its way, gives the pool back', () => {
  const joint = new Joint();
  for (let round = 0; round < 12; round += 1) {
    const id = joint.open(StreamClass.history) ?? 0;
    joint.carry();
    joint.accept();
    for (let piece = 0; piece < 4; piece += 1) {
      joint.write('client', id, MUX_SEND_BUFFER_BYTES_MAX);
      while (joint.transmit('client', 1));
    }
    if (round % 2 === 0) while (joint.deliver('server'));
    joint.stop('server', id);
    joint.carry();
    expect(joint.flow('client', id).delivered).toBe(MUX_STREAM_WINDOW_BYTES);
    joint.releaseEverything();
  }
});
