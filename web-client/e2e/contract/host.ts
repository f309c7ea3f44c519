/** The contract suite's host as a process, and what it saw. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Where } from './peer';

const BINARY = resolve(
  process.env.RILL_TRANSPORT_HOST ??
    join(import.meta.dirname, '../../../target/debug/examples/transport-host'),
);
const EVENT_TIMEOUT_MS = 10_000;

export interface HostEvent {
  event: string;
  kind?: string;
  peer?: string;
  ended?: number | string;
  code?: number | null;
  reason?: string;
}

export class TransportHost {
  private readonly seen: HostEvent[] = [];
  private told: () => void = () => undefined;

  private constructor(
    private readonly child: ChildProcess,
    readonly where: Where,
  ) {}

  static async start(): Promise<TransportHost> {
    if (!existsSync(BINARY)) {
      throw new Error(`${BINARY} is not there: cargo build --locked --example transport-host`);
    }
    const child = spawn(BINARY, { stdio: ['pipe', 'pipe', 'inherit'] });
    const lines = createInterface(child.stdout);
    return new Promise((done, failed) => {
      child.once('error', failed);
      child.once('exit', (code) => {
        failed(new Error(`the host ended with ${String(code)}`));
      });
      let host: TransportHost | null = null;
      lines.on('line', (line) => {
        if (host) host.take(JSON.parse(line) as HostEvent);
        else done((host = new TransportHost(child, JSON.parse(line) as Where)));
      });
    });
  }

  /** The next thing that the host saw, or the next of a kind. */
  async next(kind?: string, timeoutMs = EVENT_TIMEOUT_MS): Promise<HostEvent> {
    const untilMs = Date.now() + timeoutMs;
    for (;;) {
      while (this.seen.length > 0) {
        const event = this.seen.shift();
        if (event && (kind === undefined || event.event === kind)) return event;
      }
      if (Date.now() >= untilMs) throw new Error(`${kind ?? 'nothing'} did not happen`);
      await new Promise<void>((resolve_) => {
        const timer = setTimeout(resolve_, untilMs - Date.now());
        this.told = () => {
          clearTimeout(timer);
          resolve_();
        };
      });
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once('exit', done));
    this.child.stdin?.end();
    await ended;
  }

  private take(event: HostEvent): void {
    this.seen.push(event);
    this.told();
  }
}
