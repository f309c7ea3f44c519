import { describe, expect, it } from 'vitest';
import { Page, fill } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import type { ServerRoom } from '../testing/scripted_room';
import { noise, until } from '../testing/uploading';

const ANN = testId();
/** More than a resume brings. */
const MISSED = 600;

async function viewed(): Promise<{ server: ScriptedServer; room: ServerRoom; page: Page }> {
  const server = new ScriptedServer();
  const room = server.room('one');
  const page = new Page(server);
  await page.view(room);
  return { server, room, page };
}
const kinds = ({ lines }: Page): string[] => lines.map(({ kind, text }) => `${kind} ${text}`.trim());

describe('a message that is removed', () => {
  it('keeps its place and loses its text, here and in the list of rooms', async () => {
    const { server, room, page } = await viewed();
    for (const text of ['one', 'two']) server.post(room, ANN, text);
    await page.clock.pass(100);
    server.erase(room, ANN, 2);
    await page.clock.pass(100);
    expect(kinds(page)).toEqual(['text one', 'erased']);
    expect(page.rooms.get(room.info.id)?.last).toMatchObject({ seq: 2, kind: 'erased', text: '' });
    expect(page.erased).toEqual([2]);
  });

  it('is gone of a room that nobody looks at, too', async () => {
    const { server, room, page } = await viewed();
    server.post(room, ANN, 'a secret');
    await page.clock.pass(100);
    await page.view(server.room('two'));
    server.erase(room, ANN, 1);
    await page.clock.pass(100);
    expect(page.rooms.get(room.info.id)?.last).toMatchObject({ kind: 'erased', text: '' });
    await page.view(room);
    expect(kinds(page)).toEqual(['erased']);
  });

  it('loses its file, and what is still to be sent of it', async () => {
    const { server, room, page } = await viewed();
    server.files.stallAt = 1_000;
    const { transfer } = page.upload(room, 'noise.bin', noise(400_000));
    await until(page, () => server.files.transfers.get(transfer)?.have === 1_000);
    expect(page.lines[0]?.file?.name).toBe('noise.bin');
    expect(page.uploads).toHaveLength(1);
    server.erase(room, server.user, 1);
    await until(page, () => page.lines[0]?.kind === 'erased');
    expect(page.lines[0]?.file).toBe(undefined);
    await until(page, () => page.uploads.length === 0);
  });

  it('is gone in pages of history, before and behind its end', async () => {
    const { server, room, page } = await viewed();
    fill(room, 1, 200);
    server.erase(room, ANN, 20);
    server.post(room, ANN, 'last');
    await page.clock.pass(100);
    while (page.ends.older) await page.load('older');
    expect(page.lines[19]).toMatchObject({ seq: 20, kind: 'erased', text: '' });
    server.erase(room, ANN, 10);
    await page.clock.pass(100);
    expect(page.lines[9]).toMatchObject({ seq: 10, kind: 'erased', text: '' });
    const later = new Page(server);
    await later.view(room);
    while (later.ends.older) await later.load('older');
    expect(later.lines[9]).toMatchObject({ seq: 10, kind: 'erased', text: '' });
  });

  it('is gone where the part of the log that says so was left out', async () => {
    const { server, room, page } = await viewed();
    for (const text of ['one', 'a secret', 'three']) server.post(room, ANN, text);
    await page.clock.pass(100);
    server.drop(null);
    server.erase(room, ANN, 2);
    fill(room, 5, MISSED);
    await page.clock.pass(60_000);
    expect(page.ends.newer).toBe(true);
    expect(kinds(page).slice(0, 3)).toEqual(['text one', 'erased', 'text three']);
    expect(page.erased).toContain(2);
  });

  it('is counted as before', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const page = new Page(server);
    await page.clock.pass(100);
    for (const text of ['one', 'two']) server.post(room, ANN, text);
    await page.clock.pass(100);
    const unread = (): number | undefined => page.marks.get(room.info.id)?.unread;
    expect(unread()).toBe(2);
    server.erase(room, ANN, 1);
    await page.clock.pass(100);
    expect(unread()).toBe(2);
  });
});

it('a removal and a report are asked for under the client id that they were given', async () => {
  const { server, room, page } = await viewed();
  const [clientId, user] = [testId(), ANN];
  const message = { room: room.info.id, seq: 3 };
  const removed = page.client.answer('removeMessage', { clientId, ...message });
  const reported = page.client.answer('report', { clientId, user, message, reason: 'spam' });
  await page.clock.pass(100);
  expect([await removed, await reported]).toEqual([null, null]);
  const asked = server.requests.filter(({ name }) => name === 'RemoveMessage' || name === 'Report');
  expect(asked).toMatchObject([
    { name: 'RemoveMessage', body: { clientId, ...message } },
    { name: 'Report', body: { clientId, user, message, reason: 'spam' } },
  ]);
});
