/** The real server as its own process, on free ports, with data that outlives it. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

const here = import.meta.dirname;
const BINARY = resolve(process.env.RILL_BIN ?? join(here, '../../target/release/rill'));
/** The native client lies beside the server. */
export const CHAT_BINARY = resolve(process.env.RILL_CHAT_BIN ?? join(dirname(BINARY), 'rill-chat'));
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
  ) {}

  /**
   * `settings` are keys of the configuration, as `accounts.registration=closed`; `address`
   * is one of this machine's for the network, beside the loopback.
   */
  static async start(settings: readonly string[] = [], address: string | null = null): Promise<Server> {
    if (!existsSync(BINARY)) throw new Error(`${BINARY} is not there: build it with cargo build --release`);
    const server = new Server(await mkdtemp(join(tmpdir(), 'rill-e2e-')), settings, address);
    await server.start();
    return server;
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

  /** On the same ports and data as before, if there was a before. */
  async start(): Promise<void> {
    const readyFile = join(this.folder, 'ready.json');
    await rm(readyFile, { force: true });
    const child = spawn(
      BINARY,
      [
        'serve',
        ...['--data', join(this.folder, 'data')],
        ...['--http', `127.0.0.1:${this.port('http')}`],
        ...['--https', `${this.address ?? '127.0.0.1'}:${this.port('https')}`],
        ...['--quic', `${this.address ?? '[::]'}:${this.port('quic')}`],
        ...['--ready-file', readyFile],
        ...this.settings.flatMap((setting) => ['--set', setting]),
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    );
    this.process = child;
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (data: Buffer) => {
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

  /** As if the power went: no goodbye. */
  kill(): Promise<void> {
    return this.end('SIGKILL');
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
