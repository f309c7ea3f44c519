// @vitest-environment jsdom
import { enableAutoUnmount, flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { createMemoryHistory, createRouter } from 'vue-router';
import type { Router } from 'vue-router';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomMark, RoomSummary, RoomWishes } from '../client/model';
import { i18n } from '../locales/i18n';
import { Notify, UNREAD_COUNT_MAX } from '../protocol/generated';
import { useChat } from '../stores/chat';
import { useMarks } from '../stores/marks';
import { useMembers } from '../stores/members';
import { useReceipts } from '../stores/receipts';
import { useRooms } from '../stores/rooms';
import { useSession } from '../stores/session';
import { useWishes } from '../stores/wishes';
import type { MenuPlace } from '../composables/useMenu';
import { lastPassed } from '../composables/useReading';
import BaseMenu from './BaseMenu.vue';
import ComposerInput from './ComposerInput.vue';
import MessageReceipts from './MessageReceipts.vue';
import MessageText from './MessageText.vue';
import RoomBadge from './RoomBadge.vue';
import RoomList from './RoomList.vue';

enableAutoUnmount(afterEach);

let router: Router;
let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n, Router] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  const nothing = { template: '<i />' };
  router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/', name: 'rooms', component: nothing },
      { path: '/rooms/:room', name: 'room', component: nothing },
    ],
  });
  global = { plugins: [pinia, i18n, router] };
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  document.body.innerHTML = '';
  i18n.global.locale.value = 'en';
});

function room(id: string, more: Partial<RoomSummary> = {}): RoomSummary {
  const of = { id, name: `room ${id}`, creator: 'maker', creatorName: 'maker', createdMs: 0, members: 3 };
  return { ...of, last: null, ...more };
}
const mark = (of: string, unread: number, mentions = 0): RoomMark => ({
  room: of,
  mark: 1,
  unread,
  mentions,
});
const wish = (of: string, more: Partial<RoomWishes>): RoomWishes => ({
  ...{ room: of, notify: Notify.all, pinned: false, archived: false },
  ...more,
});

describe('a room’s badge', () => {
  it('counts up to 99, in grey where the room is muted, and marks a mention', () => {
    useMarks().apply([mark('a', 7, 1), mark('b', UNREAD_COUNT_MAX), mark('c', 0)]);
    useWishes().apply([wish('b', { notify: Notify.nothing })]);
    const [a, b, c] = ['a', 'b', 'c'].map((id) => mount(RoomBadge, { props: { room: id }, global }));
    expect(a?.get('.count > [aria-hidden]').text()).toBe('7');
    expect(a?.get('.count').classes()).not.toContain('muted');
    expect(a?.find('.mention').attributes('aria-label')).toBe('You are mentioned');
    expect(b?.get('.count > [aria-hidden]').text()).toBe('99+');
    expect(b?.get('.count').classes()).toContain('muted');
    expect(b?.find('.mention').exists()).toBe(false);
    expect(c?.find('.badge').exists()).toBe(false);
  });

  it('adds to the page’s number by what the user wants to hear', () => {
    useMarks().apply([mark('a', 5), mark('b', 9, 2), mark('c', 9, 9), mark('d', 3)]);
    useWishes().apply([
      wish('b', { notify: Notify.mentions }),
      wish('c', { notify: Notify.nothing }),
      wish('d', { archived: true }),
    ]);
    expect(useMarks().total).toBe(7);
  });
});

