import { describe, expect, it } from 'vitest';
import { MemberAction, RoomAccess, RoomRole, RoomSetting } from '../protocol/generated';
import type { MemberChange, RoomChange } from '../protocol/generated';
import { Page, fill } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import type { ServerRoom } from '../testing/scripted_room';

const ANN = testId();

const setting = (of: RoomSetting, text: string, value = 0): { change: RoomChange } => ({
  change: { setting: of, text, value },
});
const done = (action: MemberAction, user: string, name = 'ann'): { done: MemberChange } => ({
  done: { action, user, name },
});
const member = (user: string, name: string) => ({ user, name, joinedMs: 0, online: false });

/** A room in view of whose details the page was told. */
async function viewed(of = {}): Promise<{ server: ScriptedServer; room: ServerRoom; page: Page }> {
  const server = new ScriptedServer();
  const room = server.room('one');
  const page = new Page(server);
  await page.view(room);
  server.tellUser(['RoomDetails', { rooms: [room.detail(of)] }]);
  await page.clock.pass(100);
  return { server, room, page };
}

describe('what a room is', () => {
  it('is told with it, and moved on by its log', async () => {
    const { server, room, page } = await viewed({ topic: 'first' });
    const about = (): unknown => page.rooms.get(room.info.id)?.about;
    expect(about()).toMatchObject({ topic: 'first', role: RoomRole.member });
    server.act(room, ANN, setting(RoomSetting.name, 'renamed'));
    server.act(room, ANN, setting(RoomSetting.topic, 'second'));
    server.act(room, ANN, setting(RoomSetting.access, '', RoomAccess.invited));
    server.act(room, ANN, setting(RoomSetting.slowMode, '', 30_000));
    server.act(room, ANN, setting(RoomSetting.archived, '', 1));
    server.act(room, ANN, done(MemberAction.promote, server.user, 'me'));
    await page.clock.pass(100);
    expect(page.rooms.get(room.info.id)?.name).toBe('renamed');
    expect(about()).toMatchObject({
      ...{ topic: 'second', access: RoomAccess.invited, slowModeMs: 30_000, archived: true },
      role: RoomRole.admin,
    });
  });

  it('follows who owns it', async () => {
    const { server, room, page } = await viewed();
    const about = (): unknown => page.rooms.get(room.info.id)?.about;
    server.act(room, ANN, done(MemberAction.handOver, server.user, 'me'));
    await page.clock.pass(100);
    expect(about()).toMatchObject({ role: RoomRole.owner, owner: server.user });
    server.act(room, server.user, done(MemberAction.handOver, ANN));
    await page.clock.pass(100);
    expect(about()).toMatchObject({ role: RoomRole.admin, owner: ANN });
  });

  it('stands in the conversation, live and in pages of history', async () => {
    const { server, room, page } = await viewed();
    server.act(room, ANN, setting(RoomSetting.topic, 'a topic'));
    server.act(room, ANN, done(MemberAction.invite, testId(), 'bob'));
    await page.clock.pass(100);
    const live = page.lines.map(({ kind, text, change, done: what }) => ({ kind, text, change, what }));
    expect(live).toMatchObject([
      { kind: 'room', text: 'a topic', change: { setting: RoomSetting.topic } },
      { kind: 'member', text: 'bob', what: { action: MemberAction.invite } },
    ]);
    fill(room, 3, 200);
    const later = new Page(server);
    await later.view(room);
    while (later.ends.older) await later.load('older');
    const read = later.lines.slice(0, 2);
    expect(read.map(({ kind, text, change, done: what }) => ({ kind, text, change, what }))).toEqual(live);
  });
});

describe('the members of a room', () => {
  it('have their roles, also where the lists of other rooms are read meanwhile', async () => {
    const server = new ScriptedServer();
    const [one, two] = [server.room('one'), server.room('two')];
    const bob = testId();
    server.members.set(one.info.id, {
      members: [member(server.user, 'me'), member(ANN, 'ann')],
      roles: [{ user: ANN, role: RoomRole.owner }],
    });
    server.members.set(two.info.id, {
      members: [member(server.user, 'me'), member(bob, 'bob')],
      roles: [{ user: server.user, role: RoomRole.owner }],
    });
    const page = new Page(server);
    await page.clock.pass(100);
    const asked = page.client.answer('acquaintances', {});
    await page.view(one);
    expect((await asked).map(({ name }) => name).sort()).toEqual(['ann', 'bob']);
    expect(page.members.map(({ name, role }) => [name, role])).toEqual([
      ['me', undefined],
      ['ann', 'owner'],
    ]);
  });

  it('change as soon as the log says so', async () => {
    const server = new ScriptedServer();
    const room = server.room('one');
    const bob = testId();
    server.members.set(room.info.id, {
      members: [member(server.user, 'me'), member(ANN, 'ann'), member(bob, 'bob')],
      roles: [{ user: ANN, role: RoomRole.owner }],
    });
    const page = new Page(server);
    await page.view(room);
    const roles = (): unknown => page.members.map(({ name, role }) => [name, role]);
    server.act(room, ANN, done(MemberAction.promote, bob, 'bob'));
    await page.clock.pass(20);
    expect(roles()).toEqual([
      ['me', undefined],
      ['ann', 'owner'],
      ['bob', 'admin'],
    ]);
    server.act(room, ANN, done(MemberAction.handOver, bob, 'bob'));
    server.act(room, bob, done(MemberAction.remove, ANN));
    await page.clock.pass(20);
    expect(roles()).toEqual([
      ['me', undefined],
      ['bob', 'owner'],
    ]);
  });
});

