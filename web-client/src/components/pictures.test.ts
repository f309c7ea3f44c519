// @vitest-environment jsdom
import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { i18n } from '../locales/i18n';
import { useAvatars } from '../stores/avatars';
import { useCustomEmoji } from '../stores/custom_emoji';
import BaseAvatar from './BaseAvatar.vue';
import MessageText from './MessageText.vue';
import PictureCrop from './PictureCrop.vue';

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  global = { plugins: [pinia, i18n] };
});

const list = (version: number, ...names: string[]): unknown => ({
  version,
  may_add: true,
  emoji: names.map((name) => ({
    ...{ name, width: 64, height: 64, animated: false, added_by: 'u', added_ms: 1, version: 7 },
  })),
});

/** The server's answers to requests for the list, one after the other. */
function answers(...lists: unknown[]): ReturnType<typeof vi.fn> {
  const fetch = vi.fn(() => Promise.resolve(new Response(JSON.stringify(lists.shift()))));
  vi.stubGlobal('fetch', fetch);
  return fetch;
}

describe('an avatar', () => {
  const face = (): ReturnType<typeof mount> =>
    mount(BaseAvatar, { props: { id: 'u1', name: 'Ann Lee', shape: 'person', size: 'small' }, global });

  it('is a picture under an address of its version, once there is one', async () => {
    const shown = face();
    expect(shown.text()).toBe('AL');
    useAvatars().apply([{ id: 'u1', avatar: { version: 9, isSet: true } }]);
    await shown.vm.$nextTick();
    expect(shown.get('img').attributes('src')).toBe('/api/v1/users/u1/avatar/small?v=9');
    expect(shown.text()).toBe('');
    useAvatars().apply([{ id: 'u1', avatar: { version: 8, isSet: false } }]);
    await shown.vm.$nextTick();
    expect(shown.find('img').exists()).toBe(true);
    useAvatars().apply([{ id: 'u1', avatar: { version: 10, isSet: false } }]);
    await shown.vm.$nextTick();
    expect(shown.text()).toBe('AL');
  });

  it('is letters where the picture cannot be had, until there is another', async () => {
    const shown = face();
    useAvatars().apply([{ id: 'u1', avatar: { version: 1, isSet: true } }]);
    await shown.vm.$nextTick();
    await shown.get('img').trigger('error');
    expect(shown.text()).toBe('AL');
    useAvatars().apply([{ id: 'u1', avatar: { version: 2, isSet: true } }]);
    await shown.vm.$nextTick();
    expect(shown.find('img').exists()).toBe(true);
  });
});

describe('the server’s own emoji', () => {
  it('are fetched when another version is named, and not again for the same', async () => {
    const fetch = answers(list(3, 'wave'), list(4, 'wave', 'party'));
    const custom = useCustomEmoji();
    custom.want(0);
    await flushPromises();
    expect(fetch).not.toHaveBeenCalled();
    custom.want(3);
    custom.want(3);
    await flushPromises();
    expect(fetch).toHaveBeenCalledTimes(1);
    custom.want(3);
    custom.want(4);
    await flushPromises();
    expect(fetch).toHaveBeenCalledTimes(2);
    expect(custom.all.map(({ name }) => name)).toEqual(['wave', 'party']);
  });

  it('are asked for again with the next word of the connection when they could not be had', async () => {
    const fetch = vi.fn(() => Promise.reject(new TypeError('no network')));
    vi.stubGlobal('fetch', fetch);
    const custom = useCustomEmoji();
    custom.want(3);
    await flushPromises();
    expect(custom.all).toEqual([]);
    answers(list(3, 'wave'));
    custom.want(3);
    await flushPromises();
    expect(custom.all).toHaveLength(1);
  });

  it('are asked for again by themselves, ever more seldom, and no more once they are there', async () => {
    vi.useFakeTimers();
    try {
      const fetch = vi.fn(() => Promise.reject(new TypeError('no network')));
      vi.stubGlobal('fetch', fetch);
      const custom = useCustomEmoji();
      custom.want(3);
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      const asked = fetch.mock.calls.length;
      expect(asked).toBeGreaterThan(5);
      expect(asked).toBeLessThan(20);
      const answered = answers(list(3, 'wave'));
      await vi.advanceTimersByTimeAsync(2 * 60_000);
      expect(custom.all).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      expect(answered).toHaveBeenCalledTimes(1);
      // Nobody is logged in any more.
      vi.stubGlobal('fetch', fetch);
      custom.want(4);
      await vi.advanceTimersByTimeAsync(0);
      const before = fetch.mock.calls.length;
      custom.reset();
      await vi.advanceTimersByTimeAsync(10 * 60_000);
      expect(fetch).toHaveBeenCalledTimes(before);
    } finally {
      vi.useRealTimers();
    }
  });

  it('stand in messages as pictures with their names as words, and never in links', async () => {
    answers(list(3, 'wave'));
    useCustomEmoji().want(3);
    await flushPromises();
    const text = 'hi :wave: :gone: https://example.com/:wave: <img src=x>';
    const shown = mount(MessageText, { props: { text }, global });
    const [picture, ...others] = shown.findAll('img');
    expect(others).toEqual([]);
    expect(picture?.attributes()).toMatchObject({ src: '/api/v1/emoji/wave?v=7', alt: ':wave:' });
    expect(shown.text()).toContain(':gone: https://example.com/:wave: <img src=x>');
  });
});

describe('a picture that is cut out', () => {
  it('has the keyboard, and Esc leaves it alone and not what is around it', async () => {
    vi.stubGlobal('createImageBitmap', () => new Promise(() => undefined));
    HTMLCanvasElement.prototype.getContext = () => null;
    const around = vi.fn();
    document.body.innerHTML = '<div id="around"></div>';
    document.querySelector('#around')?.addEventListener('keydown', around);
    const props = { file: new File(['x'], 'x.png'), shape: 'person' as const, busy: false };
    const shown = mount(PictureCrop, { props, global, attachTo: '#around' });
    await flushPromises();
    expect(document.activeElement?.tagName).toBe('CANVAS');
    const escape = new KeyboardEvent('keydown', { key: 'Escape', bubbles: true, cancelable: true });
    document.activeElement?.dispatchEvent(escape);
    expect(shown.emitted('cancel')).toHaveLength(1);
    expect(escape.defaultPrevented).toBe(true);
    expect(around).not.toHaveBeenCalled();
    shown.unmount();
  });
});
