/**
 * WebSocket with the shape of WebTransport: the same streams and datagrams, through the
 * mux. A browser's WebSocket queues without bound and receives without back-pressure, so
 * little is handed to it at a time and credit does the rest.
 */
import { Code, WEBSOCKET_SUBPROTOCOL } from '../protocol/generated';
import type { StreamClass } from '../protocol/generated';
import { fromWebSocketClose, toWebSocketClose } from '../protocol/codes';
import { HalfError, MuxConnection } from '../protocol/mux';
import type { MuxStream } from '../protocol/mux';
import { ConnectionLost, StreamReset } from './transport';
import type { ByteStream, Closed, Connection } from './transport';

/** Bytes that may wait in the browser: what is urgent waits behind them. */
export const BUFFERED_BYTES_MAX = 128 * 1024;
/** The browser does not tell when it has sent: it is asked. */
const LOOK_AGAIN_MS = 10;
/** RFC 6455 allows 123 bytes. */
const REASON_CHARS_MAX = 100;

export function dialWebSocket(url: string, signal: AbortSignal): Promise<Connection> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Error('given up'));
      return;
    }
    const socket = new WebSocket(url, WEBSOCKET_SUBPROTOCOL);
    socket.binaryType = 'arraybuffer';
    const giveUp = (): void => {
      socket.close();
      reject(new Error('given up'));
    };
    signal.addEventListener('abort', giveUp, { once: true });
    socket.addEventListener(
      'open',
      () => {
        signal.removeEventListener('abort', giveUp);
        resolve(new WebSocketConnection(socket));
      },
      { once: true },
    );
    socket.addEventListener(
      'close',
      ({ code, reason }) => {
        signal.removeEventListener('abort', giveUp);
        const told = reason === '' ? 'the WebSocket could not be opened' : reason;
        reject(new ConnectionLost(fromWebSocketClose(code), told));
      },
      { once: true },
    );
  });
}

class WebSocketConnection implements Connection {
  readonly name = 'websocket';
  readonly closed: Promise<Closed>;
  private readonly mux: MuxConnection;
  private ownClose: Closed | null = null;
  private lookAgain: ReturnType<typeof setTimeout> | null = null;

  constructor(private readonly socket: WebSocket) {
    this.mux = new MuxConnection('client', {
      send: (message) => {
        socket.send(message as Uint8Array<ArrayBuffer>);
      },
      hasRoom: () => this.hasRoom(),
    });
    socket.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      try {
        if (!(data instanceof ArrayBuffer)) throw new TypeError('a text message');
        this.mux.receive(new Uint8Array(data));
        // Who answers has read: there may be room sooner than the timer looks.
        if (this.lookAgain) this.mux.pump();
      } catch (error) {
        this.close(Code.muxViolation, String(error));
      }
    });
    this.closed = new Promise((resolve) => {
      socket.addEventListener('close', ({ code, reason }) => {
        if (this.lookAgain) clearTimeout(this.lookAgain);
        this.mux.close();
        const lost = reason === '' ? `the WebSocket closed with ${String(code)}` : reason;
        resolve(this.ownClose ?? { code: fromWebSocketClose(code), reason: lost });
      });
    });
  }

  open(streamClass: StreamClass): Promise<ByteStream> {
    try {
      return Promise.resolve(new WebSocketStream(this.mux.open(streamClass)));
    } catch (error) {
      return Promise.reject(new ConnectionLost(null, String(error)));
    }
  }

  sendDatagram(bytes: Uint8Array): void {
    this.mux.sendDatagram(bytes);
  }

  onDatagram(take: (bytes: Uint8Array) => void): void {
    this.mux.onDatagram(take);
  }

  close(code: number, reason: string): void {
    this.ownClose ??= { code, reason };
    this.socket.close(toWebSocketClose(code), reason.slice(0, REASON_CHARS_MAX));
    this.mux.close();
  }

  private hasRoom(): boolean {
    if (this.socket.readyState !== WebSocket.OPEN) return false;
    if (this.socket.bufferedAmount < BUFFERED_BYTES_MAX) return true;
    this.lookAgain ??= setTimeout(() => {
      this.lookAgain = null;
      this.mux.pump();
    }, LOOK_AGAIN_MS);
    return false;
  }
}

class WebSocketStream implements ByteStream {
  private written: Promise<void> = Promise.resolve();

  constructor(private readonly stream: MuxStream) {}

  /** One write after the other: one that waits for credit must not be overtaken. */
  write(bytes: Uint8Array): Promise<void> {
    const written = this.written.then(() => this.stream.write(bytes)).catch(raise);
    this.written = written.catch(() => undefined);
    return written;
  }

  read(): Promise<Uint8Array | null> {
    return this.stream.read().catch(raise);
  }

  finish(): void {
    void this.written.then(() => {
      this.stream.finish();
    });
  }

  abort(code: number): void {
    this.stream.release(code);
  }
}

function raise(error: unknown): never {
  if (error instanceof HalfError && error.code !== null) throw new StreamReset(error.code);
  throw new ConnectionLost(null, String(error));
}
