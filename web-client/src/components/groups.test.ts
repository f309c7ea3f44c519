// @vitest-environment jsdom
import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import type { RoomSummary } from '../client/model';
import { i18n } from '../locales/i18n';
import { Code, MemberAction, RoomAccess, RoomHistory, RoomKind, RoomRole } from '../protocol/generated';
import type { RoomDetail } from '../protocol/generated';
import { RequestRefused, useChat } from '../stores/chat';
import { useLink } from '../stores/link';
import { useMembers } from '../stores/members';
import { useMembership } from '../stores/membership';
import { usePeople } from '../stores/people';
import { useSession } from '../stores/session';
import { useTimeline } from '../stores/timeline';
import { useUndo } from '../stores/undo';
import InvitationList from './InvitationList.vue';
import JoinDialog from './JoinDialog.vue';
import RoomAbout from './RoomAbout.vue';
import RoomCreateForm from './RoomCreateForm.vue';
import RoomGone from './RoomGone.vue';
import RoomInviteDialog from './RoomInviteDialog.vue';
import RoomLeaveDialog from './RoomLeaveDialog.vue';
import RoomLinkMake from './RoomLinkMake.vue';
import RoomMembers from './RoomMembers.vue';
import RoomSettingsDialog from './RoomSettingsDialog.vue';
import RoomSlow from './RoomSlow.vue';

const ME = 'me';

function room(of: Partial<RoomDetail> = {}): RoomSummary {
  const about: RoomDetail = {
    ...{ room: 'room', kind: RoomKind.group, with: null, name: 'Design', topic: 'colours' },
    ...{ access: RoomAccess.invited, history: RoomHistory.start, members: 3, owner: 'ann' },
    ...{ role: RoomRole.member, slowModeMs: 0, archived: false, closed: false, ...of },
  };
  return {
    ...{ id: 'room', name: about.name, creator: 'ann', creatorName: 'ann', createdMs: 0, members: 3 },
    ...{ last: null, about },
  };
}

let router: Router;
let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n, Router] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  const component = { render: () => null };
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'rooms', component },
      { path: '/rooms/:room', name: 'room', component },
      { path: '/join/:link', name: 'join', component },
    ],
  });
  global = { plugins: [pinia, i18n, router] };
  i18n.global.locale.value = 'en';
  useSession().me = { id: ME, name: 'me' } as never;
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  // Of the dialog element jsdom knows the name only.
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
    this.dispatchEvent(new Event('close'));
  };
});

const buttons = (shown: ReturnType<typeof mount>): string[] =>
  shown.findAll('button').map((button) => button.attributes('aria-label') ?? button.text());

async function press(shown: ReturnType<typeof mount>, name: string): Promise<void> {
  const found = shown
    .findAll('button')
    .find((button) => (button.attributes('aria-label') ?? button.text()) === name);
  if (!found) throw new Error(`no button ${name} among ${buttons(shown).join(', ')}`);
  await found.trigger('click');
  await flushPromises();
}

describe('the details of a group', () => {
  it('offer what one’s role allows, and nothing else', () => {
    const offered = (of: Partial<RoomDetail>): string[] =>
      buttons(mount(RoomAbout, { props: { room: room(of) }, global }) as never);
    expect(offered({ role: RoomRole.member })).toEqual([]);
    expect(offered({ role: RoomRole.member, access: RoomAccess.public })).toEqual(['Invite people']);
    expect(offered({ role: RoomRole.admin })).toEqual(['Invite people', 'Invite links', 'Chat settings']);
    expect(offered({ role: RoomRole.owner, kind: RoomKind.private })).toEqual([]);
  });

  it('ask before somebody is banned, and say why it failed', async () => {
    const ask = vi
      .spyOn(useChat(), 'ask')
      .mockRejectedValue(new RequestRefused({ code: Code.roleNeeded, detail: '' }));
    const ann = { id: 'ann', name: 'Ann', online: true, role: 'owner' } as const;
    const bob = { id: 'bob', name: 'Bob', online: false };
    useMembers().apply('room', [ann, bob], 2);
    const shown = mount(RoomMembers, {
      props: { room: room({ role: RoomRole.admin }) },
      global,
      attachTo: document.body,
    }) as never as ReturnType<typeof mount>;
    expect(shown.text()).toContain('Owner');
    await press(shown, 'What can be done with Bob');
    expect(buttons(shown).slice(-3)).toEqual(['Make admin', 'Remove', 'Ban']);
    await press(shown, 'Ban');
    expect(ask).not.toHaveBeenCalled();
    expect(shown.text()).toContain('Ban Bob?');
    await press(shown, 'Ban');
    expect(ask).toHaveBeenCalledWith(
      'changeMember',
      expect.objectContaining({ room: 'room', user: 'bob', action: MemberAction.ban }),
    );
    expect(shown.get('[role=alert]').text()).toContain('Your role');
    // Whoever is only put out can come back: that has its moment, and is not asked.
    await press(shown, 'Remove');
    expect(ask).toHaveBeenCalledTimes(1);
    expect(shown.text()).not.toContain('Bob');
    expect(useUndo().undo()?.ask).toMatchObject({ user: 'bob', action: MemberAction.remove });
    await flushPromises();
    expect(shown.text()).toContain('Bob');
    shown.unmount();
  });

  it('let an administrator of the server say whose a room is that nobody owns', async () => {
    const bob = { id: 'bob', name: 'Bob', online: false };
    useMembers().apply('room', [bob, { id: ME, name: 'me', online: true }], 2);
    const shown = mount(RoomMembers, { props: { room: room() }, global }) as never as ReturnType<
      typeof mount
    >;
    const isActs = (name: string): boolean => name.startsWith('What can be done');
    expect(buttons(shown).filter(isActs)).toEqual([]);
    useSession().administrator = true;
    await flushPromises();
    for (const name of buttons(shown).filter(isActs)) await press(shown, name);
    expect(buttons(shown).filter((name) => name === 'Hand over')).toHaveLength(2);
  });
});

