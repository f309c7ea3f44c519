// @vitest-environment jsdom
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils';
import type { VueWrapper } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { nothingSaid } from '../client/own_profile';
import type { Line, RoomSummary } from '../client/model';
import { i18n } from '../locales/i18n';
import { Code, Notify, RoomAccess, RoomHistory, RoomKind, RoomRole } from '../protocol/generated';
import type { RoomDetail } from '../protocol/generated';
import { useArrivals } from '../stores/arrivals';
import { RequestRefused, useChat } from '../stores/chat';
import { useOwnProfile } from '../stores/own_profile';
import { usePeople } from '../stores/people';
import { useRooms } from '../stores/rooms';
import { useSession } from '../stores/session';
import { useWishes } from '../stores/wishes';
import MessageReceipts from './MessageReceipts.vue';
import PersonActs from './PersonActs.vue';
import RoomClosed from './RoomClosed.vue';
import RoomDetails from './RoomDetails.vue';
import RoomList from './RoomList.vue';
import RoomPreview from './RoomPreview.vue';
import SwitcherDialog from './SwitcherDialog.vue';

enableAutoUnmount(afterEach);

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
    ],
  });
  global = { plugins: [pinia, i18n, router] };
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  HTMLDialogElement.prototype.showModal = () => undefined;
  HTMLDialogElement.prototype.close = function close() {
    this.dispatchEvent(new Event('close'));
  };
  Element.prototype.scrollIntoView = () => undefined;
  i18n.global.locale.value = 'en';
  useSession().me = { id: 'me', name: 'me' } as never;
  usePeople().apply([{ id: 'bob', name: 'Bob' }]);
});

const line = (author: string, of: Partial<Line> = {}): Line => ({
  ...{ seq: 5, atMs: 5, author, clientId: 'c', kind: 'text', text: 'see you', ...of },
});

function room(id: string, contact: string | null, of: Partial<RoomSummary & RoomDetail> = {}): RoomSummary {
  const { last = null, name = contact === null ? 'Design' : 'Bob', closed = false } = of;
  const about: RoomDetail = {
    ...{ room: id, kind: contact === null ? RoomKind.group : RoomKind.private, with: contact, name: '' },
    ...{ topic: '', access: RoomAccess.invited, history: RoomHistory.start, members: 2, owner: 'x' },
    ...{ role: RoomRole.member, slowModeMs: 0, archived: false, closed },
  };
  return { id, name, creator: 'me', creatorName: 'me', createdMs: 0, members: 2, last, about };
}
const withBob = (of: Partial<RoomSummary & RoomDetail> = {}): RoomSummary => room('chat', 'bob', of);

const label = (shown: VueWrapper): string | undefined => shown.find('.tick').attributes('aria-label');

describe('the ticks of a private chat', () => {
  it('tell apart what is sent, has arrived and was read, by icon and word', async () => {
    useRooms().apply([withBob()], [], true);
    const shown = mount(MessageReceipts, { props: { room: 'chat', seq: 5 }, global });
    const icon = (): string => shown.get('.tick svg').html();
    const icons = new Set([icon()]);
    expect(label(shown)).toBe('Sent');
    const arrive = async (delivered: number, read: number): Promise<void> => {
      useArrivals().apply({ room: 'chat', delivered, read });
      await flushPromises();
      icons.add(icon());
    };
    await arrive(4, 4);
    expect(label(shown)).toBe('Sent');
    await arrive(5, 4);
    expect(label(shown)).toBe('Delivered');
    await arrive(6, 5);
    expect(label(shown)).toBe('Read');
    expect(shown.text()).toContain('Read');
    expect(icons.size).toBe(3);
  });

  it('stand in the list before one’s own last message only', () => {
    const preview = (of: RoomSummary): VueWrapper => mount(RoomPreview, { props: { room: of }, global });
    useArrivals().apply({ room: 'chat', delivered: 5, read: 0 });
    expect(label(preview(withBob({ last: line('me') })))).toBe('Delivered');
    const theirs = preview(withBob({ last: line('bob') }));
    expect(theirs.find('.tick').exists()).toBe(false);
    // By whom goes without saying.
    expect(theirs.text()).toBe('see you');
    expect(preview(withBob({ last: line('bob', { kind: 'joined', text: '' }) })).text()).toBe('');
    expect(
      preview(room('group', null, { last: line('me') }))
        .find('.tick')
        .exists(),
    ).toBe(false);
  });
});

describe('the list of rooms', () => {
  it('is filtered to private chats and to groups', async () => {
    useRooms().apply([withBob(), room('group', null)], [], true);
    const list = mount(RoomList, { props: { current: 'group' }, global });
    const filters = list.findAll('.filter');
    // There is nothing in the archive.
    expect(filters.map((one) => one.text())).toEqual(['All', 'Unread', 'Mentions', 'Direct', 'Groups']);
    const names = async (at: number): Promise<string[]> => {
      await filters[at]?.trigger('click');
      return list.findAll('.name').map((one) => one.text());
    };
    expect(await names(3)).toEqual(['Bob']);
    expect(await names(4)).toEqual(['Design']);
  });
});

