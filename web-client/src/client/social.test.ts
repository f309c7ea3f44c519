import { describe, expect, it } from 'vitest';
import { Activity, Availability, PresenceState } from '../protocol/generated';
import type { Bodies } from '../protocol/generated';
import { Page } from '../testing/scripted_page';
import { ScriptedServer } from '../testing/scripted_server';
import { testId } from '../testing/test_id';
import type { ServerRoom } from '../testing/scripted_room';

const [ANN, BOB] = [testId(), testId()];

async function viewed(): Promise<{ server: ScriptedServer; room: ServerRoom; page: Page }> {
  const server = new ScriptedServer();
  const room = server.room('one');
  server.members.set(room.info.id, {
    members: [ANN, BOB].map((user, at) => ({
      user,
      name: ['ann', 'bob'][at] ?? '',
      joinedMs: 0,
      online: false,
    })),
    roles: [],
  });
  const page = new Page(server);
  await page.view(room);
  await page.clock.pass(200);
  return { server, room, page };
}

const detail = (user: string, of: Partial<Bodies['PresenceDetails']['people'][number]> = {}) => ({
  ...{ user, availability: Availability.available, emoji: '', text: '', untilMs: 0, seenMs: 0, ...of },
});
const asked = (server: ScriptedServer, name: string): unknown[] =>
  server.requests.filter((message) => message.name === name).map(({ body }) => body);

describe('presence', () => {
  it('is of the members in view and of whom the page looks at', async () => {
    const { server, page } = await viewed();
    expect(page.presence.get(ANN)).toMatchObject({ online: true, availability: 'online' });
    const carl = testId();
    page.client.command({ do: 'look', users: [carl] });
    await page.clock.pass(100);
    const [last] = asked(server, 'WatchPresence').slice(-1) as Bodies['WatchPresence'][];
    expect(last?.users).toEqual([carl, ANN, BOB]);
    expect(page.presence.get(carl)?.online).toBe(true);
    // Whoever is watched already costs no request.
    const before = asked(server, 'WatchPresence').length;
    page.client.command({ do: 'look', users: [] });
    await page.clock.pass(100);
    expect(asked(server, 'WatchPresence')).toHaveLength(before);
  });

  it('joins what comes in any order, and ignores what is older', async () => {
    const { server, page } = await viewed();
    const slot = (version: number, state: number): void => {
      server.say('Presence', { slots: [{ user: ANN, version, state }] });
    };
    server.say('PresenceDetails', {
      people: [detail(ANN, { availability: Availability.doNotDisturb, emoji: '🌴', seenMs: 5 })],
    });
    await page.clock.pass(50);
    expect(page.presence.get(ANN)).toMatchObject({ online: true, availability: 'busy', emoji: '🌴' });
    slot(7, PresenceState.offline);
    slot(6, PresenceState.online);
    await page.clock.pass(50);
    expect(page.presence.get(ANN)).toMatchObject({ online: false, seenMs: 5 });
    server.say('PresenceDetails', { people: [detail(ANN, { availability: Availability.idle })] });
    await page.clock.pass(50);
    expect(page.presence.get(ANN)).toMatchObject({ availability: 'idle', emoji: '', seenMs: 0 });
  });

  it('is a number in a room that is too large to say who, and of that room alone', async () => {
    const { server, room, page } = await viewed();
    expect(page.membersOnline).toBeNull();
    server.say('RoomOnline', { room: room.info.id, online: 7_312 });
    await page.clock.pass(50);
    expect(page.membersOnline).toBe(7_312);
    server.say('RoomOnline', { room: testId(), online: 1 });
    await page.clock.pass(50);
    expect(page.membersOnline).toBe(7_312);
    // What another connection does not say again is not known.
    server.drop(null);
    await page.clock.pass(10_000);
    expect(page.membersOnline).toBeNull();
  });

  it('is forgotten when another connection tells it anew', async () => {
    const { server, page } = await viewed();
    server.say('PresenceDetails', { people: [detail(ANN, { text: 'busy here' })] });
    await page.clock.pass(50);
    server.drop(null);
    await page.clock.pass(10_000);
    expect(page.presence.get(ANN)).toMatchObject({ online: true, text: '' });
  });

  it('follows a new name, in the list of members too', async () => {
    const { server, page } = await viewed();
    server.say('UserNames', { users: [{ id: ANN, name: '安' }] });
    await page.clock.pass(50);
    expect(page.members.map(({ name }) => name)).toEqual(['安', 'bob']);
    expect(page.names.get(ANN)).toBe('安');
  });
});