describe('the settings of a group', () => {
  it('send what was changed, and only that', async () => {
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const shown = mount(RoomSettingsDialog, {
      props: { room: room({ role: RoomRole.owner }) },
      global,
    }) as never as ReturnType<typeof mount>;
    await shown.get('input[name=room-topic]').setValue('shapes');
    await shown.get('select').setValue('30000');
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(ask.mock.calls.map(([, what]) => (what as { change: unknown }).change)).toEqual([
      { setting: 1, text: 'shapes', value: 0 },
      { setting: 4, text: '', value: 30_000 },
    ]);
    expect(shown.emitted('close')).toHaveLength(1);
  });

  it('take no topic that is too long, and leave the rest to the owner', async () => {
    const ask = vi.spyOn(useChat(), 'ask');
    const shown = mount(RoomSettingsDialog, {
      props: { room: room({ role: RoomRole.admin }) },
      global,
    }) as never as ReturnType<typeof mount>;
    expect(shown.find('input[name=access]').exists()).toBe(false);
    expect(buttons(shown)).not.toContain('Archive');
    await shown.get('input[name=room-topic]').setValue('漢'.repeat(251));
    await shown.get('form').trigger('submit');
    expect(shown.get('[role=alert]').text()).toBe('At most 250 characters');
    expect(ask).not.toHaveBeenCalled();
  });
});

describe('a new group', () => {
  it('is made as it was wanted, and people are to be invited where nobody finds it', async () => {
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue({ id: 'new' } as never);
    const shown = mount(RoomCreateForm, { global }) as never as ReturnType<typeof mount>;
    await shown.get('input[name=room]').setValue('  Design ');
    await shown.get('input[value=invited]').setValue(true);
    await shown.get('input[name=topic]').setValue('colours');
    await shown.get('input[value=joining]').setValue(true);
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(ask).toHaveBeenCalledWith(
      'createGroup',
      expect.objectContaining({
        ...{ name: 'Design', topic: 'colours' },
        ...{ access: RoomAccess.invited, history: RoomHistory.joining },
      }),
    );
    expect(shown.emitted('created')).toEqual([['new']]);
    expect(useMembership().inviting).toBe('new');
  });
});

describe('inviting', () => {
  it('offers those whom one knows, and whom the server finds by a name', async () => {
    vi.useFakeTimers();
    const people = {
      acquaintances: [
        { id: 'bob', name: 'Bob' },
        { id: 'ann', name: 'Ann' },
      ],
    };
    const found = {
      people: [
        { id: 'bob', name: 'Bob' },
        { id: 'bo', name: 'Bo' },
      ],
    };
    const ask = vi
      .spyOn(useChat(), 'ask')
      .mockImplementation((name) =>
        Promise.resolve(
          (name === 'acquaintances' ? people.acquaintances : name === 'findPeople' ? found : null) as never,
        ),
      );
    useMembers().apply('room', [{ id: 'ann', name: 'Ann', online: true }], 1);
    const shown = mount(RoomInviteDialog, { props: { room: room() }, global }) as never as ReturnType<
      typeof mount
    >;
    await flushPromises();
    expect(shown.findAll('li').map((one) => one.get('.name').text())).toEqual(['Ann', 'Bob']);
    expect(shown.findAll('li').at(0)?.text()).toContain('Member');
    await shown.get('input').setValue('bo');
    await vi.advanceTimersByTimeAsync(1_000);
    expect(shown.findAll('li').map((one) => one.get('.name').text())).toEqual(['Bob', 'Bo']);
    await press(shown, 'Invite Bo');
    expect(ask).toHaveBeenLastCalledWith(
      'changeMember',
      expect.objectContaining({ user: 'bo', action: MemberAction.invite }),
    );
    expect(shown.findAll('li').at(1)?.text()).toContain('Invited');
    shown.unmount();
    vi.useRealTimers();
  });
});

