/** Networks and browsers on which WebTransport does not work, or works no more. */
import type { TestInfo } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test } from './fixtures';
import type { Server } from './server';
import { mayReachThisMachine, tellPort } from './told_port';
import { UdpWire, refusingPort } from './udp';
import { usable, usableWithinMs, watchUsable } from './usable';

/** A machine that others use can starve a browser for a moment; not three times. */
const TRIES = 3;

/** The worker's global scope has no constructor, as in a browser that never had one. */
async function withoutWebTransport(one: Person): Promise<void> {
  await mayReachThisMachine(one);
  await one.page.context().route(/assets\/worker-.*\.js$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, body: `delete self.WebTransport;\n${await answer.text()}` });
  });
}

async function expectReason(one: Person, reason: RegExp): Promise<void> {
  await one.chip.click();
  await expect(one.page.getByText('为何未用 WebTransport')).toBeVisible();
  await expect(one.page.getByRole('dialog').getByText(reason)).toBeVisible();
  await one.page.keyboard.press('Escape');
}

function note(
  info: TestInfo,
  what: string,
  { composerMs, confirmedMs }: { composerMs: number; confirmedMs: number },
): void {
  const description = `composer after ${composerMs.toFixed(0)} ms, message confirmed after ${confirmedMs.toFixed(0)} ms`;
  info.annotations.push({ type: what, description });
  console.log(`    ${what}: ${description}`);
}

interface Way {
  name: string;
  reason: RegExp;
  prepare: (one: Person, server: Server, wire: UdpWire) => Promise<void>;
  /** Whether the next page load knows of it. */
  remembered: boolean;
}

const WAYS: Way[] = [
  {
    name: 'UDP is refused',
    reason: /WebTransport 连接失败/,
    prepare: async (one, server) => {
      await tellPort(one, server, await refusingPort());
    },
    remembered: true,
  },
  {
    name: 'UDP is swallowed',
    reason: /WebSocket 先连上/,
    prepare: async (one, server, wire) => {
      wire.cut = true;
      await tellPort(one, server, wire.port);
    },
    remembered: true,
  },
  {
    name: 'the browser has no WebTransport',
    reason: /此浏览器不支持 WebTransport/,
    prepare: withoutWebTransport,
    remembered: false,
  },
];

for (const { name, reason, prepare, remembered } of WAYS) {
  test(`the chat is usable within a second when ${name}`, async ({ server, person }, info) => {
    const wire = await UdpWire.to(server.quicPort);
    const loads: number[] = [];
    const free = await person('unhindered');
    await free.register();
    const open = await free.makeRoom('技术交流');
    await watchUsable(free.page.context());
    await free.open(`/rooms/${open}`);
    const unhindered = await usable(free.page);
    note(info, 'first load, nothing in its way', unhindered);
    const within = (): number => usableWithinMs(unhindered.confirmedMs);
    let one: Person | null = null;
    let room = '';
    while (loads.length < TRIES && Math.min(...loads) > within()) {
      // Somebody new: nothing is remembered and nothing is cached.
      one = await person(`user${String(loads.length)}`);
      await one.register();
      room = await one.makeRoom('技术交流');
      await prepare(one, server, wire);
      await watchUsable(one.page.context());
      await one.open(`/rooms/${room}`);
      const found = await usable(one.page);
      note(info, `first load, ${name}`, found);
      loads.push(found.confirmedMs);
      await expect(one.chip).toContainText('WebSocket');
      await expectReason(one, reason);
    }
    expect(Math.min(...loads)).toBeLessThanOrEqual(within());
    if (!one) throw new Error('nobody came');

    const again: { confirmedMs: number; udp: number }[] = [];
    do {
      const before = wire.heard;
      await one.page.reload();
      const found = await usable(one.page);
      again.push({ ...found, udp: wire.heard - before });
      note(info, `next load, ${name}`, found);
      await expect(one.chip).toContainText('WebSocket');
      await expectReason(one, reason);
      if (remembered) await expectReason(one, /沿用最近一次的结果/);
    } while (
      again.length < TRIES &&
      !again.some(({ confirmedMs, udp }) => confirmedMs <= usableWithinMs() && udp === 0)
    );
    // Not even asked whether UDP passes now.
    expect(again).toContainEqual(expect.objectContaining({ udp: 0 }));
    expect(Math.min(...again.map(({ confirmedMs }) => confirmedMs))).toBeLessThanOrEqual(usableWithinMs());
    wire.close();
  });
}

test('a session whose UDP dies goes on over WebSocket, and comes back, with nothing lost or doubled', async ({
  server,
  person,
}, info) => {
  const wire = await UdpWire.to(server.quicPort);
  const [one, other] = [await person('user1'), await person('user2')];
  await one.register();
  await other.register();
  const room = await one.makeRoom('技术交流');
  await other.enterRoom(room);
  await tellPort(one, server, wire.port);
  await one.open(`/rooms/${room}`, 'webtransport');
  await expect(one.chip).toContainText(/WebTransport · \d+ ms/);
  // Forced only so that the first connection is surely over UDP.
  await one.page.evaluate(() => {
    history.replaceState(null, '', location.href.replace('?transport=webtransport', ''));
  });
  await one.page.reload();
  await other.open(`/rooms/${room}`, 'websocket');
  await expect(one.chip).toContainText(/WebTransport · \d+ ms/);
  await expect(other.chip).toContainText(/WebSocket · \d+ ms/);

  const said: string[] = [];
  const say = async (who: Person, text: string): Promise<void> => {
    said.push(text);
    await who.say(text);
  };
  await say(one, 'before, from one');
  await say(other, 'before, from the other');
  await one.expectMessage('before, from the other');
  await other.expectMessage('before, from one');

  // In the middle of it: some of these are on the wire, their answers are not.
  await say(one, 'on the wire');
  wire.cut = true;
  const cutAtMs = Date.now();
  for (let at = 1; at <= 5; at += 1) {
    await say(one, `in flight ${String(at)}`);
    await say(other, `meanwhile ${String(at)}`);
  }
  await expect(one.chip).toContainText('WebSocket', { timeout: 20_000 });
  const movedMs = Date.now() - cutAtMs;
  info.annotations.push({ type: 'moved to WebSocket', description: `after ${String(movedMs)} ms` });
  console.log(`    moved to WebSocket after ${String(movedMs)} ms`);
  await expectReason(one, /WebTransport 之前可用/);
  await one.expectMessage('meanwhile 5');
  await other.expectMessage('in flight 5');
  await expect(one.page.locator('[data-state=waiting]')).toHaveCount(0);

  // UDP passes again; whoever has to connect anew finds it.
  wire.cut = false;
  // A machine that others use may start QUIC more slowly than the race allows; not three times.
  for (let tries = 1; tries <= TRIES; tries += 1) {
    await server.kill();
    await say(one, `while the server is down ${String(tries)}`);
    await server.start();
    await expect(one.chip).toContainText(/ · \d+ ms/, { timeout: 20_000 });
    if ((await one.chip.textContent())?.includes('WebTransport')) break;
  }
  await expect(one.chip).toContainText('WebTransport');
  await say(one, 'back on WebTransport');
  await other.expectMessage('back on WebTransport');
  await expect(one.page.locator('[data-state=waiting]')).toHaveCount(0);

  const seen = await one.allMessages();
  expect(seen.map(({ text }) => text).sort()).toEqual([...said].sort());
  expect(await other.allMessages()).toEqual(seen);
  wire.close();
});
