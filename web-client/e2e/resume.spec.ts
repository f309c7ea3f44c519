/** What a page shows after a break in which much happened, or in which the past changed. */
import { expect, test } from './fixtures';
import { tellPort } from './told_port';
import { UdpWire } from './udp';

const numbered = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => `message ${String(from + at)}`);

test.describe('after more was said than a resume brings', () => {
  test.use({
    settings: ['limits.requests_per_second_per_user=100000', 'limits.requests_per_second_per_address=100000'],
  });

  test('the conversation is one list without a gap', async ({ person, server }) => {
    const wire = await UdpWire.to(server.quicPort);
    const [one, writer] = [await person('user1'), await person('writer')];
    await one.register();
    await writer.register();
    const room = await one.makeRoom('技术交流');
    await writer.enterRoom(room);
    await writer.post(room, numbered(1, 20));
    await tellPort(one, server, wire.port);
    // Forced, so that no other way leads around the wire.
    await one.open(`/rooms/${room}`, 'webtransport');
    await one.expectMessage('message 20');

    wire.cut = true;
    const posted = writer.post(room, numbered(21, 620));
    await expect(one.page.getByText('网络不稳定')).toBeVisible({ timeout: 30_000 });
    await one.say('written in the dark');
    await posted;
    wire.cut = false;
    await expect(one.message('written in the dark')).toHaveAttribute('data-state', 'sent', {
      timeout: 30_000,
    });
    await writer.post(room, ['afterwards']);
    await expect(one.message('afterwards')).toBeVisible();
    await expect(one.page.getByText('网络不稳定')).toBeHidden();

    const stored = await one.stored(room);
    expect(stored.map(({ text }) => text)).toEqual([
      ...numbered(1, 620),
      'written in the dark',
      'afterwards',
    ]);
    expect(await one.allMessages()).toEqual(stored);
    wire.close();
  });
});

test('after the server was put back to a backup the page shows what there is now, once', async ({
  person,
  server,
}, info) => {
  const [one, other] = [await person('user1'), await person('user2')];
  await one.register();
  await other.register();
  const room = await one.makeRoom('技术交流');
  await other.enterRoom(room);
  await other.post(room, numbered(1, 10));
  await server.terminate();
  await server.backUp();
  await server.start();

  await one.open(`/rooms/${room}`);
  await one.expectMessage('message 10');
  await other.post(room, numbered(11, 20));
  await one.say('will be lost, too');
  await expect(one.message('will be lost, too')).toHaveAttribute('data-state', 'sent');
  await one.expectMessage('message 20');
  await server.terminate();
  await one.say('in the outbox 1');
  await one.say('in the outbox 2');
  await server.restore();
  await server.start();

  await expect(one.message('in the outbox 2')).toHaveAttribute('data-state', 'sent', { timeout: 20_000 });
  await other.post(room, ['another 1', 'another 2']);
  await one.expectMessage('another 2');
  const stored = await one.stored(room);
  expect(stored.map(({ text }) => text)).toEqual([
    ...numbered(1, 10),
    'in the outbox 1',
    'in the outbox 2',
    'another 1',
    'another 2',
  ]);
  await one.page.screenshot({ path: info.outputPath('restored.png') });
  expect(await one.allMessages()).toEqual(stored);
  // And so does whoever comes anew.
  await other.open(`/rooms/${room}`);
  await other.expectMessage('another 2');
  expect(await other.allMessages()).toEqual(stored);
});