describe('a link into a room', () => {
  it('has its secret behind the #, and leads to where it can be opened', async () => {
    vi.spyOn(useChat(), 'ask').mockResolvedValue({ text: 'ROOM.SECRET' } as never);
    const shown = mount(RoomLinkMake, { props: { room: room() }, global }) as never as ReturnType<
      typeof mount
    >;
    await shown.get('input[name=uses]').setValue('0');
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(shown.get('[role=alert]').text()).toContain('A number from 1');
    await shown.get('input[name=uses]').setValue('3');
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(shown.get('input').element.value).toContain('/join/ROOM.SECRET');
  });

  it('waits for the connection, shows where it leads, and is one use however often one presses', async () => {
    const found = { id: 'room', name: 'Design', members: 3, joined: false, topic: 'colours' };
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(found as never);
    const shown = mount(JoinDialog, { props: { link: 'ROOM.SECRET' }, global }) as never as ReturnType<
      typeof mount
    >;
    await flushPromises();
    expect(ask).not.toHaveBeenCalled();
    useLink().link = { ...useLink().link, phase: 'online' };
    await flushPromises();
    expect(shown.text()).toContain('colours');
    ask.mockRejectedValueOnce(new RequestRefused({ code: null, detail: '' }));
    await press(shown, 'Join');
    expect(shown.get('[role=alert]').text()).toContain('cannot be reached');
    await press(shown, 'Join');
    const joins = ask.mock.calls.map(([, what]) => what as { join: boolean; clientId: string });
    expect(joins.map(({ join }) => join)).toEqual([false, true, true]);
    expect(joins[1]?.clientId).toBe(joins[2]?.clientId);
    expect(router.currentRoute.value.fullPath).toBe('/rooms/room');
  });
});

describe('a room that one is not in', () => {
  const gone = (): ReturnType<typeof mount> =>
    mount(RoomGone, { props: { room: 'room' }, global }) as never as ReturnType<typeof mount>;

  it('says who has put one out, and whether one can come back', () => {
    expect(gone().text()).toContain('This chat is not open to you');
    useMembership().putOut({ room: 'room', name: 'Design', by: 'ann', how: 'removed' });
    expect(gone().text()).toContain('removed you from “Design”');
    expect(buttons(gone())).toEqual(['Join again']);
    useMembership().putOut({ room: 'room', name: 'Design', by: 'ann', how: 'banned' });
    expect(gone().text()).toContain('banned you from “Design”');
    expect(buttons(gone())).toEqual([]);
    useMembership().isIn([room()]);
    expect(gone().text()).toContain('This chat is not open to you');
  });

  it('says that it was deleted and by whom, however often that is heard, and takes the focus that is lost', () => {
    const deleted = (by: string | null, name = 'Design'): string => {
      useMembership().putOut({ room: 'room', name, by, how: 'deleted' });
      return gone().get('h2').text();
    };
    usePeople().apply([{ id: 'ann', name: 'Ann' }]);
    expect(deleted(null)).toBe('“Design” was deleted');
    expect(deleted('ann')).toBe('Ann deleted “Design”');
    expect(deleted(null)).toBe('Ann deleted “Design”');
    expect(deleted(ME)).toBe('You deleted “Design”');
    expect(buttons(gone())).toEqual([]);
    const shown = mount(RoomGone, { props: { room: 'room' }, global, attachTo: document.body });
    expect(shown.element.contains(document.activeElement)).toBe(true);
    shown.unmount();
    const field = document.body.appendChild(document.createElement('input'));
    field.focus();
    mount(RoomGone, { props: { room: 'room' }, global, attachTo: document.body }).unmount();
    expect(document.activeElement).toBe(field);
    field.remove();
  });

  it('can be accepted or declined where one is invited, there and in the list', async () => {
    const { last: _last, about: _about, ...of } = room();
    useMembership().told = [{ room: of, topic: '', by: 'ann', byName: 'Ann', atMs: 0 }];
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    expect(gone().text()).toContain('Ann invites you');
    const list = mount(InvitationList, { global }) as never as ReturnType<typeof mount>;
    await press(list, 'Decline the invitation to Design');
    expect(list.text()).toBe('');
    expect(useUndo().undo()?.name).toBe('decline');
    await flushPromises();
    expect(ask).not.toHaveBeenCalled();
    await press(list, 'Accept the invitation to Design');
    expect(ask).toHaveBeenLastCalledWith('join', expect.objectContaining({ room: 'room' }));
    expect(router.currentRoute.value.fullPath).toBe('/rooms/room');
  });
});

