import { describe, expect, it } from 'vitest';
import { Notify } from '../protocol/generated';
import { Page, fill, numbered } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import type { ServerRoom } from '../testing/scripted_room';

const unread = (page: Page, room: ServerRoom): number | undefined => page.marks.get(room.info.id)?.unread;
const heard = (server: ScriptedServer, name: string): number =>
  server.personal.heard.filter((message) => message.name === name).length;

function begin(entries = 0): { server: ScriptedServer; room: ServerRoom; other: ServerRoom; page: Page } {
  const server = new ScriptedServer();
  const [room, other] = [server.room('one'), server.room('other')];
  for (const one of [room, other]) server.personal.move(one, 0);
  if (entries > 0) fill(room, 1, entries);
  return { server, room, other, page: new Page(server) };
}

describe('what is unread', () => {
  it('is there after the login, and rises with each post', async () => {
    const { server, room, other, page } = begin(7);
    await page.clock.pass(100);
    expect(unread(page, room)).toBe(7);
    expect(unread(page, other)).toBe(0);
    server.post(other, testId(), 'hello');
    server.post(room, testId(), 'hello @me');
    await page.clock.pass(100);
    expect(page.marks.get(room.info.id)).toMatchObject({ unread: 8, mentions: 1 });
    expect(unread(page, other)).toBe(1);
  });

  it('is right again after a break, also where nothing is left', async () => {
    const { server, room, page } = begin(7);
    await page.clock.pass(100);
    server.drop(null);
    server.personal.move(room, 7);
    await page.clock.pass(3_000);
    expect(unread(page, room)).toBe(0);
    server.drop(null);
    fill(room, 8, 10);
    await page.clock.pass(3_000);
    expect(unread(page, room)).toBe(3);
  });

  it('falls as one reads, at once here and seldom at the server', async () => {
    const { server, room, page } = begin(40);
    await page.view(room);
    for (let seq = 1; seq <= 40; seq += 1) {
      page.client.command({ do: 'read', room: room.info.id, seq });
      await page.clock.pass(20);
      expect(unread(page, room)).toBe(40 - seq);
    }
    await page.clock.pass(1_000);
    expect(server.personal.state(room)).toMatchObject({ mark: 40, unread: 0 });
    expect(heard(server, 'MarkRead')).toBeLessThanOrEqual(4);
  });

  it('is told of what was read without a connection', async () => {
    const { server, room, page } = begin(3);
    await page.view(room);
    server.refuse = new Error('no network');
    server.drop(null);
    await page.clock.pass(100);
    page.client.command({ do: 'read', room: room.info.id, seq: 3 });
    await page.clock.pass(100);
    expect(unread(page, room)).toBe(0);
    server.refuse = null;
    page.client.command({ do: 'reconnect' });
    await page.clock.pass(1_000);
    expect(server.personal.state(room).unread).toBe(0);
    expect(unread(page, room)).toBe(0);
  });

  it('follows other devices, also back', async () => {
    const { server, room, page } = begin(9);
    await page.clock.pass(100);
    server.personal.move(room, 9);
    await page.clock.pass(100);
    expect(unread(page, room)).toBe(0);
    await page.client.answer('markUnread', { clientId: testId(), room: room.info.id, seq: 8 });
    await page.clock.pass(100);
    expect(page.marks.get(room.info.id)).toMatchObject({ mark: 7, unread: 2 });
  });
});

describe('a room with something new', () => {
  it('begins around it, however far back that is, and reads forward to its end', async () => {
    const { server, room, page } = begin(700);
    server.personal.move(room, 300);
    await page.view(room);
    expect(page.divider).toBe(300);
    expect(page.texts).toEqual(numbered(251, 350));
    expect(page.ends).toEqual({ older: true, newer: true });
    while (page.ends.newer) await page.load('newer');
    while (page.ends.older) await page.load('older');
    server.post(room, testId(), 'm701');
    await page.clock.pass(100);
    expect(page.texts).toEqual(numbered(1, 701));
  });

  it('shows its end where nothing is new, or all of it is there', async () => {
    const { server, room, page } = begin(40);
    server.personal.move(room, 38);
    await page.view(room);
    expect(page.divider).toBe(38);
    expect(page.texts).toEqual(numbered(1, 40));
    server.personal.move(room, 40);
    await page.clock.pass(100);
    await page.view(room);
    expect(page.divider).toBe(null);
  });

  it('is shown as far as it is there, where its pages cannot be had', async () => {
    const { server, room, other, page } = begin(60);
    await page.view(other);
    server.refuse = new Error('no network');
    server.drop(null);
    await page.clock.pass(100);
    await page.view(room);
    expect(page.texts.at(-1)).toBe('m60');
  });
});

