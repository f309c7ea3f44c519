// @vitest-environment jsdom
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import type { PersonPresence, RoomSummary } from '../client/model';
import { nothingSaid } from '../client/own_profile';
import { i18n } from '../locales/i18n';
import { Code, RoomAccess, RoomHistory, RoomKind, RoomRole } from '../protocol/generated';
import type { RoomDetail } from '../protocol/generated';
import { RequestRefused, useChat } from '../stores/chat';
import { useLink } from '../stores/link';
import { useMembers } from '../stores/members';
import { useOwnProfile } from '../stores/own_profile';
import { usePeople } from '../stores/people';
import { usePresence } from '../stores/presence';
import { useProfiles } from '../stores/profiles';
import { useRooms } from '../stores/rooms';
import { useSession } from '../stores/session';
import { useTyping } from '../stores/typing';
import BlockedPeople from './BlockedPeople.vue';
import ComposerInput from './ComposerInput.vue';
import MessageText from './MessageText.vue';
import PeopleDialog from './PeopleDialog.vue';
import PersonActs from './PersonActs.vue';
import PersonProfile from './PersonProfile.vue';
import ProfileSettings from './ProfileSettings.vue';
import RoomFace from './RoomFace.vue';
import RoomHeader from './RoomHeader.vue';
import RoomMember from './RoomMember.vue';
import StatusDialog from './StatusDialog.vue';
import TypingLine from './TypingLine.vue';

enableAutoUnmount(afterEach);

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n, Router] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  const routes = [{ path: '/', name: 'rooms', component: { render: () => null } }];
  global = { plugins: [pinia, i18n, createRouter({ history: createMemoryHistory(), routes })] };
  i18n.global.locale.value = 'en';
  useSession().me = { id: 'me', name: 'myself' } as never;
  usePeople().apply([...'abcd'].map((id) => ({ id, name: `Person ${id}` })));
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  vi.spyOn(useChat(), 'command').mockReturnValue(undefined);
  // Of the dialog element jsdom knows the name only.
  HTMLDialogElement.prototype.showModal = function show() {
    this.open = true;
  };
  HTMLDialogElement.prototype.close = function close() {
    this.open = false;
    this.dispatchEvent(new Event('close'));
  };
});
afterEach(() => {
  vi.useRealTimers();
});

const told = (id: string, of: Partial<PersonPresence> = {}): PersonPresence => ({
  ...{ id, online: true, availability: 'online', emoji: '', text: '', untilMs: 0, seenMs: 0, ...of },
});
const room = (of: Partial<RoomDetail> = {}): RoomSummary => ({
  ...{ id: 'room', name: 'Design', creator: 'a', creatorName: 'a', createdMs: 0, members: 2, last: null },
  about: {
    ...{ room: 'room', kind: RoomKind.group, with: null, name: 'Design', topic: '' },
    ...{ access: RoomAccess.public, history: RoomHistory.start, members: 2, owner: 'a' },
    ...{ role: RoomRole.member, slowModeMs: 0, archived: false, closed: false, ...of },
  },
});
type Shown = ReturnType<typeof mount>;
async function press(shown: Shown, name: string): Promise<void> {
  const all = shown.findAll('button');
  const found = all.find((one) => (one.attributes('aria-label') ?? one.text()) === name);
  if (!found) throw new Error(`no button ${name} among ${all.map((one) => one.text()).join(', ')}`);
  await found.trigger('click');
  await flushPromises();
}