describe('a chat with somebody', () => {
  const acts = (inChat = false): VueWrapper =>
    mount(PersonActs, { props: { user: 'bob', name: 'Bob', inChat }, global });

  it('is gone to where there is one, and opened where there is none', async () => {
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue({ id: 'opened' } as never);
    await acts().get('button').trigger('click');
    await flushPromises();
    expect(ask).toHaveBeenCalledExactlyOnceWith('openPrivateChat', { user: 'bob' });
    expect(router.currentRoute.value.params.room).toBe('opened');
    useRooms().apply([withBob()], [], true);
    await acts().get('button').trigger('click');
    await flushPromises();
    expect(router.currentRoute.value.params.room).toBe('chat');
    expect(ask).toHaveBeenCalledTimes(1);
    expect(acts(true).text()).not.toContain('Send a message');
  });

  it('that is not to be is said in words', async () => {
    const refused = new RequestRefused({ code: Code.cannotBeReached, detail: '' });
    vi.spyOn(useChat(), 'ask').mockRejectedValue(refused);
    const shown = acts();
    await shown.get('button').trigger('click');
    await flushPromises();
    expect(shown.get('[role=alert]').text()).toBe('There is no chat with this person now.');
  });

  it('is told from a group by what stands beside it', async () => {
    vi.spyOn(useChat(), 'ask').mockResolvedValue({
      ...{ user: 'bob', username: 'bob', name: 'Bob', language: '', timeZone: '', files: [], next: null },
    } as never);
    const command = vi.spyOn(useChat(), 'command');
    const shown = mount(RoomDetails, { props: { room: withBob() }, global });
    await flushPromises();
    expect(shown.text()).toContain('@bob');
    expect(shown.find('.leave').exists()).toBe(false);
    const [mute] = shown.findAll('[role=switch]');
    await mute?.setValue(true);
    const change = { notify: Notify.nothing };
    expect(command).toHaveBeenCalledWith({ do: 'wish', room: 'chat', change });
    useWishes().apply([{ room: 'chat', notify: Notify.nothing, pinned: false, archived: false }]);
    await flushPromises();
    expect((mute?.element as HTMLInputElement).checked).toBe(true);
  });

  it('is silenced and pinned beside a group too, of which one may hear mentions only', async () => {
    vi.spyOn(useChat(), 'ask').mockResolvedValue({ files: [], next: null } as never);
    const command = vi.spyOn(useChat(), 'command');
    const shown = mount(RoomDetails, { props: { room: room('group', null) }, global });
    await flushPromises();
    const [, mentionsOnly, pinned] = shown.findAll('[role=switch]');
    await mentionsOnly?.setValue(true);
    await pinned?.setValue(true);
    const asked = command.mock.calls.map(([what]) => what).filter((what) => what.do === 'wish');
    expect(asked.map(({ change }) => change)).toEqual([{ notify: Notify.mentions }, { pinned: true }]);
  });

  it('that is closed says so, and offers what ends it to who blocks', async () => {
    const closed = (): VueWrapper =>
      mount(RoomClosed, { props: { room: withBob({ closed: true }) }, global });
    const neutral = closed();
    expect(neutral.get('[role=status]').text()).toBe('Messages cannot be sent here now.');
    expect(neutral.find('button').exists()).toBe(false);
    useOwnProfile().own = { ...nothingSaid(), blocked: ['bob'] };
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(null as never);
    const own = closed();
    expect(own.get('[role=status]').text()).toContain('You have blocked Bob.');
    await own.get('button').trigger('click');
    expect(ask).toHaveBeenCalledWith('setBlock', { user: 'bob', isBlocked: false });
  });
});

describe('the switcher', () => {
  it('finds chats at once, and people whom there is none with', async () => {
    vi.useFakeTimers();
    useRooms().apply([withBob(), room('group', null)], [], true);
    const people = [
      { id: 'bob', name: 'Bob', username: 'bob' },
      { id: 'bobby', name: 'Bobby', username: 'bobby' },
    ];
    vi.spyOn(useChat(), 'ask').mockResolvedValue({ people, more: false } as never);
    const shown = mount(SwitcherDialog, { global, attachTo: document.body });
    const options = (): string[] => shown.findAll('[role=option] .name').map((one) => one.text());
    expect(options()).toEqual(['Design', 'Bob']);
    const field = shown.get('input');
    await field.setValue('bo');
    expect(options()).toEqual(['Bob']);
    await vi.advanceTimersByTimeAsync(1_000);
    vi.useRealTimers();
    expect(options()).toEqual(['Bob', 'Bobby']);
    await field.trigger('keydown', { key: 'ArrowUp' });
    expect(shown.findAll('[role=option]')[1]?.attributes('aria-selected')).toBe('true');
    await field.trigger('keydown', { key: 'ArrowDown' });
    await field.trigger('keydown', { key: 'Enter' });
    await flushPromises();
    expect(router.currentRoute.value.params.room).toBe('chat');
    expect(shown.emitted('close')).toHaveLength(1);
  });
});
