/**
 * Another machine of the network: a network namespace with a wire to this one, in which a
 * browser runs. It needs Linux, root and `ip`.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';

const run = (command: string, ...args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** What is missing for such a machine; null when nothing is. */
export function missing(): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a network namespace needs Linux and root';
  for (const [command, ...args] of [
    ['ip', 'netns', 'list'],
    ['certutil', '-H'],
  ] as const) {
    try {
      run(command, ...args);
    } catch (error) {
      const { code } = error as { code?: string };
      if (code === 'ENOENT') return `${command} is not installed (Debian: iproute2, libnss3-tools)`;
      if (command === 'ip') return 'network namespaces are not allowed here';
    }
  }
  return null;
}

export class OtherMachine {
  /** This machine's address on the wire between the two. */
  readonly server: string;
  private readonly own: string;

  private constructor(
    private readonly name: string,
    private readonly wire: string,
    subnet: string,
    private readonly home: string,
  ) {
    this.server = `${subnet}.1`;
    this.own = `${subnet}.2`;
  }

  static async start(): Promise<OtherMachine> {
    const number = process.pid % 50_000;
    const subnet = `10.${String(200 + Math.floor(number / 250 / 250))}.${String(Math.floor(number / 250) % 250)}`;
    const home = await mkdtemp(join(tmpdir(), 'rill-e2e-machine-'));
    const machine = new OtherMachine(`rill-${String(number)}`, `rill${String(number)}`, subnet, home);
    try {
      machine.plug();
    } catch (error) {
      await machine.stop();
      throw error;
    }
    return machine;
  }

  /** What the browser's user did once: to trust the certificate that the server shows over TCP. */
  async trust(url: string): Promise<void> {
    const { hostname, port } = new URL(url);
    const der = await new Promise<Buffer>((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), rejectUnauthorized: false }, () => {
        resolve(socket.getPeerCertificate().raw);
        socket.end();
      });
      socket.once('error', reject);
    });
    const file = join(this.home, 'server.der');
    await writeFile(file, der);
    const store = join(this.home, '.pki/nssdb');
    await mkdir(store, { recursive: true });
    run('certutil', '-d', `sql:${store}`, '-N', '--empty-password');
    run('certutil', '-d', `sql:${store}`, '-A', '-t', 'P,,', '-n', 'rill', '-i', file);
  }

  /** An executable that is the browser over there. */
  async browser(executable: string): Promise<string> {
    const path = join(this.home, 'browser');
    const exec = `exec ip netns exec ${this.name} env HOME='${this.home}' '${executable}' "$@"`;
    await writeFile(path, `#!/bin/sh\n${exec}\n`);
    await chmod(path, 0o755);
    return path;
  }

  /** UDP to the other machine vanishes on its way from now on; TCP passes. */
  swallowUdp(): void {
    run('ip', 'rule', 'add', 'to', this.own, 'ipproto', 'udp', 'blackhole');
  }

  passUdp(): void {
    run('ip', 'rule', 'del', 'to', this.own, 'ipproto', 'udp', 'blackhole');
  }

  /** Takes away whatever is there. */
  async stop(): Promise<void> {
    for (const command of [
      ['rule', 'del', 'to', this.own, 'ipproto', 'udp', 'blackhole'],
      ['link', 'del', this.wire],
      ['netns', 'del', this.name],
    ]) {
      try {
        run('ip', ...command);
      } catch {
        // It was not there.
      }
    }
    await rm(this.home, { recursive: true, force: true });
  }

  private plug(): void {
    run('ip', 'netns', 'add', this.name);
    run('ip', 'link', 'add', this.wire, 'type', 'veth', 'peer', 'name', 'wire', 'netns', this.name);
    // IPv6 addresses settle seconds later; the browser takes that for another network and
    // gives up the requests that are under way.
    run('ip', '-n', this.name, 'link', 'set', 'wire', 'addrgenmode', 'none');
    run('ip', 'link', 'set', this.wire, 'addrgenmode', 'none');
    run('ip', 'addr', 'add', `${this.server}/30`, 'dev', this.wire);
    run('ip', 'link', 'set', this.wire, 'up');
    run('ip', '-n', this.name, 'addr', 'add', `${this.own}/30`, 'dev', 'wire');
    run('ip', '-n', this.name, 'link', 'set', 'wire', 'up');
    run('ip', '-n', this.name, 'link', 'set', 'lo', 'up');
  }
}