describe('whether somebody is there', () => {
  it('is told by shape and by words', () => {
    usePresence().apply(
      [
        told('a'),
        told('b', { availability: 'idle' }),
        told('c', { availability: 'busy', emoji: '🎧', text: 'Focusing' }),
        told('d', { online: false, availability: 'busy' }),
      ],
      false,
    );
    const shown = [...'abcd'].map((id) => {
      const member = { id, name: id, online: false };
      const row = mount(RoomMember, {
        props: { member, me: false, acts: [], run: () => Promise.resolve() },
        global,
      });
      return [
        row.get('[data-shape]').attributes('data-shape'),
        row.get('.state').text(),
        row.find('.says').exists(),
      ];
    });
    expect(shown).toEqual([
      ['online', 'Online', false],
      ['idle', 'Away', false],
      ['busy', 'Do not disturb', true],
      ['offline', 'Offline', false],
    ]);
  });

  it('ends by the clock, and not with the next word of the server', async () => {
    vi.useFakeTimers({ now: 1_000_000 });
    const presence = usePresence();
    presence.apply([told('a', { availability: 'busy', text: 'soon', untilMs: 1_060_000 })], false);
    await flushPromises();
    expect(presence.of('a')).toMatchObject({ shape: 'busy', text: 'soon' });
    await vi.advanceTimersByTimeAsync(60_000);
    expect(presence.of('a')).toMatchObject({ shape: 'online', text: '', untilMs: 0 });
  });

  it('is one’s own by what one says, whether one is there, and the connection', () => {
    const own = useOwnProfile();
    expect(own.presence.shape).toBe('offline');
    useLink().link = { ...useLink().link, phase: 'online' };
    expect(own.presence.shape).toBe('online');
    own.isIdle = true;
    expect(own.presence.shape).toBe('idle');
    own.own = { ...nothingSaid(), doNotDisturb: true, text: 'x' };
    expect(own.presence).toMatchObject({ shape: 'busy', text: 'x' });
  });

  it('stands at a private chat, and with it since when they are away', () => {
    vi.useFakeTimers({ now: 10_000_000 });
    usePresence().apply([told('b', { online: false, seenMs: 10_000_000 - 5 * 60_000 })], false);
    const chat = room({ kind: RoomKind.private, with: 'b' });
    const face = mount(RoomFace, { props: { room: chat, size: 'large' }, global });
    expect(face.get('[data-shape]').attributes('data-shape')).toBe('offline');
    expect(
      mount(RoomFace, { props: { room: room(), size: 'large' }, global })
        .find('[data-shape]')
        .exists(),
    ).toBe(false);
    const header = mount(RoomHeader, { props: { room: chat, back: false, details: false }, global });
    expect(header.get('.about').text()).toBe('Last seen 5 minutes ago');
  });
});

describe('who writes', () => {
  it('is named, two of them, and then several', async () => {
    const line = mount(TypingLine, { props: { room: 'room' }, global });
    const typing = useTyping();
    const text = async (users: string[]): Promise<string> => {
      typing.apply('room', users);
      await flushPromises();
      return line.find('.line').exists() ? line.get('.line').text() : '';
    };
    expect(await text(['a'])).toBe('Person a is typing…');
    expect(line.get('[role=status]').text()).toBe('Person a is typing…');
    expect(await text(['a', 'b'])).toBe('Person a and Person b are typing…');
    expect(await text(['a', 'b', 'c'])).toBe('Several people are typing…');
    expect(await text([])).toBe('');
    expect(line.get('[role=status]').text()).toBe('');
    // Whoever begins again and again is announced once.
    await text(['b']);
    expect(line.get('[role=status]').text()).toBe('');
  });
});

describe('one’s own status', () => {
  it('is said with its end', async () => {
    vi.useFakeTimers({ now: 5_000_000 });
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const shown = mount(StatusDialog, { global }) as never as Shown;
    await press(shown, '🍜Out for lunch');
    await shown.get('input[role=switch]').setValue(true);
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(ask).toHaveBeenCalledWith('setStatus', {
      ...{ doNotDisturb: true, emoji: '🍜', text: 'Out for lunch', untilMs: 5_000_000 + 3_600_000 },
    });
    expect(shown.emitted('close')).toHaveLength(1);
  });

  it('keeps the end that it has, and takes no text that is too long', async () => {
    const untilMs = Date.now() + 1_000_000;
    useOwnProfile().own = { ...nothingSaid(), emoji: '🌴', text: 'away', untilMs };
    const ask = vi
      .spyOn(useChat(), 'ask')
      .mockRejectedValue(new RequestRefused({ code: Code.badStatus, detail: '' }));
    const shown = mount(StatusDialog, { global }) as never as Shown;
    await shown.get('input[name=status]').setValue('字'.repeat(101));
    await shown.get('form').trigger('submit');
    expect(shown.get('[role=alert]').text()).toBe('At most 100 characters');
    expect(ask).not.toHaveBeenCalled();
    await shown.get('input[name=status]').setValue('still away');
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(ask).toHaveBeenCalledWith('setStatus', {
      ...{ doNotDisturb: false, emoji: '🌴', text: 'still away', untilMs },
    });
    expect(shown.get('[role=alert]').text()).toContain('A status has at most');
    ask.mockResolvedValue(null as never);
    await press(shown, 'Clear');
    expect(ask).toHaveBeenLastCalledWith('setStatus', {
      ...{ doNotDisturb: false, emoji: '', text: '', untilMs: 0 },
    });
  });
});