describe('the list of rooms', () => {
  const names = (list: ReturnType<typeof mountList>): string[] =>
    list.findAll('.name').map((one) => one.text());
  const mountList = (current: string | null = null) =>
    mount(RoomList, { props: { current }, global, attachTo: document.body });

  beforeEach(() => {
    useRooms().apply(
      [...'abcde'].map((id, at) => room(id, { createdMs: 100 - at })),
      [],
      true,
    );
    useMarks().apply([mark('b', 2), mark('c', 4, 1), mark('d', 1)]);
    useWishes().apply([wish('e', { pinned: true }), wish('d', { archived: true })]);
  });

  it('has pinned rooms in front, and archived ones apart', async () => {
    const list = mountList();
    expect(names(list)).toEqual(['room e', 'room a', 'room b', 'room c']);
    expect(list.findAll('.part').map((part) => part.text())).toEqual(['Pinned', 'Recent']);
    const filter = (text: string) => list.findAll('.filter').find((one) => one.text().startsWith(text));
    await filter('Unread')?.trigger('click');
    expect(names(list)).toEqual(['room b', 'room c']);
    expect(filter('Unread')?.text()).toBe('Unread 2');
    await filter('Mentions')?.trigger('click');
    expect(names(list)).toEqual(['room c']);
    await filter('Archived')?.trigger('click');
    expect(names(list)).toEqual(['room d']);
  });

  it('keeps the room that is being read in its filter', async () => {
    const list = mountList('b');
    await list.findAll('.filter')[1]?.trigger('click');
    useMarks().apply([mark('b', 0)]);
    await flushPromises();
    expect(names(list)).toEqual(['room b', 'room c']);
  });

  it('goes to the next room that calls, all around', async () => {
    const list = mountList('b');
    const press = async (key: string): Promise<string> => {
      window.dispatchEvent(new KeyboardEvent('keydown', { key, altKey: true, cancelable: true }));
      await flushPromises();
      return String(router.currentRoute.value.params.room);
    };
    expect(await press('ArrowDown')).toBe('c');
    await list.setProps({ current: 'c' });
    expect(await press('ArrowDown')).toBe('b');
    await list.setProps({ current: 'b' });
    expect(await press('ArrowUp')).toBe('c');
  });

  it('has a menu by the right button that pins, mutes and archives', async () => {
    const list = mountList();
    const command = vi.spyOn(useChat(), 'command');
    await list.findAll('.frame')[1]?.trigger('contextmenu', { clientX: 10, clientY: 10 });
    const entries = [...document.querySelectorAll<HTMLElement>('[role^=menuitem]')];
    expect(entries.map((entry) => entry.textContent.trim())).toEqual([
      'Pin to the top',
      'All messages',
      'Mentions only',
      'Mute',
      'Archive',
    ]);
    entries[3]?.click();
    expect(command).toHaveBeenCalledWith({ do: 'wish', room: 'a', change: { notify: Notify.nothing } });
    await flushPromises();
    expect(document.querySelector('[role=menu]')).toBe(null);
  });
});

describe('a menu', () => {
  it('is walked by arrows, and gives the focus back on Esc', async () => {
    const opener = document.createElement('button');
    document.body.append(opener);
    opener.focus();
    const items = ['one', 'two', 'three'].map((key) => ({ key, label: key }));
    const menu = mount(BaseMenu, { props: { label: 'menu', items, at: { x: 0, y: 0, above: 0 } }, global });
    await flushPromises();
    const press = (key: string): void => {
      document.activeElement?.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    };
    const focused = (): string | undefined => document.activeElement?.textContent.trim();
    expect(focused()).toBe('one');
    press('ArrowUp');
    expect(focused()).toBe('three');
    press('ArrowDown');
    press('ArrowDown');
    expect(focused()).toBe('two');
    press('Escape');
    expect(menu.emitted('close')).toHaveLength(1);
    expect(document.activeElement).toBe(opener);
  });

  it('stands above what was pressed where there is no place below, never over it', async () => {
    const opened = async (at: MenuPlace): Promise<string> => {
      // As a browser measures it where it was put first.
      const box = { right: at.x + 200, bottom: at.y + 150, height: 150 };
      vi.spyOn(HTMLElement.prototype, 'getBoundingClientRect').mockReturnValue(box as DOMRect);
      const menu = mount(BaseMenu, { props: { label: 'menu', items: [], at }, global });
      await flushPromises();
      const top = document.querySelector<HTMLElement>('[role=menu]')?.style.getPropertyValue('--y') ?? '';
      menu.unmount();
      return top;
    };
    expect(await opened({ x: 10, y: 100, above: 60 })).toBe('100px');
    expect(await opened({ x: 10, y: innerHeight - 20, above: innerHeight - 60 })).toBe(
      `${String(innerHeight - 210)}px`,
    );
    vi.restoreAllMocks();
  });
});

