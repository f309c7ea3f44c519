/** The network between a browser and the server's UDP port, which can be cut. */
import { createSocket } from 'node:dgram';
import type { Socket } from 'node:dgram';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';

/**
 * Forwards datagrams to a port of this machine, each client from a socket of its own.
 * While it is cut it swallows them without a word, as a firewall does.
 */
export class UdpWire {
  cut = false;
  /** Datagrams that came from clients. */
  heard = 0;
  private readonly clients = new Map<string, Socket>();

  private constructor(
    private readonly socket: Socket,
    private readonly target: number,
  ) {
    socket.on('message', (datagram, from) => {
      this.heard += 1;
      if (this.cut) return;
      this.client(from.address, from.port).send(datagram, this.target, '127.0.0.1');
    });
  }

  static async to(target: number): Promise<UdpWire> {
    const socket = createSocket({ type: 'udp6', ipv6Only: false });
    socket.bind(0, '::');
    await once(socket, 'listening');
    return new UdpWire(socket, target);
  }

  get port(): number {
    return (this.socket.address() as AddressInfo).port;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.socket.close();
  }

  private client(address: string, port: number): Socket {
    const name = `${address} ${String(port)}`;
    const known = this.clients.get(name);
    if (known) return known;
    const client = createSocket('udp4');
    client.on('message', (datagram) => {
      if (!this.cut) this.socket.send(datagram, port, address);
    });
    // The server is not there for a moment: the datagram is lost, as on any network.
    client.on('error', () => undefined);
    this.clients.set(name, client);
    return client;
  }
}

/** A port on which nothing listens: the machine answers that it is refused. */
export async function refusingPort(): Promise<number> {
  const socket = createSocket('udp6');
  socket.bind(0, '::');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  await once(socket, 'close');
  return port;
}
