/**
 * The contract's scenarios as a browser plays them: the page's own transports against the
 * suite's host. This file is built into one script and runs in a page; what it finds goes
 * back to the test as plain data.
 */
import { StreamClass } from '../../src/protocol/generated';
import { ConnectionLost, StreamReset } from '../../src/transport/transport';
import type { ByteStream, Connection } from '../../src/transport/transport';
import { dialWebSocket } from '../../src/transport/websocket';
import { dialWebTransport } from '../../src/transport/webtransport';

export interface Where {
  webtransport: number;
  websocket: number;
  certificate_hash: string;
}

/** What the host does with a stream: its first byte. */
type Ask = 'E' | 'S' | 'M' | 'R' | 'T' | 'F' | 'D' | 'H' | 'C' | 'L';

/** Streams that may be open at once. */
const STREAMS_MAX = 16;

async function dial(transport: string, where: Where): Promise<Connection> {
  const { signal } = new AbortController();
  if (transport === 'websocket') {
    return dialWebSocket(`ws://127.0.0.1:${String(where.websocket)}/rill/v1/ws`, signal);
  }
  const hash = Uint8Array.from(where.certificate_hash.match(/../g) ?? [], (pair) =>
    Number.parseInt(pair, 16),
  );
  return dialWebTransport(`https://127.0.0.1:${String(where.webtransport)}/rill/v1`, [hash], signal);
}

async function ask(connection: Connection, letter: Ask, number = 0): Promise<ByteStream> {
  const stream = await connection.open(StreamClass.laneOthers);
  const bytes = new DataView(new ArrayBuffer(5));
  bytes.setUint8(0, letter.charCodeAt(0));
  bytes.setUint32(1, number);
  await stream.write(new Uint8Array(bytes.buffer));
  return stream;
}

/**
 * Chromium refuses a stream beyond what the server allows rather than wait, and learns of
 * one that has ended a moment after its last byte.
 */
async function askWhenThereIsRoom(connection: Connection): Promise<ByteStream> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await ask(connection, 'E');
    } catch (error) {
      if (!(error instanceof ConnectionLost) || tries >= 200) throw error;
      await pause(5);
    }
  }
}

/** The byte at a place of a sequence that no shift of itself equals. */
function sequence(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at ^ (at >> 8) ^ (at >> 16)) & 0xff);
}

async function readToEnd(stream: ByteStream): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for (let piece = await stream.read(); piece; piece = await stream.read()) pieces.push(piece);
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}

const same = (a: Uint8Array, b: Uint8Array): boolean =>
  a.length === b.length && a.every((byte, at) => byte === b[at]);

/** Waits for the `!` with which the host says that it is there. */
async function hear(stream: ByteStream): Promise<void> {
  const bytes = await stream.read();
  if (bytes?.[0] !== 0x21) throw new Error('the host is not there');
}

/** How a stream ended for whoever used it: a code, or that the connection is gone. */
async function ended(use: () => Promise<unknown>): Promise<number | 'lost' | 'whole'> {
  try {
    await use();
    return 'whole';
  } catch (error) {
    if (error instanceof StreamReset) return error.code;
    if (error instanceof ConnectionLost) return 'lost';
    throw error;
  }
}

