import { describe, expect, it } from 'vitest';
import { DELIVERED_INTERVAL_MS, RoomKind } from '../protocol/generated';
import type { Bodies } from '../protocol/generated';
import { Page } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import type { ServerRoom } from '../testing/scripted_room';

const BOB = testId();

/** A private chat with Bob and a group, both in the list. */
async function begin(): Promise<{ server: ScriptedServer; room: ServerRoom; group: ServerRoom; page: Page }> {
  const server = new ScriptedServer();
  const [room, group] = [server.room('bob'), server.room('group')];
  server.details.set(room.info.id, { kind: RoomKind.private, with: BOB, name: '' });
  const page = new Page(server);
  await page.clock.pass(100);
  return { server, room, group, page };
}

const told = (server: ScriptedServer): Bodies['TellDelivered']['rooms'][] =>
  server.requests.flatMap((message) => (message.name === 'TellDelivered' ? [message.body.rooms] : []));
const at = (page: Page, { info }: ServerRoom) => page.arrivals.get(info.id) ?? null;

describe('a private chat', () => {
  it('is called as the other one is, also when that changes', async () => {
    const { server, room, page } = await begin();
    expect(page.rooms.get(room.info.id)?.name).toBe('bob');
    server.say('UserNames', { users: [{ id: BOB, name: '李明' }] });
    await page.clock.pass(100);
    expect(page.rooms.get(room.info.id)?.name).toBe('李明');
    // What the room is said to be, without a name, changes nothing of it.
    server.say('RoomDetails', {
      rooms: [room.detail({ kind: RoomKind.private, with: BOB, name: '', closed: true })],
    });
    await page.clock.pass(100);
    expect(page.rooms.get(room.info.id)).toMatchObject({ name: '李明', about: { closed: true } });
  });
});

describe('what has arrived here', () => {
  it('is told of private chats alone, many at a time', async () => {
    const { server, room, group, page } = await begin();
    server.post(group, BOB, 'in the group');
    for (let seq = 1; seq <= 5; seq += 1) {
      server.post(room, BOB, `m${String(seq)}`);
      await page.clock.pass(50);
    }
    await page.clock.pass(DELIVERED_INTERVAL_MS);
    expect(told(server)).toEqual([[{ room: room.info.id, seq: 1 }], [{ room: room.info.id, seq: 5 }]]);
    // What is one's own needs no word, and nothing is said twice.
    server.post(room, server.user, 'mine');
    await page.clock.pass(10 * DELIVERED_INTERVAL_MS);
    expect(told(server)).toHaveLength(2);
  });

  it('is told right after catching up, and what may be lost is told again', async () => {
    const { server, room, page } = await begin();
    server.refuse = new Error('no network');
    server.drop(null);
    room.append(BOB, 'while away');
    await page.clock.pass(5_000);
    expect(told(server)).toEqual([]);
    server.refuse = null;
    page.client.command({ do: 'reconnect' });
    await page.clock.pass(200);
    const mine = { room: room.info.id, seq: 1 };
    expect(told(server)).toEqual([[mine]]);
    server.drop(null);
    await page.clock.pass(5_000);
    expect(told(server)).toEqual([[mine], [mine]]);
    await page.clock.pass(120_000);
    server.drop(null);
    await page.clock.pass(5_000);
    expect(told(server)).toHaveLength(2);
  });
});

describe('how far one’s own messages have come', () => {
  it('never goes back, and ends with being read', async () => {
    const { server, room, page } = await begin();
    await page.view(room);
    for (const text of ['one', 'two', 'three']) server.post(room, server.user, text);
    await page.clock.pass(50);
    expect(at(page, room)).toBe(null);
    const arrived = async (seq: number): Promise<void> => {
      server.say('Delivered', { rooms: [{ room: room.info.id, seq }] });
      await page.clock.pass(50);
    };
    await arrived(2);
    await arrived(1);
    expect(at(page, room)).toMatchObject({ delivered: 2, read: 0 });
    server.say('Receipts', { room: room.info.id, receipts: [{ user: BOB, seq: 3 }] });
    await page.clock.pass(50);
    expect(at(page, room)).toMatchObject({ delivered: 3, read: 3 });
    // Who answers has read it all.
    server.post(room, server.user, 'four');
    server.post(room, BOB, 'yes');
    await page.clock.pass(50);
    expect(at(page, room)).toMatchObject({ delivered: 5, read: 5 });
  });

  it('is asked for where a chat ends with one’s own message and nobody looks at it', async () => {
    const { server, room, page } = await begin();
    server.post(room, server.user, 'read meanwhile');
    await page.clock.pass(50);
    server.personal.receipts.set(room.info.id, [{ user: BOB, seq: 1 }]);
    server.drop(null);
    await page.clock.pass(5_000);
    expect(at(page, room)).toMatchObject({ read: 1 });
  });

  it('is of its own log', async () => {
    const { server, room, page } = await begin();
    server.post(room, server.user, 'one');
    server.say('Delivered', { rooms: [{ room: room.info.id, seq: 1 }] });
    await page.clock.pass(50);
    expect(at(page, room)).toMatchObject({ delivered: 1 });
    room.epoch = testId();
    server.drop(null);
    await page.clock.pass(5_000);
    expect(at(page, room)).toMatchObject({ delivered: 0, read: 0 });
  });
});