describe('an invitation', () => {
  const room = (server: ScriptedServer): ServerRoom => {
    const strange = server.room('strange');
    server.leave(strange);
    return strange;
  };
  const invite = (server: ScriptedServer, to: ServerRoom): void => {
    server.tellUser(
      ['RoomDetails', { rooms: [to.detail({ topic: 'why', role: RoomRole.none })] }],
      ['InvitedToRoom', { room: { ...to.info, joined: false }, by: ANN, byName: 'ann' }],
    );
  };

  it('is there until it is answered or taken back', async () => {
    const server = new ScriptedServer();
    const strange = room(server);
    const page = new Page(server);
    await page.clock.pass(100);
    invite(server, strange);
    invite(server, strange);
    await page.clock.pass(100);
    expect(page.invitations).toMatchObject([{ room: { name: 'strange' }, topic: 'why', byName: 'ann' }]);
    server.tellUser(['InvitationGone', { room: strange.info.id }]);
    await page.clock.pass(100);
    expect(page.invitations).toEqual([]);
    invite(server, strange);
    await page.clock.pass(100);
    expect(page.invitations).toHaveLength(1);
    server.rejoin(strange);
    await page.clock.pass(100);
    expect(page.invitations).toEqual([]);
    expect(page.rooms.has(strange.info.id)).toBe(true);
  });
});

describe('who is put out of a room', () => {
  it('learns of it, whichever stream is the first to say so', async () => {
    for (const first of ['entry', 'list'] as const) {
      const { server, room, page } = await viewed();
      const put = (): void => {
        server.act(room, ANN, done(MemberAction.ban, server.user, 'me'));
      };
      if (first === 'entry') {
        put();
        await page.clock.pass(100);
        server.leave(room);
      } else {
        const cursors = server.links.map((link) => new Map(link.cursors));
        server.leave(room);
        await page.clock.pass(100);
        // The lane is behind: the last entry is still to come.
        server.links.forEach((link, at) => {
          for (const [id, seq] of cursors[at] ?? []) link.cursors.set(id, seq);
        });
        put();
      }
      await page.clock.pass(100);
      expect(page.removals).toEqual([{ room: room.info.id, name: 'one', by: ANN, how: 'banned' }]);
      expect(page.rooms.has(room.info.id)).toBe(false);
    }
  });
});

describe('a room that is deleted', () => {
  it('is dropped at once, with what waits to be sent there, whatever is missing of its log', async () => {
    const { server, room, page } = await viewed();
    server.deafToPosts = true;
    page.send(room, 'never said');
    await page.clock.pass(100);
    expect(page.outbox).toHaveLength(1);
    // The entry before the last one is not there, and never comes.
    server.disorder = (entries) => entries.filter(({ isEnd }) => isEnd);
    room.append(ANN, 'lost');
    server.delete(room, ANN);
    await page.clock.pass(100);
    expect(page.removals).toContainEqual({ room: room.info.id, name: 'one', by: ANN, how: 'deleted' });
    expect(page.rooms.has(room.info.id)).toBe(false);
    expect(page.outbox).toEqual([]);
    // It is asked for no more.
    const before = server.requests.length;
    await page.clock.pass(30_000);
    const asked = server.requests.slice(before).map(({ name }) => name);
    expect(asked.filter((name) => name === 'Resume' || name === 'Post')).toEqual([]);
  });

  it('is heard of by what is refused, if nothing else says so', async () => {
    const { server, room, page } = await viewed();
    const other = server.room('two');
    await page.clock.pass(100);
    server.drop(null);
    page.send(room, 'too late');
    page.send(other, 'in time');
    server.delete(room, ANN, true);
    await page.clock.pass(30_000);
    expect(page.removals).toEqual([{ room: room.info.id, name: 'one', by: null, how: 'deleted' }]);
    expect(page.outbox).toEqual([]);
    expect(other.log.map(({ text }) => text)).toEqual(['in time']);
  });

  it('is asked for under its client id', async () => {
    const { server, room, page } = await viewed();
    await page.client.answer('deleteRoom', { clientId: testId(), room: room.info.id });
    expect(server.requests.at(-1)).toMatchObject({ name: 'DeleteRoom', body: { room: room.info.id } });
  });
});
