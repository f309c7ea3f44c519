/** Both ends of a connection in memory: the client's as the page sees it, the peer's for a script. */
import type { StreamClass } from '../protocol/generated';
import type { ByteStream, Closed, Connection, TransportName } from '../transport/transport';
import { ConnectionLost, StreamReset } from '../transport/transport';

/** One direction of one stream. */
class Pipe {
  private readonly pieces: Uint8Array[] = [];
  private end: 'open' | 'done' | Error = 'open';
  private wake: () => void = () => undefined;

  write(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.wake();
  }

  close(end: 'done' | Error): void {
    if (this.end === 'open') this.end = end;
    this.wake();
  }

  async read(): Promise<Uint8Array | null> {
    for (;;) {
      const piece = this.pieces.shift();
      if (piece) return piece;
      if (this.end === 'done') return null;
      if (this.end !== 'open') throw this.end;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
  }
}

export interface PeerStream {
  streamClass: StreamClass;
  stream: ByteStream;
}

export class MemoryConnection implements Connection {
  readonly closed: Promise<Closed>;
  /** Streams that the client opened, in order. */
  readonly opened: PeerStream[] = [];
  onOpened: (stream: PeerStream) => void = () => undefined;
  /** Datagrams of the client. */
  onPeerDatagram: (bytes: Uint8Array) => void = () => undefined;
  /** How this end was closed, by whom. */
  closedBy: { who: 'client' | 'peer'; code: number } | null = null;
  private takeDatagram: (bytes: Uint8Array) => void = () => undefined;
  private resolveClosed: (closed: Closed) => void = () => undefined;
  private readonly pipes: Pipe[] = [];

  constructor(readonly name: TransportName) {
    this.closed = new Promise((resolve) => {
      this.resolveClosed = resolve;
    });
  }

  open(streamClass: StreamClass): Promise<ByteStream> {
    if (this.closedBy) return Promise.reject(new ConnectionLost(null, 'closed'));
    const up = new Pipe();
    const down = new Pipe();
    this.pipes.push(up, down);
    const peer = { streamClass, stream: half(down, up) };
    this.opened.push(peer);
    this.onOpened(peer);
    return Promise.resolve(half(up, down));
  }

  sendDatagram(bytes: Uint8Array): void {
    this.onPeerDatagram(bytes);
  }

  onDatagram(take: (bytes: Uint8Array) => void): void {
    this.takeDatagram = take;
  }

  close(code: number, reason: string): void {
    this.end('client', { code, reason });
  }

  /** The peer, or the network, ends the connection. */
  drop(code: number | null, reason = 'dropped'): void {
    this.end('peer', { code, reason });
  }

  peerDatagram(bytes: Uint8Array): void {
    this.takeDatagram(bytes);
  }

  private end(who: 'client' | 'peer', closed: Closed): void {
    if (this.closedBy) return;
    this.closedBy = { who, code: closed.code ?? -1 };
    for (const pipe of this.pipes) pipe.close(new ConnectionLost(null, 'closed'));
    this.resolveClosed(closed);
  }
}

function half(out: Pipe, input: Pipe): ByteStream {
  return {
    write: (bytes) => {
      out.write(bytes);
      return Promise.resolve();
    },
    read: () => input.read(),
    finish: () => {
      out.close('done');
    },
    abort: (code) => {
      out.close(new StreamReset(code));
      input.close(new StreamReset(code));
    },
  };
}