describe('a profile', () => {
  const profile = { user: 'a', username: 'ann', name: 'Ann', language: 'zh-CN', timeZone: 'Asia/Shanghai' };

  it('shows what somebody says, and watches them as long as it does', async () => {
    vi.useFakeTimers({ now: Date.UTC(2026, 10, 18, 12) });
    vi.spyOn(useChat(), 'ask').mockResolvedValue(profile as never);
    const command = vi.spyOn(useChat(), 'command');
    usePresence().apply([told('a', { emoji: '🌴', text: 'on holiday' })], false);
    // Names have their own way.
    usePeople().apply([{ id: 'a', name: 'Ann' }]);
    const shown = mount(PersonProfile, { props: { user: 'a' }, global });
    await flushPromises();
    expect(shown.get('h3').text()).toBe('Ann');
    expect(shown.text()).toContain('@ann');
    expect(shown.text()).toContain('on holiday');
    expect(shown.findAll('dd').map((one) => one.text())).toEqual([
      expect.stringContaining('20:00 · Asia/Shanghai'),
      expect.stringContaining('Chinese'),
    ]);
    expect(command).toHaveBeenLastCalledWith({ do: 'look', users: ['a'] });
    shown.unmount();
    expect(command).toHaveBeenLastCalledWith({ do: 'look', users: [] });
  });

  it('says why there is none, and tries again', async () => {
    const ask = vi
      .spyOn(useChat(), 'ask')
      .mockRejectedValueOnce(new RequestRefused({ code: Code.noSuchUser, detail: '' }))
      .mockResolvedValue(profile as never);
    const shown = mount(PersonProfile, { props: { user: 'a' }, global }) as never as Shown;
    await flushPromises();
    expect(shown.get('[role=alert]').text()).toContain('There is no such person.');
    await press(shown, 'Try again');
    expect(ask).toHaveBeenCalledTimes(2);
    expect(shown.text()).toContain('@ann');
  });

  it('blocks and unblocks after a question; oneself one edits', async () => {
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const shown = mount(PersonActs, { props: { user: 'a', name: 'Ann' }, global }) as never as Shown;
    await press(shown, 'Block');
    expect(ask).not.toHaveBeenCalled();
    expect(shown.text()).toContain('Block Ann?');
    await press(shown, 'Block');
    expect(ask).toHaveBeenLastCalledWith('setBlock', { user: 'a', isBlocked: true });
    useOwnProfile().own = { ...nothingSaid(), blocked: ['a'] };
    await flushPromises();
    expect(shown.text()).toContain('You have blocked them.');
    await press(shown, 'Unblock');
    await press(shown, 'Unblock');
    expect(ask).toHaveBeenLastCalledWith('setBlock', { user: 'a', isBlocked: false });
    const mine = mount(PersonActs, { props: { user: 'me', name: 'Me' }, global }) as never as Shown;
    await press(mine, 'Edit your profile');
    expect(useProfiles().isEditing).toBe(true);
  });

  it('of one’s own is sent whole', async () => {
    useOwnProfile().own = { ...nothingSaid(), chosenName: 'Old', language: 'tlh', isListed: false };
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    // All of them take a busy machine its time.
    vi.spyOn(Intl, 'supportedValuesOf').mockReturnValue(['Asia/Shanghai', 'Asia/Tokyo']);
    const shown = mount(ProfileSettings, { global });
    expect(shown.get<HTMLSelectElement>('select[name=spoken]').element.value).toBe('tlh');
    await shown.get('input[name=display-name]').setValue(' 李明 ');
    await shown.get('select[name=time-zone]').setValue('Asia/Tokyo');
    await shown.findAll('input[role=switch]')[0]?.setValue(true);
    await shown.get('form').trigger('submit');
    await flushPromises();
    expect(ask).toHaveBeenCalledWith('setProfile', {
      ...{ chosenName: '李明', language: 'tlh', timeZone: 'Asia/Tokyo', isListed: false, showsSeen: false },
    });
    expect(shown.emitted('close')).toHaveLength(1);
  });
});

describe('the list of people', () => {
  const found = (...ids: string[]) => ids.map((id) => ({ id, name: `Person ${id}`, username: id.repeat(3) }));

  it('goes on where it ended, and drops an answer that comes too late', async () => {
    vi.useFakeTimers();
    const late: ((value: unknown) => void)[] = [];
    const ask = vi.spyOn(useChat(), 'ask').mockImplementation((_name, what) => {
      const { text, after } = what as { text: string; after: string | null };
      if (text === 'slow') return new Promise((resolve) => late.push(resolve as never));
      if (text === 'b') return Promise.resolve({ people: found('b'), more: false } as never);
      const part =
        after === null ? { people: found('a', 'b'), more: true } : { people: found('c'), more: false };
      return Promise.resolve(part as never);
    });
    const shown = mount(PeopleDialog, { global, attachTo: document.body }) as never as Shown;
    await flushPromises();
    const names = (): string[] => shown.findAll('.name').map((one) => one.text());
    expect(names()).toEqual(['Person a', 'Person b']);
    await press(shown, 'Show more');
    expect(ask).toHaveBeenLastCalledWith('findPeople', { text: '', after: 'b' });
    expect(names()).toEqual(['Person a', 'Person b', 'Person c']);
    await shown.get('input').setValue('slow');
    await vi.advanceTimersByTimeAsync(300);
    await shown.get('input').setValue('b');
    await vi.advanceTimersByTimeAsync(300);
    late[0]?.({ people: found('d'), more: false });
    await flushPromises();
    expect(names()).toEqual(['Person b']);
    expect(useChat().command).toHaveBeenLastCalledWith({ do: 'look', users: ['b'] });
  });

  it('is walked by arrows, and opens profiles', async () => {
    vi.spyOn(useChat(), 'ask').mockResolvedValue({ people: found('a', 'b'), more: false } as never);
    const shown = mount(PeopleDialog, { global, attachTo: document.body });
    await flushPromises();
    const key = (name: string): void => {
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key: name, bubbles: true }));
    };
    expect(document.activeElement).toBe(shown.get('input').element);
    key('ArrowDown');
    key('ArrowDown');
    expect(document.activeElement?.textContent).toContain('Person b');
    (document.activeElement as HTMLElement).click();
    expect(useProfiles().shown).toBe('b');
    key('ArrowUp');
    key('ArrowUp');
    expect(document.activeElement).toBe(shown.get('input').element);
  });
});