/** Writes until the peer wants no more. */
async function writeOn(stream: ByteStream): Promise<void> {
  for (;;) {
    await stream.write(sequence(10_000));
    // A browser reports the stop of a stream between two tasks, not between two writes.
    await new Promise((next) => setTimeout(next, 0));
  }
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

const scenarios = {
  async bigStreamComesBack(connection: Connection) {
    const bytes = sequence(5_000_000);
    const stream = await ask(connection, 'E');
    const echo = readToEnd(stream);
    for (let at = 0, step = 1; at < bytes.length; step = (step * 7 + 13) % 1_000_000) {
      const end = Math.min(bytes.length, at + Math.max(1, step));
      await stream.write(bytes.subarray(at, end));
      at = end;
    }
    stream.finish();
    return same(await echo, bytes);
  },

  /** The client finishes first and still reads; the server finishes first and still reads. */
  async halfClose(connection: Connection) {
    const bytes = sequence(300_000);
    const first = await ask(connection, 'S');
    await first.write(bytes);
    first.finish();
    const answer = await readToEnd(first);
    const view = new DataView(answer.buffer);
    let sum = 0n;
    for (const byte of bytes) sum = (sum * 31n + BigInt(byte)) & 0xffff_ffff_ffff_ffffn;
    const summed = view.getBigUint64(0) === 300_000n && view.getBigUint64(8) === sum;
    const second = await ask(connection, 'M', 300_000);
    const made = same(await readToEnd(second), bytes);
    second.finish();
    return summed && made;
  },

  /** More than any window: nothing flows while nobody reads, everything when somebody does. */
  async creditRunsOutAndComesBack(connection: Connection) {
    const length = 6_000_000;
    const stream = await ask(connection, 'M', length);
    await pause(500);
    const urgent = await ask(connection, 'E');
    await urgent.write(sequence(1_000));
    urgent.finish();
    const passed = same(await readToEnd(urgent), sequence(1_000));
    const whole = same(await readToEnd(stream), sequence(length));
    stream.finish();
    return passed && whole;
  },

  async silentStreamsBlockNobody(connection: Connection) {
    const silent = [await connection.open(StreamClass.laneOthers), await ask(connection, 'H')];
    const unread = await ask(connection, 'M', 100_000);
    let echoed = 0;
    for (let round = 0; round < 3; round += 1) {
      const stream = await ask(connection, 'E');
      await stream.write(sequence(10_000));
      stream.finish();
      if (same(await readToEnd(stream), sequence(10_000))) echoed += 1;
    }
    const late = same(await readToEnd(unread), sequence(100_000));
    return silent.length === 2 && echoed === 3 && late;
  },

  async resetsComeWithTheirCodes(connection: Connection, codes: number[]) {
    const found: unknown[] = [];
    for (const code of codes) {
      const stream = await ask(connection, 'R', code);
      found.push(await ended(() => readToEnd(stream)));
    }
    return found;
  },

  async stopsComeWithTheirCodes(connection: Connection, codes: number[]) {
    const found: unknown[] = [];
    for (const code of codes) {
      const stream = await ask(connection, 'T', code);
      const rest = await readToEnd(stream);
      found.push([rest.length, await ended(() => writeOn(stream))]);
    }
    return found;
  },

  async droppedHalvesEndInPeace(connection: Connection) {
    const stream = await ask(connection, 'D');
    const read = await ended(() => readToEnd(stream));
    return [read, await ended(() => writeOn(stream))];
  },

  /** The host's reader and writer learn the code; it reports. */
  async abortsReach(connection: Connection, codes: number[]) {
    for (const code of codes) {
      const held = await ask(connection, 'H');
      await hear(held);
      held.abort(code);
      const flooding = await ask(connection, 'F');
      await hear(flooding);
      flooding.abort(code);
      await pause(100);
    }
    return true;
  },

  async aThousandStreams(connection: Connection) {
    const one = async (number: number): Promise<boolean> => {
      const text = new TextEncoder().encode(`stream ${String(number)}`);
      const stream = await askWhenThereIsRoom(connection);
      await stream.write(text);
      stream.finish();
      return same(await readToEnd(stream), text);
    };
    const numbers = Array.from({ length: 1_000 }, (_, at) => at);
    let good = true;
    const work = async (): Promise<void> => {
      for (let next = numbers.pop(); next !== undefined; next = numbers.pop()) good &&= await one(next);
    };
    await Promise.all(Array.from({ length: STREAMS_MAX }, work));
    return good;
  },

  async datagramsGoBothWays(connection: Connection, longest: number) {
    const heard: number[] = [];
    connection.onDatagram((bytes) => heard.push(bytes.length));
    for (const length of [6, longest]) {
      // One may be lost, even here.
      for (let tries = 0; tries < 20 && !heard.includes(length); tries += 1) {
        connection.sendDatagram(sequence(length));
        await pause(100);
      }
    }
    return [6, longest].map((length) => heard.includes(length));
  },

  async serverCloses(connection: Connection, code: number) {
    const held = await ask(connection, 'H');
    await hear(held);
    await ask(connection, 'C', code);
    const closed = await connection.closed;
    return { ...closed, stream: await ended(() => readToEnd(held)) };
  },

  async clientCloses(connection: Connection, code: number) {
    const held = await ask(connection, 'H');
    await hear(held);
    connection.close(code, 'enough said');
    return { ...(await connection.closed), stream: await ended(() => readToEnd(held)) };
  },

  async droppedByTheServer(connection: Connection) {
    await ask(connection, 'L');
    return (await connection.closed).code;
  },

  /** Leaves everything open, for whoever makes this page vanish. */
  async stays(connection: Connection) {
    await hear(await ask(connection, 'H'));
    return true;
  },
};

export type Scenarios = typeof scenarios;
export type ScenarioName = keyof Scenarios;

export async function play(
  transport: string,
  where: Where,
  name: ScenarioName,
  argument: unknown,
): Promise<unknown> {
  const connection = await dial(transport, where);
  const found = await scenarios[name](connection, argument as never);
  if (name !== 'stays') connection.close(0, '');
  return found;
}