describe('receipts under one’s own message', () => {
  function show(members: number, seqs: number[]): ReturnType<typeof mount> {
    useRooms().apply([room('a', { members })], [], true);
    useReceipts().open('a');
    useReceipts().apply(
      'a',
      seqs.map((seq, at) => ({ user: `user ${String(at)}`, seq })),
    );
    return mount(MessageReceipts, { props: { room: 'a', seq: 5 }, global });
  }

  it('are a second tick between two', () => {
    expect(show(2, [4]).get('.tick').attributes('aria-label')).toBe('Sent');
    const read = show(2, [5]);
    expect(read.get('.tick').attributes('aria-label')).toBe('Read');
    expect(read.find('.readers').exists()).toBe(false);
  });

  it('say in a group by how many', () => {
    expect(show(4, [5, 4, 9]).get('.readers').text()).toContain('Read by 2');
    expect(show(4, [4]).find('.readers').exists()).toBe(false);
  });
});

describe('names in a text', () => {
  beforeEach(() => {
    useSession().me = { id: 'me', name: 'Lin' } as never;
    useRooms().apply([room('a', { creator: 'me' })], [], true);
    useMembers().apply(
      'a',
      ['Lin', 'anna', 'ben', 'Annabel'].map((name, at) => ({
        id: at === 0 ? 'me' : name,
        name,
        online: true,
      })),
      4,
    );
  });

  it('are marked, one’s own in another way', () => {
    const text = mount(MessageText, { props: { text: 'hi @lin and @anna, not @nobody' }, global });
    expect(text.findAll('mark').map((one) => [one.text(), one.classes('me')])).toEqual([
      ['@lin', true],
      ['@anna', false],
    ]);
    expect(text.element.textContent).toBe('hi @lin and @anna, not @nobody');
    const all = (everybody: boolean): number =>
      mount(MessageText, { props: { text: '@all hear', everybody }, global }).findAll('mark.me').length;
    expect([all(true), all(false)]).toEqual([1, 0]);
  });

  it('are completed by the keyboard', async () => {
    vi.spyOn(useChat(), 'ask').mockRejectedValue(new Error('offline'));
    const props = { modelValue: '', label: 'to', placeholder: '', wrong: false, hint: 'h' };
    const input = mount(ComposerInput, {
      props: { ...props, 'onUpdate:modelValue': (modelValue: string) => void input.setProps({ modelValue }) },
      global,
      attachTo: document.body,
    });
    const field = input.get('textarea');
    field.element.focus();
    await field.setValue('hi @an');
    expect(input.findAll('[role=option] .one-line').map((one) => one.text())).toEqual(['anna', 'Annabel']);
    expect(field.attributes('aria-activedescendant')).toBe('composer-people-0');
    await field.trigger('keydown', { key: 'ArrowDown' });
    await field.trigger('keydown', { key: 'Enter' });
    await flushPromises();
    expect(field.element.value).toBe('hi @Annabel ');
    expect(input.emitted('send')).toBe(undefined);
    expect(input.find('[role=option]').exists()).toBe(false);
    // Who made the room may call everybody.
    await field.setValue('@al');
    expect(input.findAll('[role=option] .one-line').map((one) => one.text())).toEqual([
      'all',
      'Everybody in this chat',
    ]);
  });
});

it('counts a message as read when its end is in sight', () => {
  const box = document.createElement('div');
  const place = (element: Element, bottom: number): void => {
    element.getBoundingClientRect = () => ({ bottom }) as DOMRect;
  };
  place(box, 500);
  for (const [seq, bottom] of [
    [1, -40],
    [2, 300],
    [3, 500],
    [4, 700],
  ] as const) {
    const row = document.createElement('article');
    row.dataset.seq = String(seq);
    place(row, bottom);
    box.append(row);
  }
  expect(lastPassed(box)).toBe(3);
});
