/** The server ends as its service manager asks it to and is started again: nobody notices. */
import { setTimeout as pause } from 'node:timers/promises';
import { RESTART_MS_MAX } from '../src/client/reconnect';
import type { Person, Transport } from './fixtures';
import { expect, test } from './fixtures';
import { noticed, watchBreaks } from './noticed';
import { usableWithinMs } from './usable';

/** What the chip alone may say meanwhile. */
const QUIET = ['the chip said 服务器正在重启…'];
/** A server that says goodbye and is away for longer is offline, and that is what people are told. */
const LONG_AWAY = [...QUIET, 'the chip said 离线', 'a banner'];

for (const transport of ['webtransport', 'websocket'] as const satisfies Transport[]) {
  test(`a clean restart in the middle of typing and sending, over ${transport}`, async ({
    person,
    server,
  }, info) => {
    const [one, two] = [await person('user1'), await person('user2')];
    await one.register();
    await two.register();
    const room = await one.makeRoom('技术交流');
    await two.enterRoom(room);
    for (const who of [one, two]) {
      await who.open(`/rooms/${room}`, transport);
      await expect(who.chip).toContainText(/ms/);
      await watchBreaks(who);
    }
    const said: string[] = [];
    const say = async (who: Person, text: string): Promise<void> => {
      said.push(text);
      await who.say(text);
    };

    for (let turn = 1; turn <= 3; turn += 1) {
      let restarted = false;
      const endsAtMs = Date.now();
      const restart = (async () => {
        // It says goodbye at once; to end takes as long as the disk does.
        await server.terminate();
        const goneAtMs = Date.now();
        // A service manager takes its time, too.
        await pause(turn * 300);
        await server.start();
        restarted = true;
        return Date.now() - goneAtMs;
      })();
      // They talk on while the server goes, is not there, and comes.
      for (let at = 1; !restarted || at <= 5; at += 1) {
        await say(one, `turn ${String(turn)}, one ${String(at)}`);
        await say(two, `turn ${String(turn)}, two ${String(at)}`);
        await one.composer.pressSequentially('half a sen', { delay: 10 });
        await expect(one.composer).toHaveValue('half a sen');
        await expect(one.composer).toBeFocused();
      }
      const awayMs = await restart;
      const sinceMs = Date.now();
      for (const who of [one, two]) {
        await expect(who.page.locator('[data-state=waiting]')).toHaveCount(0);
        await expect(who.chip).toContainText(/ms/);
      }
      const backMs = Date.now() - sinceMs;
      const allMs = Date.now() - endsAtMs;
      info.annotations.push({ type: 'restart', description: `${String(awayMs)} + ${String(backMs)} ms` });
      console.log(
        `    away for ${String(awayMs)} of ${String(allMs)} ms, all sent ${String(backMs)} ms later`,
      );
      expect(backMs).toBeLessThan(4 * usableWithinMs());
      // A machine that others keep busy can take longer for it than the page promises.
      const may = allMs < RESTART_MS_MAX ? QUIET : LONG_AWAY;
      for (const who of [one, two]) {
        expect(may).toEqual(expect.arrayContaining(await noticed(who)));
        await watchBreaks(who);
      }
    }

    await expect(one.composer).toHaveValue('half a sen');
    const stored = await one.stored(room);
    expect(stored.map(({ text }) => text).sort()).toEqual([...said].sort());
    for (const name of ['one', 'two']) {
      const own = (text: string): boolean => text.includes(`, ${name} `);
      expect(stored.map(({ text }) => text).filter(own)).toEqual(said.filter(own));
    }
    expect(await one.allMessages()).toEqual(stored);
    expect(await two.allMessages()).toEqual(stored);
  });
}

test('a restart moves nobody from WebTransport to WebSocket', async ({ person, server }) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  // The first connection is surely WebTransport; later ones race.
  await one.open(`/rooms/${room}`, 'webtransport');
  await expect(one.chip).toContainText(/ms/);
  await one.page.evaluate(() => {
    history.replaceState(null, '', location.href.replace('?transport=webtransport', ''));
  });
  await one.page.reload();
  await expect(one.chip).toContainText(/ms/);
  const chips: (string | null)[] = [];
  // A machine that others use may start QUIC more slowly than the race allows; not often.
  for (let turn = 1; turn <= 4; turn += 1) {
    await server.terminate();
    await pause(900 + turn * 70);
    await server.start();
    await expect(one.chip).toContainText(/ms/);
    chips.push(await one.chip.textContent());
  }
  expect(chips.filter((chip) => chip?.includes('WebTransport')).length, chips.join()).toBeGreaterThanOrEqual(
    3,
  );
});

test('a server that says goodbye and stays away is told of after a while', async ({
  person,
  server,
}, info) => {
  const one = await person('user1');
  await one.register();
  const room = await one.makeRoom('技术交流');
  await one.open(`/rooms/${room}`);
  await expect(one.chip).toContainText(/ms/);
  await server.terminate();
  const sinceMs = Date.now();
  await one.say('while it is away');
  await expect(one.message('while it is away')).toContainText('发送中');
  await expect(one.chip).toContainText('服务器正在重启');
  await one.page.screenshot({ path: info.outputPath('restarting.png') });
  const banner = one.page.getByText('网络不稳定');
  await one.page.waitForTimeout(4_000);
  const isVisible = await banner.isVisible();
  // On a machine that is late itself this says nothing.
  if (Date.now() - sinceMs < 5_500) expect(isVisible).toBe(false);
  await expect(banner).toBeVisible({ timeout: 30_000 });
  await expect(one.message('while it is away')).toContainText('等待连接');
  await one.page.screenshot({ path: info.outputPath('away.png') });
  await server.start();
  await expect(one.message('while it is away')).toHaveAttribute('data-state', 'sent');
  await expect(banner).toBeHidden();
});
