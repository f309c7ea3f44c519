/** The real server as its own process, on free ports, with data that outlives it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const here = import.meta.dirname;
const BINARY = resolve(process.env.RILL_BIN ?? join(here, '../../target/release/rill'));
/** The native client lies beside the server. */
export const CHAT_BINARY = resolve(process.env.RILL_CHAT_BIN ?? join(dirname(BINARY), 'rill-chat'));
/** The same server by a clock that a test moves. */
const MOVED_CLOCK_BINARY = resolve(
  process.env.RILL_MOVED_CLOCK ?? join(here, '../../target/debug/examples/moved-clock'),
);
const START_TIMEOUT_MS = 20_000;

interface Ready {
  http: string;
  https: string;
  quic: string;
  certificate_hashes: string[];
  pid: number;
}

export class Server {
  private process: ChildProcess | null = null;
  private ready: Ready | null = null;
  private output = '';

  private constructor(
    private readonly folder: string,
    private readonly settings: readonly string[],
    private readonly address: string | null,
    private behindMs: number | null,
  ) {}

  /**
   * `settings` are keys of the configuration, as `accounts.registration=closed`; `address`
   * is one of this machine's for the network, beside the loopback; `behindMs` is how far
   * its clock is behind this machine's, if it is to be moved.
   */
  static async start(
    settings: readonly string[] = [],
    address: string | null = null,
    behindMs: number | null = null,
  ): Promise<Server> {
    const server = new Server(await mkdtemp(join(tmpdir(), 'rill-e2e-')), settings, address, behindMs);
    if (!existsSync(server.binary)) throw new Error(`${server.binary} is not there: see the Makefile`);
    await server.start();
    return server;
  }

  private get binary(): string {
    return this.behindMs === null ? BINARY : MOVED_CLOCK_BINARY;
  }

  /** The address of the page. */
  get url(): string {
    return `http://localhost:${this.port('http')}`;
  }

  /** The address of the page for other machines. */
  get secureUrl(): string {
    return `https://${this.address ?? 'localhost'}:${this.port('https')}`;
  }

  get quicPort(): number {
    return Number(this.port('quic'));
  }

  private port(name: 'http' | 'https' | 'quic'): string {
    return this.ready?.[name].split(':').at(-1) ?? '0';
  }

  /** Moves the clock of a server that was started with one that can be moved. */
  setBehind(behindMs: number): void {
    if (this.behindMs === null) throw new Error('this server goes by the machine’s clock');
    this.behindMs = behindMs;
    this.process?.stdin?.write(`${String(behindMs)}\n`);
  }

  /** On the same ports and data as before, if there was a before. */
  async start(): Promise<void> {
    const readyFile = join(this.folder, 'ready.json');
    await rm(readyFile, { force: true });
    const child = spawn(
      this.binary,
      [
        ...(this.behindMs === null ? ['serve'] : []),
        ...['--data', join(this.folder, 'data')],
        ...['--http', `127.0.0.1:${this.port('http')}`],
        ...['--https', `${this.address ?? '127.0.0.1'}:${this.port('https')}`],
        ...['--quic', `${this.address ?? '[::]'}:${this.port('quic')}`],
        ...['--ready-file', readyFile],
        ...this.settings.flatMap((setting) => ['--set', setting]),
      ],
      { stdio: [this.behindMs === null ? 'ignore' : 'pipe', 'pipe', 'pipe'] },
    );
    this.process = child;
    child.stdin?.write(`${String(this.behindMs)}\n`);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        this.output += data.toString();
      });
    }
    const untilMs = Date.now() + START_TIMEOUT_MS;
    while (Date.now() < untilMs) {
      if (child.exitCode !== null) break;
      if (existsSync(readyFile)) {
        this.ready = JSON.parse(await readFile(readyFile, 'utf8')) as Ready;
        return;
      }
      await new Promise((wait) => setTimeout(wait, 50));
    }
    throw new Error(`the server did not start:\n${this.output}`);
  }

  /** A copy of the data, beside it. The server is stopped. */
  async backUp(): Promise<void> {
    await cp(join(this.folder, 'data'), join(this.folder, 'backup'), { recursive: true });
  }

  /** Puts the copy back as docs/operations.md says, so that clients are told. The server is stopped. */
  async restore(): Promise<void> {
    const [data, backup, replaced] = ['data', 'backup', 'replaced'].map((name) => join(this.folder, name));
    if (!data || !backup || !replaced) throw new Error('no folders');
    await rename(data, replaced);
    await rename(backup, data);
    await cp(join(replaced, 'heads'), join(data, 'heads'));
  }

  /** As if the power went: no goodbye. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
  }

  /** Stands still, with what it has heard in its buffers. */
  freeze(): void {
    this.process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.process?.kill('SIGCONT');
  }

  /** As a service manager ends it; resolves when it has gone. */
  terminate(): Promise<void> {
    return this.end('SIGTERM');
  }

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((done) => child.once('exit', done));
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }
}