describe('what a user wants', () => {
  it('is shown at once, kept, and told on the next connection', async () => {
    const { server, room, page } = begin();
    await page.clock.pass(100);
    page.client.command({ do: 'wish', room: room.info.id, change: { pinned: true } });
    await page.clock.pass(100);
    expect(page.wishes.get(room.info.id)).toMatchObject({ pinned: true, notify: Notify.all });
    server.refuse = new Error('no network');
    server.drop(null);
    await page.clock.pass(100);
    page.client.command({ do: 'wish', room: room.info.id, change: { notify: Notify.nothing } });
    page.client.command({ do: 'wish', room: room.info.id, change: { archived: true } });
    page.client.command({ do: 'hideReceipts', hidden: true });
    await page.clock.pass(100);
    const wanted = { pinned: true, notify: Notify.nothing, archived: true };
    expect(page.wishes.get(room.info.id)).toMatchObject(wanted);
    expect(page.receiptsHidden).toBe(true);
    server.refuse = null;
    page.client.command({ do: 'reconnect' });
    await page.clock.pass(1_000);
    expect(heard(server, 'SetRoomPreferences')).toBe(2);
    expect(heard(server, 'HideReceipts')).toBe(1);
  });
});

describe('a draft', () => {
  it('goes to the server seldom, and comes from other devices', async () => {
    const { server, room, other, page } = begin();
    await page.clock.pass(100);
    for (let at = 1; at <= 20; at += 1) {
      page.client.command({ do: 'draft', room: room.info.id, text: 'x'.repeat(at), revision: at });
      await page.clock.pass(50);
    }
    await page.clock.pass(2_000);
    expect(server.personal.drafts.get(room.info.id)).toBe('x'.repeat(20));
    expect(heard(server, 'SetDraft')).toBeLessThanOrEqual(3);
    server.tell('Draft', { room: other.info.id, text: 'from the telephone' });
    await page.clock.pass(100);
    expect(page.drafts.get(other.info.id)).toBe('from the telephone');
  });

  it('of one’s own wins while it is on its way', async () => {
    const { server, room, page } = begin();
    await page.clock.pass(100);
    server.personal.deaf = true;
    page.client.command({ do: 'draft', room: room.info.id, text: 'mine', revision: 1 });
    await page.clock.pass(100);
    server.tell('Draft', { room: room.info.id, text: 'older' });
    await page.clock.pass(100);
    expect(page.drafts.get(room.info.id)).toBe(undefined);
    server.personal.deaf = false;
    server.drop(null);
    await page.clock.pass(3_000);
    expect(server.personal.drafts.get(room.info.id)).toBe('mine');
  });
});

describe('receipts', () => {
  it('are of the room in view, and whoever writes has read', async () => {
    const { server, room, other, page } = begin(5);
    const [anna, ben] = [testId(), testId()];
    await page.view(room);
    const [link] = server.links;
    link?.send('Receipts', { room: room.info.id, receipts: [{ user: anna, seq: 3 }] });
    link?.send('Receipts', { room: other.info.id, receipts: [{ user: anna, seq: 4 }] });
    link?.send('Receipts', { room: room.info.id, receipts: [{ user: anna, seq: 2 }] });
    await page.clock.pass(100);
    expect(page.receipts.filter(({ user }) => user === anna)).toEqual([{ user: anna, seq: 3 }]);
    server.post(room, ben, 'm6');
    await page.clock.pass(100);
    expect(page.receipts).toContainEqual({ user: ben, seq: 6 });
  });

  it('are asked for page by page where nobody tells', async () => {
    const { server, room, page } = begin(5);
    await page.clock.pass(100);
    const all = Array.from({ length: 450 }, () => ({ user: testId(), seq: 3 }));
    server.personal.receipts.set(room.info.id, all);
    const asked = page.client.answer('receipts', { room: room.info.id });
    await page.clock.pass(100);
    expect(await asked).toEqual(all);
  });
});