it('whom one blocks is listed, also who has not appeared yet, and can be let go', async () => {
  const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
  useOwnProfile().own = { ...nothingSaid(), blocked: ['a', 'stranger'] };
  const shown = mount(BlockedPeople, { global }) as never as Shown;
  expect(shown.findAll('li').map((one) => one.get('.name').text())).toEqual(['Person a', '…']);
  expect(ask).toHaveBeenCalledWith('profile', { user: 'stranger' });
  await press(shown, 'Unblock Person a');
  expect(ask).toHaveBeenLastCalledWith('setBlock', { user: 'a', isBlocked: false });
  useOwnProfile().own = nothingSaid();
  await flushPromises();
  expect(shown.text()).toContain('You have blocked nobody.');
});

describe('a mention', () => {
  const mountInput = (): Shown => {
    const props = { modelValue: '', label: 'to', placeholder: '', wrong: false, hint: 'h' };
    const input = mount(ComposerInput, {
      props: { ...props, 'onUpdate:modelValue': (modelValue: string) => void input.setProps({ modelValue }) },
      global,
      attachTo: document.body,
    });
    return input as never as Shown;
  };
  const offered = async (input: Shown, text: string): Promise<string[]> => {
    const field = input.get<HTMLTextAreaElement>('textarea');
    field.element.focus();
    await field.setValue(text);
    await flushPromises();
    return input.findAll('[role=option] .one-line').map((one) => one.text());
  };

  it('is by username, whatever somebody is shown by', async () => {
    const known = { user: 'a', username: 'ann', name: '李明', language: '', timeZone: '' };
    vi.spyOn(useChat(), 'ask').mockResolvedValue({ ...known, people: [], next: null } as never);
    useMembers().apply('room', [{ id: 'a', name: '李明', online: true }], 1);
    const input = mountInput();
    expect(await offered(input, '@李')).toEqual(['李明']);
    await input.get('textarea').trigger('keydown', { key: 'Enter' });
    expect(input.get<HTMLTextAreaElement>('textarea').element.value).toBe('@ann ');
    expect(await offered(input, '@an')).toEqual(['李明']);
    const text = mount(MessageText, { props: { text: '@ann and @李明' }, global });
    expect(text.findAll('mark').map((one) => one.text())).toEqual(['@ann']);
  });

  it('is completed from pinyin too, of who is in the room', async () => {
    const found = ['a', 'outside'].map((id) => ({ id, username: id, name: id, online: true }));
    const ask = vi
      .spyOn(useChat(), 'ask')
      .mockImplementation(((what: string) =>
        what === 'findPeople'
          ? Promise.resolve({ people: found, next: null })
          : Promise.reject(new Error('not asked for'))) as never);
    const people = [
      { id: 'a', name: '李明', online: true },
      { id: 'b', name: '王芳', online: true },
    ];
    useMembers().apply('room', people, 2);
    const input = mountInput();
    expect(await offered(input, '@lim')).toEqual([]);
    await vi.waitFor(() => {
      expect(ask).toHaveBeenCalledWith('findPeople', { text: 'lim', after: null });
    });
    await flushPromises();
    expect(input.findAll('[role=option] .one-line').map((one) => one.text())).toEqual(['李明']);
  });

  it('of everybody is for who runs the room', async () => {
    useMembers().apply('room', [], 0);
    const everybody = async (of: Partial<RoomDetail>): Promise<boolean> => {
      useRooms().apply([room(of)], [], true);
      return (await offered(mountInput(), '@al')).includes('all');
    };
    expect(await everybody({ role: RoomRole.member, owner: 'a' })).toBe(false);
    expect(await everybody({ role: RoomRole.admin, owner: 'a' })).toBe(true);
    expect(await everybody({ role: RoomRole.owner, owner: 'me' })).toBe(true);
  });
});
