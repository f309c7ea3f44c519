import { describe, expect, it } from 'vitest';
import { MUX_STREAM_WINDOW_BYTES, STREAMS_MAX, StreamClass } from '../generated';
import { MuxConnection } from './connection';
import { HalfError, MuxError, OpenError } from './error';

interface Pair {
  client: MuxConnection;
  server: MuxConnection;
  /** Whether the client's pipe takes messages. */
  hold: (holds: boolean) => void;
}

/** Two connections over a pipe that delivers in a later turn. */
function pair(): Pair {
  let held = false;
  const client: MuxConnection = new MuxConnection('client', {
    send: (message) => {
      queueMicrotask(() => {
        server.receive(message.slice());
      });
    },
    hasRoom: () => !held,
  });
  const server: MuxConnection = new MuxConnection('server', {
    send: (message) => {
      queueMicrotask(() => {
        client.receive(message.slice());
      });
    },
    hasRoom: () => true,
  });
  return { client, server, hold: (holds) => (held = holds) };
}

const text = (bytes: Uint8Array | null): string | null => bytes && new TextDecoder().decode(bytes);
const bytes = (letters: string): Uint8Array => new TextEncoder().encode(letters);

async function stream({ client, server }: Pair, streamClass: StreamClass) {
  const ours = client.open(streamClass);
  const theirs = await server.accept();
  if (!theirs) throw new Error('the connection is closed');
  expect(theirs.streamClass).toBe(streamClass);
  return { ours, theirs };
}

describe('a stream', () => {
  it('carries bytes both ways and ends', async () => {
    const { ours, theirs } = await stream(pair(), StreamClass.control);
    await ours.write(bytes('question'));
    ours.finish();
    expect(text(await theirs.read())).toBe('question');
    expect(await theirs.read()).toBeNull();
    await theirs.write(bytes('answer'));
    theirs.finish();
    expect(text(await ours.read())).toBe('answer');
    expect(await ours.read()).toBeNull();
    await ours.flushed();
  });

  it('takes more than every window when it is read', async () => {
    const { ours, theirs } = await stream(pair(), StreamClass.history);
    const sent = new Uint8Array(8 * MUX_STREAM_WINDOW_BYTES).map((_, at) => at % 251);
    const writing = ours.write(sent).then(() => {
      ours.finish();
    });
    let read = 0;
    for (let chunk = await theirs.read(); chunk; chunk = await theirs.read()) {
      const from = read;
      expect(chunk.every((byte, at) => byte === (from + at) % 251)).toBe(true);
      read += chunk.length;
    }
    await writing;
    expect(read).toBe(sent.length);
  });

  it('tells a writer that the reader stopped, and a reader that the writer gave up', async () => {
    const { ours, theirs } = await stream(pair(), StreamClass.history);
    const writing = ours.write(new Uint8Array(8 * MUX_STREAM_WINDOW_BYTES));
    theirs.stop(61);
    await expect(writing).rejects.toThrow(new HalfError(61));
    theirs.reset(5);
    await expect(ours.read()).rejects.toThrow(new HalfError(5));
  });

  it('that was released gives its place back', async () => {
    const both = pair();
    for (let round = 0; round < 3 * STREAMS_MAX; round += 1) {
      const { ours, theirs } = await stream(both, StreamClass.history);
      ours.release(0);
      await expect(theirs.read()).rejects.toThrow(new HalfError(0));
      theirs.release(0);
      await expect(ours.read()).rejects.toThrow(new HalfError(null));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
  });
});

describe('a connection', () => {
  it('sends nothing while its pipe is full, then the urgent first', async () => {
    const both = pair();
    const bulk = await stream(both, StreamClass.history);
    const control = await stream(both, StreamClass.control);
    both.hold(true);
    await bulk.ours.write(new Uint8Array(60_000));
    await control.ours.write(bytes('now'));
    let order = '';
    const reading = Promise.all([
      bulk.theirs.read().then(() => (order += 'bulk ')),
      control.theirs.read().then(() => (order += 'control ')),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect(order).toBe('');
    both.hold(false);
    both.client.pump();
    await reading;
    expect(order).toBe('control bulk ');
  });

  it('carries datagrams', async () => {
    const { client, server } = pair();
    const seen: string[] = [];
    const two = new Promise<void>((resolve) => {
      server.onDatagram((datagram) => {
        if (seen.push(text(datagram) ?? '') === 2) resolve();
      });
    });
    client.sendDatagram(bytes('one'));
    client.sendDatagram(new Uint8Array(5000));
    client.sendDatagram(bytes('two'));
    await two;
    expect(seen).toEqual(['one', 'two']);
  });

  it('that is closed wakes everybody and keeps what had come', async () => {
    const both = pair();
    const { ours, theirs } = await stream(both, StreamClass.control);
    await theirs.write(bytes('last words'));
    await new Promise((resolve) => setTimeout(resolve, 0));
    const accepting = both.server.accept();
    const writing = theirs.write(new Uint8Array(8 * MUX_STREAM_WINDOW_BYTES));
    both.client.close();
    both.server.close();
    await expect(writing).rejects.toThrow(new HalfError(null));
    expect(await accepting).toBeNull();
    expect(text(await ours.read())).toBe('last words');
    await expect(ours.read()).rejects.toThrow(new HalfError(null));
    expect(() => both.client.open(StreamClass.control)).toThrow(new OpenError('closed'));
  });

  it('is closed by a peer that breaks the rules', () => {
    const { client } = pair();
    expect(() => {
      client.receive(new Uint8Array([9]));
    }).toThrow(new MuxError('kind'));
    expect(client.isClosed).toBe(true);
  });
});
