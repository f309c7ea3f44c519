/** WebKitGTK by its own WebDriver, which needs a display. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Driver } from './driver';

const START_TIMEOUT_MS = 60_000;
/** Debian keeps the small browser beside its library. */
const MINI_BROWSERS = ['6.0', '4.1', '4.0'].map((api) => `webkit2gtk-${api}/MiniBrowser`);

export async function startWebKit(driver: string, port: number): Promise<Driver> {
  const binary = ['/usr/lib/x86_64-linux-gnu', '/usr/lib/aarch64-linux-gnu', '/usr/libexec']
    .flatMap((folder) => [...MINI_BROWSERS, 'webkitgtk-6.0/MiniBrowser'].map((name) => `${folder}/${name}`))
    .find(existsSync);
  if (binary === undefined) throw new Error('MiniBrowser of WebKitGTK is not there');
  // Its own process group, so that the browser ends with the driver.
  const child = spawn('xvfb-run', ['-a', driver, `--port=${String(port)}`], {
    stdio: 'ignore',
    detached: true,
  });
  const base = `http://127.0.0.1:${String(port)}`;
  const end = async (): Promise<void> => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    process.kill(-child.pid, 'SIGTERM');
    await ended;
  };
  const call = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(base + path, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const { value } = (await answer.json()) as { value: unknown };
    if (!answer.ok) throw new Error(JSON.stringify(value));
    return value;
  };
  try {
    const untilMs = Date.now() + START_TIMEOUT_MS;
    while (!(await call('GET', '/status').then(Boolean, () => false))) {
      if (Date.now() > untilMs) throw new Error('WebKitWebDriver does not answer');
      await new Promise((wait) => setTimeout(wait, 200));
    }
    const options = { binary, args: ['--automation'] };
    const started = (await call('POST', '/session', {
      capabilities: { alwaysMatch: { 'webkitgtk:browserOptions': options } },
    })) as { sessionId: string; capabilities: { browserName: string; browserVersion: string } };
    const session = `/session/${started.sessionId}`;
    return {
      name: `WebKitGTK (${started.capabilities.browserName} ${started.capabilities.browserVersion})`,
      navigate: async (url) => {
        await call('POST', `${session}/url`, { url });
      },
      execute: (script, ...args) => call('POST', `${session}/execute/sync`, { script, args }),
      quit: async () => {
        await call('DELETE', session).catch(() => undefined);
        await end();
      },
    };
  } catch (error) {
    await end();
    throw error;
  }
}
