/** The certificate that browsers trust by its hash lives two weeks: pages notice nothing of its end. */
import type { Page } from '@playwright/test';
import type { Person } from './fixtures';
import { expect, test as base } from './fixtures';
import { noticed, watchBreaks } from './noticed';
import { Server } from './server';

const DAY_MS = 24 * 60 * 60 * 1000;
/** Between the first use of a certificate and its renewal lie eleven days and a half. */
const BEFORE_RENEWAL_MS = 12 * DAY_MS;

const test = base.extend({
  server: async ({}, use) => {
    const server = await Server.start([], null, BEFORE_RENEWAL_MS);
    await use(server);
    await server.stop();
  },
});

interface About {
  webtransport: { certificate_hashes: string[] };
}

async function about(one: Person, server: Server): Promise<About> {
  const answer = await one.page.request.get(`${server.url}/api/v1/server`);
  return (await answer.json()) as About;
}

async function published(one: Person, server: Server): Promise<string[]> {
  return (await about(one, server)).webtransport.certificate_hashes;
}

/** Whether the server's UDP port shows the certificate with this hash now, as this browser sees it. */
function shows(page: Page, server: Server, hash: string): Promise<boolean> {
  return page.evaluate(
    async ([port, hex]) => {
      const value = Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
      const session = new WebTransport(`https://localhost:${String(port)}/rill/v1`, {
        serverCertificateHashes: [{ algorithm: 'sha-256', value }],
      });
      session.closed.catch(() => undefined);
      return session.ready.then(
        () => {
          session.close();
          return true;
        },
        () => false,
      );
    },
    [server.quicPort, hash] as const,
  );
}

test('a renewal goes unnoticed: connections stay, a reload and a reconnect use the next certificate', async ({
  server,
  person,
}) => {
  const [one, two] = [await person('user1'), await person('user2')];
  await one.register();
  await two.register();
  const room = await one.makeRoom('技术交流');
  await two.enterRoom(room);
  // No fallback can hide a connection that failed.
  for (const who of [one, two]) {
    await who.open(`/rooms/${room}`, 'webtransport');
    await expect(who.chip).toContainText('WebTransport');
    await watchBreaks(who);
  }
  await one.say('before');
  await two.expectMessage('before');
  const before = await about(one, server);
  const [current, next] = before.webtransport.certificate_hashes as [string, string];
  expect(await shows(one.page, server, current)).toBe(true);
  expect(await shows(one.page, server, next)).toBe(false);

  server.setBehind(0);
  await expect.poll(() => published(one, server), { timeout: 20_000 }).not.toEqual([current, next]);
  const after = await published(one, server);
  expect(after[0]).toBe(next);
  expect(await shows(one.page, server, current)).toBe(false);
  expect(await shows(one.page, server, next)).toBe(true);

  // Who was connected still is, and talks.
  await one.say('during, from one');
  await two.expectMessage('during, from one');
  await two.say('during, from two');
  await one.expectMessage('during, from two');
  expect(await noticed(one)).toEqual([]);
  expect(await noticed(two)).toEqual([]);

  // Whoever comes anew reads the new hashes.
  await two.page.reload();
  await expect(two.chip).toContainText('WebTransport');
  await two.say('after a reload');
  await one.expectMessage('after a reload');
  expect(await noticed(one)).toEqual([]);

  // Whoever only connects again needs no more than what was read before the renewal.
  await one.page.context().route('**/api/v1/server', (route) => route.fulfill({ json: before }));
  await server.kill();
  await server.start();
  expect(await published(one, server)).toEqual(after);
  await one.say('after a reconnect');
  await expect(one.chip).toContainText('WebTransport');
  await two.expectMessage('after a reconnect');
  await expect(one.message('after a reconnect')).toHaveAttribute('data-state', 'sent');
  expect((await one.allMessages()).map(({ text }) => text)).toEqual([
    'before',
    'during, from one',
    'during, from two',
    'after a reload',
    'after a reconnect',
  ]);
});
