/** Firefox by Marionette, the protocol that it speaks itself: `length:[type, id, command, parameters]` over TCP. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Driver } from './driver';

const START_TIMEOUT_MS = 60_000;

export async function startFirefox(executable: string): Promise<Driver> {
  const profile = await mkdtemp(join(tmpdir(), 'rill-firefox-'));
  const port = await freePort();
  const prefs = {
    'marionette.port': port,
    'browser.shell.checkDefaultBrowser': false,
    'datareporting.policy.dataSubmissionEnabled': false,
    'app.update.enabled': false,
    'intl.accept_languages': 'zh-CN',
  };
  const lines = Object.entries(prefs).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});`,
  );
  await writeFile(join(profile, 'user.js'), lines.join('\n'));
  const child = spawn(
    executable,
    ['--headless', '--marionette', '--no-remote', '--profile', profile, 'about:blank'],
    { stdio: 'ignore', env: { ...process.env, HOME: profile } },
  );
  const quit = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const wire = await Marionette.connect(port);
    const started = (await wire.send('WebDriver:NewSession', {
      capabilities: { alwaysMatch: {} },
    })) as { capabilities: { browserName: string; browserVersion: string } };
    return {
      name: `${started.capabilities.browserName} ${started.capabilities.browserVersion}`,
      navigate: async (url) => {
        await wire.send('WebDriver:Navigate', { url });
      },
      execute: async (script, ...args) =>
        ((await wire.send('WebDriver:ExecuteScript', { script, args })) as { value: unknown }).value,
      quit,
    };
  } catch (error) {
    await quit();
    throw error;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

class Marionette {
  private lastId = 0;
  private rest = Buffer.alloc(0);
  private readonly waiting = new Map<
    number,
    { done: (value: unknown) => void; failed: (error: Error) => void }
  >();

  private constructor(private readonly socket: Socket) {
    socket.on('data', (data: Buffer) => {
      this.take(data);
    });
  }

  static async connect(port: number): Promise<Marionette> {
    const untilMs = Date.now() + START_TIMEOUT_MS;
    for (;;) {
      const socket = connect(port, '127.0.0.1');
      try {
        await once(socket, 'connect');
        return new Marionette(socket);
      } catch (error) {
        if (Date.now() > untilMs) throw error;
        await new Promise((wait) => setTimeout(wait, 200));
      }
    }
  }

  send(command: string, parameters: object): Promise<unknown> {
    const id = (this.lastId += 1);
    return new Promise((done, failed) => {
      this.waiting.set(id, { done, failed });
      const text = JSON.stringify([0, id, command, parameters]);
      this.socket.write(`${String(Buffer.byteLength(text))}:${text}`);
    });
  }

  private take(data: Buffer): void {
    this.rest = Buffer.concat([this.rest, data]);
    for (;;) {
      const colon = this.rest.indexOf(':');
      if (colon < 0) return;
      const end = colon + 1 + Number(this.rest.subarray(0, colon).toString());
      if (this.rest.length < end) return;
      const message = JSON.parse(this.rest.subarray(colon + 1, end).toString()) as unknown;
      this.rest = this.rest.subarray(end);
      // The greeting is no list.
      if (!Array.isArray(message)) continue;
      const [, id, error, value] = message as [number, number, { message: string } | null, unknown];
      const asked = this.waiting.get(id);
      this.waiting.delete(id);
      if (error) asked?.failed(new Error(error.message));
      else asked?.done(value);
    }
  }
}