describe('whether somebody sits in front of the page', () => {
  it('is told, and told again to the next connection', async () => {
    const { server, page } = await viewed();
    page.client.command({ do: 'activity', isIdle: true });
    await page.clock.pass(50);
    const activities = (): unknown[] =>
      (asked(server, 'SetActivity') as Bodies['SetActivity'][]).map(({ activity }) => activity);
    expect(activities()).toEqual([Activity.idle]);
    server.drop(null);
    await page.clock.pass(10_000);
    expect(activities()).toEqual([Activity.idle, Activity.idle]);
    page.client.command({ do: 'activity', isIdle: false });
    await page.clock.pass(50);
    expect(activities().at(-1)).toBe(Activity.active);
  });
});

describe('writing', () => {
  const said = (server: ScriptedServer): boolean[] => server.typing.map(({ isTyping }) => isTyping);

  it('is said at once, then once in a while, and when it is over', async () => {
    const { server, room, page } = await viewed();
    const write = (isTyping: boolean): void => {
      page.client.command({ do: 'typing', room: room.info.id, isTyping });
    };
    for (let at = 0; at < 40; at += 1) {
      write(true);
      await page.clock.pass(100);
    }
    expect(said(server)).toEqual([true, true]);
    write(false);
    write(false);
    await page.clock.pass(50);
    expect(said(server)).toEqual([true, true, false]);
  });

  it('that begins again at once is said when the server listens again', async () => {
    const { server, room, page } = await viewed();
    const write = (isTyping: boolean): void => {
      page.client.command({ do: 'typing', room: room.info.id, isTyping });
    };
    write(true);
    write(false);
    write(true);
    await page.clock.pass(100);
    expect(said(server)).toEqual([true, false]);
    await page.clock.pass(1_500);
    expect(said(server)).toEqual([true, false, true]);
    write(false);
    write(true);
    write(false);
    await page.clock.pass(2_000);
    // What was not said yet is not taken back.
    expect(said(server).slice(3)).toEqual([false]);
  });

  it('of others ends by their word, by their message, and by itself', async () => {
    const { server, room, page } = await viewed();
    const hear = (user: string, isTyping = true): Promise<void> => {
      server.say('Typing', { room: room.info.id, user, isTyping });
      return page.clock.pass(50);
    };
    await hear(ANN);
    await hear(BOB);
    await hear(server.user);
    expect(page.writing.get(room.info.id)).toEqual([ANN, BOB]);
    await hear(ANN, false);
    expect(page.writing.get(room.info.id)).toEqual([BOB]);
    server.post(room, BOB, 'there');
    await page.clock.pass(50);
    expect(page.writing.get(room.info.id)).toEqual([]);
    await hear(ANN);
    await page.clock.pass(3_000);
    await hear(ANN);
    await page.clock.pass(4_000);
    expect(page.writing.get(room.info.id)).toEqual([ANN]);
    await page.clock.pass(1_500);
    expect(page.writing.get(room.info.id)).toEqual([]);
  });
});

describe('what the user says of themselves', () => {
  const answer = (text: string): Bodies['ProfileAnswer'] => ({
    request: 0,
    profile: { user: ANN, username: 'me', name: 'me', language: '', timeZone: '' },
    own: {
      ...{ chosenName: '', isListed: true, showsSeen: true, doNotDisturb: false },
      ...{ emoji: '', text, untilMs: 0, blocked: [BOB] },
    },
  });

  it('comes unasked, and is gone when a new connection says nothing of it', async () => {
    const { server, page } = await viewed();
    expect(page.ownProfile).toMatchObject({ text: '', blocked: [] });
    server.say('ProfileAnswer', answer('hello'));
    await page.clock.pass(50);
    expect(page.ownProfile).toMatchObject({ username: 'me', text: 'hello', blocked: [BOB] });
    server.drop(null);
    await page.clock.pass(10_000);
    expect(page.ownProfile).toMatchObject({ text: '', blocked: [] });
  });
});
