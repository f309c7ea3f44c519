// @vitest-environment jsdom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { RoomSummary } from '../client/model';
import type { MessageRow as Row } from '../composables/timelineRows';
import { i18n } from '../locales/i18n';
import { TEXT_BYTES_MAX } from '../protocol/generated';
import { useLink } from '../stores/link';
import ComposerBox from './ComposerBox.vue';
import MessageState from './MessageState.vue';
import MessageText from './MessageText.vue';

const room: RoomSummary = {
  id: 'room',
  name: '技术交流',
  creator: 'u',
  creatorName: 'user1',
  createdMs: 0,
  members: 1,
  last: null,
};
const row: Row = {
  type: 'message',
  key: 'c',
  author: 'me',
  own: true,
  text: 'hi',
  atMs: 0,
  seq: null,
  first: true,
  last: true,
  state: 'waiting',
  code: null,
  old: false,
  erased: false,
  file: null,
};

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  global = { plugins: [pinia, i18n] };
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
});

describe('the text of a message', () => {
  it('never becomes markup', () => {
    const hostile = '<img src=x onerror=alert(1)> <script>alert(2)</script> & "quotes"';
    const text = mount(MessageText, { props: { text: hostile }, global });
    expect(text.element.textContent).toBe(hostile);
    expect(text.element.querySelector('img, script')).toBe(null);
  });

  it('has links to the web and to mail only, which tell nobody where one came from', () => {
    const text = mount(MessageText, {
      props: { text: 'https://example.com/ javascript:alert(1) mailto:a@example.com' },
      global,
    });
    const links = text.findAll('a');
    expect(links.map((link) => link.attributes('href'))).toEqual([
      'https://example.com/',
      'mailto:a@example.com',
    ]);
    for (const link of links) expect(link.attributes('rel')).toBe('noopener nofollow');
  });
});

describe('the composer', () => {
  it('leaves Enter to an input method', async () => {
    const composer = mount(ComposerBox, { props: { room }, global, attachTo: document.body });
    const input = composer.get('textarea');
    await input.setValue('ni hao');
    await input.trigger('keydown', { key: 'Enter', isComposing: true });
    await input.trigger('keydown', { key: 'Enter', keyCode: 229 });
    await input.trigger('keydown', { key: 'Enter', shiftKey: true });
    expect(composer.emitted('send')).toBe(undefined);
    await input.trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toEqual([['ni hao']]);
    expect(input.element.value).toBe('');
  });

  it('sends nothing that is empty or longer than the limit, and says how much', async () => {
    const composer = mount(ComposerBox, { props: { room }, global });
    const input = composer.get('textarea');
    await input.setValue('  \n ');
    await input.trigger('keydown', { key: 'Enter' });
    await input.setValue('好'.repeat(TEXT_BYTES_MAX / 3 + 1));
    await input.trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toBe(undefined);
    expect(composer.text()).toMatch(/2 bytes|2 字节/);
    expect(input.attributes('aria-invalid')).toBe('true');
  });
});

describe('the state of one’s own message', () => {
  it('differs by icon and by words, not by colour alone', () => {
    const faces = (['waiting', 'sent', 'failed'] as const).map((state) => {
      const face = mount(MessageState, { props: { row: { ...row, state, code: 61 }, room: 'room' }, global });
      const icon = face.get('svg');
      return { words: face.text() + (icon.attributes('aria-label') ?? ''), icon: icon.html() };
    });
    expect(new Set(faces.map(({ words }) => words)).size).toBe(3);
    expect(new Set(faces.map(({ icon }) => icon)).size).toBe(3);
  });

  it('tells waiting for the network from being sent', () => {
    const words = (['online', 'offline'] as const).map((phase) => {
      useLink().link = { ...useLink().link, phase };
      return mount(MessageState, { props: { row, room: 'room' }, global }).text();
    });
    expect(words[0]).not.toBe(words[1]);
  });
});
