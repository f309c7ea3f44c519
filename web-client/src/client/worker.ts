/**
 * The dedicated worker of a tab: transports, codec and sync logic run here, so that a
 * busy page never delays an answer and a busy connection never delays the page. Only
 * this file and the page's store know the port.
 */
import { openDatabase } from '../storage/database';
import type { Database } from '../storage/database';
import { timely } from '../storage/timely';
import type { Fallback } from '../transport/race';
import { dialWebSocket } from '../transport/websocket';
import { dialWebTransport } from '../transport/webtransport';
import type { TransportName } from '../transport/transport';
import { Client } from './client';
import { systemClock } from './clock';
import { Connector } from './connector';
import type { Surroundings } from './connector';
import { openUploadStore } from './files/upload_store';
import { openUploadTabs } from './files/upload_tabs';
import { HttpFailed, http } from './http';
import type { OutboxLock } from './outbox';
import type { OutboxBus, OutboxNews } from './outbox_items';
import { openOutboxStore } from './outbox_store';
import type { Event, KnownServer, PortError, ToPage, ToWorker } from './port';
import { RequestFailed } from './request_failed';
import { Tickets } from './tickets';

interface WorkerScope {
  postMessage(message: ToPage): void;
  addEventListener(type: 'message', take: (event: MessageEvent<ToWorker>) => void): void;
  location: Pick<Location, 'hostname' | 'host' | 'protocol'>;
  /** Absent where the page came over plain HTTP from another machine. */
  navigator: Partial<Pick<Navigator, 'locks'>>;
}
const scope = self as unknown as WorkerScope;

/** What the server says about itself changes when its certificate does. */
const SERVER_INFO_LIFE_MS = 10 * 60 * 1000;
/** How long the server's silence on HTTP holds up an attempt. */
const PRESENT_MS_MAX = 2_000;
/** How long the storage holds up an attempt. */
const RECALL_MS_MAX = 1_000;
const REMEMBERED = 'websocket won';

let started: Client | null = null;

scope.addEventListener('message', ({ data }) => {
  if (data.do === 'start') started = start(data);
  else if (started) take(started, data);
});

function take(client: Client, message: Exclude<ToWorker, { do: 'start' }>): void {
  if (message.do !== 'ask') {
    client.command(message);
    return;
  }
  client.answer(message.name, message.ask as never).then(
    (value) => {
      scope.postMessage({ answer: message.id, value });
    },
    (error: unknown) => {
      scope.postMessage({ answer: message.id, error: portError(error) });
    },
  );
}

function portError(error: unknown): PortError {
  const code = error instanceof RequestFailed || error instanceof HttpFailed ? error.code : null;
  return { code, detail: error instanceof Error ? error.message : String(error) };
}

function start({ user, forced, ios, server }: Extract<ToWorker, { do: 'start' }>): Client {
  const clock = systemClock;
  const tickets = new Tickets(async (count) => (await http.tickets(count)).tickets, clock);
  const client = new Client(user, {
    connector: new Connector(browser(forced, ios, server), tickets, clock),
    store: openOutboxStore(user),
    bus: openBus(user),
    lock: openLock(user),
    uploads: openUploadStore(user),
    uploadTabs: openUploadTabs(user, scope.navigator.locks),
    clock,
    send: (events: Event[]) => {
      scope.postMessage({ events });
    },
  });
  void client.run();
  return client;
}

/** What the attempt to connect must know of this browser and this server. */
function browser(forced: TransportName | null, ios: boolean, known: KnownServer | null): Surroundings {
  let info = known;

  return {
    async circumstances() {
      if (!info || Date.now() - info.atMs > SERVER_INFO_LIFE_MS) {
        info = { server: await http.server(), atMs: Date.now() };
      }
      return {
        forced,
        supported: 'WebTransport' in self,
        ios,
        offered: info.server.webtransport !== null,
        remembered: await recall(),
      };
    },
    dialer(name) {
      return async (signal) => {
        const server = info?.server;
        if (!server) throw new Error('the server is not known');
        const { hostname, host, protocol } = scope.location;
        if (name === 'websocket') {
          return dialWebSocket(
            `${protocol === 'https:' ? 'wss' : 'ws'}://${host}${server.websocket.path}`,
            signal,
          );
        }
        const { webtransport } = server;
        if (!webtransport || !('WebTransport' in self)) throw new Error('WebTransport is not available');
        const url = `https://${hostname}:${String(webtransport.port)}${webtransport.path}`;
        try {
          return await dialWebTransport(url, webtransport.certificate_hashes.map(fromHex), signal);
        } catch (error) {
          // Perhaps the certificate was renewed: the next attempt asks again.
          // The racer beside this one still needs what is known.
          if (info) info = { ...info, atMs: -Infinity };
          throw error;
        }
      };
    },
    async present() {
      const signal = AbortSignal.timeout(PRESENT_MS_MAX);
      await fetch('/healthz', { signal, cache: 'no-store' }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      });
    },
    remember(because) {
      void remember(because);
    },
  };
}

function fromHex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

async function recall(): Promise<{ atMs: number; because: Fallback } | null> {
  const note = await noted((database) => database.get('notes', REMEMBERED));
  return (note as { atMs: number; because: Fallback } | undefined) ?? null;
}

async function remember(because: Fallback | null): Promise<void> {
  await noted(async (database) => {
    if (because) await database.put('notes', { atMs: Date.now(), because }, REMEMBERED);
    else await database.delete('notes', REMEMBERED);
  });
}

/** Nothing where the storage fails: an attempt to connect never waits for it long. */
function noted<T>(use: (database: Database) => Promise<T>): Promise<T | null> {
  return timely(async () => {
    const database = await openDatabase();
    try {
      return await use(database);
    } finally {
      database.close();
    }
  }, RECALL_MS_MAX).catch(() => null);
}

function openBus(user: string): OutboxBus {
  const channel = new BroadcastChannel(`rill outbox ${user}`);
  return {
    post: (news) => {
      channel.postMessage(news);
    },
    onNews: (take) => {
      channel.addEventListener('message', ({ data }: MessageEvent<OutboxNews>) => {
        take(data);
      });
    },
  };
}

function openLock(user: string): OutboxLock {
  const { locks } = scope.navigator;
  // Without locks every tab sends, under the same keys: the server makes one message of it.
  if (!locks) return (_signal, hold) => hold();
  return async (signal, hold) => {
    await locks.request(`rill outbox ${user}`, { signal }, hold);
  };
}
