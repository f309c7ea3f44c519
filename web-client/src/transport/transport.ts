/**
 * Byte pipes, in the shape of the primary transport; the fallback has the same shape,
 * so nothing above this folder knows which of the two carries it.
 *
 * - The client opens every stream, and every stream goes both ways.
 * - `write` resolves when there is room for more, not when the bytes have arrived.
 * - A stream that the peer gave up rejects `read` and `write` with `StreamReset`; one
 *   whose connection is gone, with `ConnectionLost`.
 * - `closed` always resolves, whoever ended the connection, and never rejects.
 */
import type { StreamClass } from '../protocol/generated';

export type TransportName = 'webtransport' | 'websocket';

export interface ByteStream {
  write(bytes: Uint8Array): Promise<void>;
  /** The next bytes, or null when the peer is done. */
  read(): Promise<Uint8Array | null>;
  /** No more bytes come from here. */
  finish(): void;
  /** Gives up both directions. */
  abort(code: number): void;
}

/** How a connection ended. */
export interface Closed {
  /** The application's code; null when the transport itself failed. */
  code: number | null;
  /** For the chip's details and the log, in English. */
  reason: string;
}

export interface Connection {
  readonly name: TransportName;
  open(streamClass: StreamClass): Promise<ByteStream>;
  /** What may be lost. */
  sendDatagram(bytes: Uint8Array): void;
  onDatagram(take: (bytes: Uint8Array) => void): void;
  close(code: number, reason: string): void;
  readonly closed: Promise<Closed>;
}

/** Opens a connection; rejects when the signal fires or the handshake fails. */
export type Dial = (signal: AbortSignal) => Promise<Connection>;

export class StreamReset extends Error {
  constructor(readonly code: number) {
    super(`the peer ended the stream with code ${String(code)}`);
  }
}

export class ConnectionLost extends Error {
  constructor(
    readonly code: number | null,
    reason: string,
  ) {
    super(reason);
  }
}