describe('deleting a room', () => {
  const settings = (role: RoomRole): ReturnType<typeof mount> =>
    mount(RoomSettingsDialog, {
      props: { room: room({ role, name: 'Design  Team' }) },
      global,
      attachTo: document.body,
    }) as never as ReturnType<typeof mount>;

  it('is the owner’s, who types its name', async () => {
    expect(buttons(settings(RoomRole.admin))).not.toContain('Delete the chat');
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const shown = settings(RoomRole.owner);
    await press(shown, 'Delete the chat');
    expect(shown.text()).toContain('cannot be brought back');
    const field = shown.get('input[name=delete-name]');
    expect(document.activeElement).toBe(field.element);
    for (const wrong of ['', 'design team', 'Design']) {
      await field.setValue(wrong);
      await shown.get('form.delete').trigger('submit');
      expect(shown.get('form.delete [role=alert]').text()).toBe('This is not its name.');
    }
    expect(ask).not.toHaveBeenCalled();
    await field.setValue(' Design Team ');
    await shown.get('form.delete').trigger('submit');
    await flushPromises();
    expect(ask).toHaveBeenCalledWith('deleteRoom', { clientId: expect.any(String) as string, room: 'room' });
    expect(shown.emitted('close')).toHaveLength(1);
  });

  it('that fails says why, is the same when it is tried again, and can be left', async () => {
    const refused = new RequestRefused({ code: Code.roleNeeded, detail: '' });
    const ask = vi.spyOn(useChat(), 'ask').mockRejectedValue(refused);
    const shown = settings(RoomRole.owner);
    await press(shown, 'Delete the chat');
    await shown.get('input[name=delete-name]').setValue('Design Team');
    for (let times = 0; times < 2; times += 1) {
      await shown.get('form.delete').trigger('submit');
      await flushPromises();
    }
    expect(shown.get('form.delete [role=alert]').text()).toContain('Your role in this room');
    expect(ask.mock.calls[1]).toEqual(ask.mock.calls[0]);
    await shown.get('form.delete').trigger('keydown', { key: 'Escape' });
    await flushPromises();
    expect(shown.find('form.delete').exists()).toBe(false);
    expect(document.activeElement?.textContent).toBe('Delete the chat');
    expect(shown.emitted('close')).toBeUndefined();
  });
});

it('an owner hands over before leaving, unless they are alone', () => {
  const leaving = (members: number): ReturnType<typeof mount> => {
    const one = room({ role: RoomRole.owner });
    return mount(RoomLeaveDialog, { props: { room: { ...one, members } }, global }) as never as ReturnType<
      typeof mount
    >;
  };
  expect(leaving(2).text()).toContain('Hand it over');
  expect(buttons(leaving(2))).not.toContain('Leave chat');
  expect(buttons(leaving(1))).toContain('Leave chat');
});

it('a slow room says how long the next message takes', async () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const shown = mount(RoomSlow, {
    props: { room: room({ slowModeMs: 30_000 }), slowMs: 30_000 },
    global,
  }) as never as ReturnType<typeof mount>;
  expect(shown.text()).toBe('Slow mode: one message every 30 seconds');
  const timeline = useTimeline();
  timeline.open('room');
  const line = { seq: 1, atMs: 1_000_000, author: ME, clientId: 'c', kind: 'text', text: 'hi' } as const;
  timeline.apply('room', { op: 'append', lines: [line] }, { older: false, newer: false });
  await vi.advanceTimersByTimeAsync(10_000);
  expect(shown.text()).toBe('Slow mode: the next message leaves in 20 seconds');
  await vi.advanceTimersByTimeAsync(20_000);
  expect(shown.text()).toBe('Slow mode: one message every 30 seconds');
  shown.unmount();
  vi.useRealTimers();
});
