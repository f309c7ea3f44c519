/** A server that says nothing any more: how soon the page knows, with and without something to ask. */
import type { Person, Transport } from './fixtures';
import { expect, test } from './fixtures';
import { PROBE_AFTER_MS, PROBE_INTERVAL_MS, PROBE_PATIENCE_MS } from '../src/protocol/generated';
import { usableWithinMs } from './usable';

const TRANSPORTS = ['webtransport', 'websocket'] as const satisfies Transport[];
/** From the last sign of life, for a page that waits for an answer. */
const ASKED_MS = PROBE_AFTER_MS + PROBE_PATIENCE_MS;

/** From now until the chip names no connection any more. */
async function noticedAfterMs(one: Person): Promise<number> {
  const sinceMs = Date.now();
  await expect(one.chip).not.toContainText(/WebTransport|WebSocket/, { timeout: 60_000 });
  return Date.now() - sinceMs;
}

for (const transport of TRANSPORTS) {
  test(`a page over ${transport} leaves a server that stands still, and sends what was under way`, async ({
    person,
    server,
  }) => {
    const one = await person('user1');
    await one.register();
    const room = await one.makeRoom('技术交流');
    await one.open(`/rooms/${room}`, transport);
    await expect(one.chip).toContainText(/ms/);
    const slackMs = 2 * usableWithinMs();

    server.freeze();
    const idleMs = await noticedAfterMs(one);
    server.thaw();
    await expect(one.chip).toContainText(/ms/, { timeout: 30_000 });

    server.freeze();
    await one.say('into the silence');
    const askedMs = await noticedAfterMs(one);
    server.thaw();
    await expect(one.message('into the silence')).toHaveAttribute('data-state', 'sent', { timeout: 30_000 });
    console.log(`    listening ${String(idleMs)} ms, with a post under way ${String(askedMs)} ms`);
    expect(idleMs).toBeLessThan(PROBE_INTERVAL_MS + ASKED_MS + slackMs);
    expect(askedMs).toBeLessThan(ASKED_MS + slackMs);
    expect((await one.stored(room)).map(({ text }) => text)).toEqual(['into the silence']);
  });

  test(`a page over ${transport} leaves a server that was killed`, async ({ person, server }) => {
    const one = await person('user1');
    await one.register();
    const room = await one.makeRoom('技术交流');
    await one.open(`/rooms/${room}`, transport);
    await expect(one.chip).toContainText(/ms/);
    await server.kill();
    const killedMs = await noticedAfterMs(one);
    console.log(`    killed: ${String(killedMs)} ms`);
    expect(killedMs).toBeLessThan(PROBE_INTERVAL_MS + ASKED_MS + 2 * usableWithinMs());
  });
}
