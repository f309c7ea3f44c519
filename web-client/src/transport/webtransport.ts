/**
 * WebTransport: QUIC streams and datagrams as the browser gives them.
 * Its cookies do not travel, so the first frame authenticates; the certificate is
 * pinned by hash unless the server's is publicly trusted.
 */
import { ConnectionLost, StreamReset } from './transport';
import type { StreamClass } from '../protocol/generated';
import type { ByteStream, Closed, Connection } from './transport';

/** Datagrams that wait for a late reader; the browser's default of one loses most. */
const INCOMING_DATAGRAMS_MAX = 64;

export async function dialWebTransport(
  url: string,
  certificateHashes: Uint8Array<ArrayBuffer>[],
  signal: AbortSignal,
): Promise<Connection> {
  const options: WebTransportOptions = { allowPooling: false, congestionControl: 'low-latency' };
  if (certificateHashes.length > 0) {
    options.serverCertificateHashes = certificateHashes.map((value) => ({ algorithm: 'sha-256', value }));
  }
  const transport = new WebTransport(url, options);
  const giveUp = (): void => {
    transport.close();
  };
  signal.addEventListener('abort', giveUp);
  // The same failure rejects both; it is reported once, through `ready`.
  transport.closed.catch(() => undefined);
  try {
    await transport.ready;
    signal.throwIfAborted();
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
  return new WebTransportConnection(transport);
}

class WebTransportConnection implements Connection {
  readonly name = 'webtransport';
  readonly closed: Promise<Closed>;
  private readonly datagrams: WritableStreamDefaultWriter<Uint8Array>;
  private ownClose: Closed | null = null;

  constructor(private readonly transport: WebTransport) {
    this.closed = transport.closed.then(
      ({ closeCode, reason }) => this.ownClose ?? { code: closeCode ?? 0, reason: reason ?? '' },
      (error: unknown) => this.ownClose ?? { code: null, reason: String(error) },
    );
    transport.datagrams.incomingHighWaterMark = INCOMING_DATAGRAMS_MAX;
    this.datagrams = transport.datagrams.writable.getWriter();
    this.datagrams.closed.catch(() => undefined);
  }

  async open(streamClass: StreamClass): Promise<ByteStream> {
    try {
      return new WebTransportStream(
        await this.transport.createBidirectionalStream({ sendOrder: -streamClass }),
      );
    } catch (error) {
      throw new ConnectionLost(null, String(error));
    }
  }

  sendDatagram(bytes: Uint8Array): void {
    this.datagrams.write(bytes).catch(() => undefined);
  }

  onDatagram(take: (bytes: Uint8Array) => void): void {
    const reader = this.transport.datagrams.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    const pump = async (): Promise<void> => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return;
        take(value);
      }
    };
    pump().catch(() => undefined);
  }

  close(code: number, reason: string): void {
    this.ownClose = { code, reason };
    try {
      this.transport.close({ closeCode: code, reason });
    } catch {
      // Closed already: what was wanted.
    }
  }
}

class WebTransportStream implements ByteStream {
  private readonly reader: ReadableStreamDefaultReader<Uint8Array>;
  private readonly writer: WritableStreamDefaultWriter<Uint8Array>;

  constructor(stream: WebTransportBidirectionalStream) {
    this.reader = stream.readable.getReader() as ReadableStreamDefaultReader<Uint8Array>;
    this.writer = stream.writable.getWriter() as WritableStreamDefaultWriter<Uint8Array>;
    // A stream that nobody waits for may fail unseen: its reader tells.
    this.reader.closed.catch(() => undefined);
    this.writer.closed.catch(() => undefined);
    this.writer.ready.catch(() => undefined);
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      // Order is the order of the calls: `write` is called before anything is awaited.
      const written = this.writer.write(bytes);
      written.catch(() => undefined);
      await this.writer.ready;
    } catch (error) {
      throw asStreamError(error);
    }
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const { done, value } = await this.reader.read();
      return done ? null : value;
    } catch (error) {
      throw asStreamError(error);
    }
  }

  finish(): void {
    this.writer.close().catch(() => undefined);
  }

  abort(code: number): void {
    const error = streamError(code);
    this.writer.abort(error).catch(() => undefined);
    this.reader.cancel(error).catch(() => undefined);
  }
}

/** The specification passes the message first; Chromium knows only the object of an older draft. */
function streamError(code: number): WebTransportError {
  const init = { source: 'stream', streamErrorCode: code, message: 'given up' };
  try {
    return new WebTransportError(init.message, init as never);
  } catch {
    return new (WebTransportError as unknown as new (of: typeof init) => WebTransportError)(init);
  }
}

function asStreamError(error: unknown): Error {
  if (error instanceof WebTransportError && error.source === 'stream') {
    return new StreamReset(error.streamErrorCode ?? 0);
  }
  return new ConnectionLost(null, String(error));
}
