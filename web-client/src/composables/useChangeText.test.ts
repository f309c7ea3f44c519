// @vitest-environment jsdom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it } from 'vitest';
import { defineComponent, h } from 'vue';
import type { Line } from '../client/model';
import { i18n } from '../locales/i18n';
import { MemberAction, RoomSetting } from '../protocol/generated';
import { usePeople } from '../stores/people';
import { useLineText } from './useLineText';

const line = (of: Partial<Line>): Line => ({
  ...{ seq: 1, atMs: 0, author: 'a', clientId: 'c', kind: 'text', text: '' },
  ...of,
});
const room = (setting: number, text: string, value = 0): Line =>
  line({ kind: 'room', text, change: { setting, text, value } });
const member = (action: number, user = 'b', author = 'a'): Line =>
  line({ kind: 'member', author, text: 'Bob', done: { action, user, name: 'Bob' } });

let said: (one: Line) => string;

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  const Say = defineComponent(() => {
    const { noticeOf } = useLineText();
    said = noticeOf;
    return () => h('p');
  });
  mount(Say, { global: { plugins: [pinia, i18n] } });
  usePeople().apply([
    { id: 'a', name: 'Ann' },
    { id: 'b', name: 'Bob' },
  ]);
});

it.each([
  ['en', 'Ann renamed the chat to “new”', 'Ann changed the topic to “why”', 'Ann removed the topic'],
  ['zh', 'Ann 将会话改名为“new”', 'Ann 将话题改为“why”', 'Ann 移除了话题'],
] as const)('tells of changes of a room in %s', (locale, renamed, topic, none) => {
  i18n.global.locale.value = locale;
  expect(said(room(RoomSetting.name, 'new'))).toBe(renamed);
  expect(said(room(RoomSetting.topic, 'why'))).toBe(topic);
  expect(said(room(RoomSetting.topic, ''))).toBe(none);
});

it('says how slow a room is in the largest unit that fits', () => {
  i18n.global.locale.value = 'en';
  expect(said(room(RoomSetting.slowMode, '', 30_000))).toContain('every 30 seconds');
  expect(said(room(RoomSetting.slowMode, '', 60_000))).toContain('every 1 minute');
  expect(said(room(RoomSetting.slowMode, '', 90_000))).toContain('every 90 seconds');
  expect(said(room(RoomSetting.slowMode, '', 0))).toBe('Ann turned slow mode off');
});

it('tells of what was done to whom, and of what somebody did to themselves', () => {
  i18n.global.locale.value = 'en';
  expect(said(member(MemberAction.promote))).toBe('Ann made Bob an admin');
  expect(said(member(MemberAction.ban))).toBe('Ann banned Bob');
  expect(said(member(MemberAction.uninvite))).toBe('Ann took the invitation of Bob back');
  expect(said(member(MemberAction.uninvite, 'b', 'b'))).toBe('Bob declined the invitation');
  expect(said(member(MemberAction.demote, 'b', 'b'))).toBe('Bob is no longer an admin');
});

it('has words for what a later version does', () => {
  i18n.global.locale.value = 'en';
  expect(said(room(99, ''))).toBe('Ann changed the chat');
  expect(said(member(99))).toBe('Ann changed the chat');
  expect(said(line({ kind: 'member', text: 'Bob' }))).toBe('Ann changed the chat');
});
