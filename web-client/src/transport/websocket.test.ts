import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { MuxConnection } from '../protocol/mux';
import { StreamClass } from '../protocol/generated';
import { BUFFERED_BYTES_MAX, dialWebSocket } from './websocket';

/** A browser's WebSocket whose pipe is emptied by the test. */
class Socket extends EventTarget {
  static readonly OPEN = 1;
  static made: Socket[] = [];
  readonly readyState = 1;
  bufferedAmount = 0;
  readonly sent: Uint8Array<ArrayBuffer>[] = [];

  constructor() {
    super();
    Socket.made.push(this);
  }

  send(message: Uint8Array<ArrayBuffer>): void {
    this.bufferedAmount += message.length;
    this.sent.push(message.slice());
  }

  close(): void {
    this.dispatchEvent(Object.assign(new Event('close'), { code: 1000, reason: '' }));
  }
}

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('WebSocket', Socket);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it('goes on sending with what comes, without waiting for the timer', async () => {
  const dialled = dialWebSocket('ws://localhost', new AbortController().signal);
  const socket = Socket.made.at(-1);
  if (!socket) throw new Error('no socket');
  socket.dispatchEvent(new Event('open'));
  const connection = await dialled;
  const server: MuxConnection = new MuxConnection('server', {
    send: (message) => {
      const data = message.slice().buffer;
      socket.dispatchEvent(Object.assign(new Event('message'), { data }));
    },
    hasRoom: () => true,
  });
  const stream = await connection.open(StreamClass.file);
  const size = BUFFERED_BYTES_MAX + 64 * 1024;
  stream.write(new Uint8Array(size)).catch(() => undefined);
  await vi.advanceTimersByTimeAsync(1);
  const before = socket.sent.length;
  expect(socket.bufferedAmount).toBeGreaterThanOrEqual(BUFFERED_BYTES_MAX);
  expect(socket.bufferedAmount).toBeLessThan(size);
  await vi.advanceTimersByTimeAsync(20);
  expect(socket.sent).toHaveLength(before);

  // Emptied just after it was looked at.
  socket.bufferedAmount = 0;
  server.sendDatagram(new Uint8Array([1]));
  await vi.advanceTimersByTimeAsync(0);
  expect(socket.sent.length).toBeGreaterThan(before);
  connection.close(0, '');
});
