// @vitest-environment jsdom
import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadEmoji } from '../emoji/catalog';
import { i18n } from '../locales/i18n';
import { useCustomEmoji } from '../stores/custom_emoji';
import { forgetEmoji, useEmoji } from '../stores/emoji';
import { useSession } from '../stores/session';
import ComposerBox from './ComposerBox.vue';
import EmojiPicker from './EmojiPicker.vue';

vi.mock(import('../emoji/catalog'), async (original) => {
  const { loadEmoji: load, ...others } = await original();
  return { ...others, loadEmoji: vi.fn(load) };
});

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n] };
const room = { id: 'r', name: 'r', creator: 'u', creatorName: 'u', createdMs: 0, members: 1, last: null };

/** The data is large: to read it the first time takes a busy machine longer than one test may. */
const DATA_MS_MAX = 60_000;
beforeAll(async () => {
  await loadEmoji();
}, DATA_MS_MAX);

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  global = { plugins: [pinia, i18n] };
  vi.stubGlobal('matchMedia', () => ({ matches: false, addEventListener: () => undefined }));
  HTMLCanvasElement.prototype.getContext = () => null;
  const prototype = HTMLElement.prototype as unknown as Record<string, () => void>;
  prototype.showPopover = prototype.hidePopover = () => undefined;
  localStorage.clear();
  document.body.innerHTML = '';
  i18n.global.locale.value = 'en';
});

async function picker(): Promise<ReturnType<typeof mount<typeof EmojiPicker>>> {
  const shown = mount(EmojiPicker, { props: { anchor: document.body }, global, attachTo: document.body });
  // The catalog is a module of its own, and takes its time to be loaded.
  await vi.waitFor(
    () => {
      expect(shown.find('.one').exists()).toBe(true);
    },
    { timeout: 10_000 },
  );
  return shown;
}

describe('the picker', () => {
  it('shows what is searched, and Enter takes the first', async () => {
    const shown = await picker();
    await shown.get('input[type=search]').setValue('火箭');
    expect(shown.get('.one').text()).toBe('🚀');
    await shown.get('input[type=search]').trigger('keydown', { key: 'Enter' });
    expect(shown.emitted('choose')).toEqual([['🚀', false]]);
  });

  it('says how many it found once there is something to search in', async () => {
    const there = await loadEmoji();
    let arrive: (all: typeof there) => void = () => undefined;
    vi.mocked(loadEmoji).mockReturnValueOnce(new Promise((resolve) => (arrive = resolve)));
    const shown = mount(EmojiPicker, { props: { anchor: document.body }, global, attachTo: document.body });
    await shown.get('input[type=search]').setValue('火箭');
    const said = (): string[] => shown.findAll('[role=status]').map((one) => one.text());
    expect(said()).toEqual([i18n.global.t('emoji.loading')]);
    arrive(there);
    await flushPromises();
    const n = shown.findAll('.one').length;
    expect(n).toBeGreaterThan(0);
    expect(said()).toEqual([i18n.global.t('emoji.found', { n }, n)]);
  });

  it('leaves Enter to an input method', async () => {
    const shown = await picker();
    await shown.get('input[type=search]').setValue('火箭');
    await shown.get('input[type=search]').trigger('keydown', { key: 'Enter', isComposing: true });
    expect(shown.emitted('choose')).toBe(undefined);
  });

  it('remembers what was taken, the last first, and the skin', async () => {
    const shown = await picker();
    for (const query of ['rocket', 'waving hand', 'rocket']) {
      await shown.get('input[type=search]').setValue(query);
      await shown.get('.one').trigger('click');
    }
    expect(useEmoji().recent).toEqual(['🚀', '👋']);
    await shown.findAll('input[type=radio]')[5]?.setValue();
    await shown.get('input[type=search]').setValue('waving hand');
    expect(shown.get('.one').text()).toBe('👋🏿');
    await shown.get('input[type=search]').setValue('');
    await shown.get('#emoji-tab-recent').trigger('click');
    expect(shown.findAll('.one').map((one) => one.text())).toEqual(['🚀', '👋🏿']);
  });

  it('remembers for the user alone, and no longer once the user has logged out', () => {
    const anew = (id: string): string[] => {
      setActivePinia(createPinia());
      useSession().me = { id, name: id };
      useEmoji().load();
      return useEmoji().recent;
    };
    anew('me');
    useEmoji().use('🚀');
    expect(anew('me')).toEqual(['🚀']);
    expect(anew('another')).toEqual([]);
    forgetEmoji('me');
    expect(anew('me')).toEqual([]);
  });

  it('has this server’s own in a group of theirs, and finds them', async () => {
    useCustomEmoji().all = [
      {
        name: 'rill_wave',
        url: '/w',
        width: 64,
        height: 64,
        animated: false,
        added_by: 'u',
        added_ms: 0,
        version: 1,
      },
    ];
    const shown = await picker();
    await shown.get('#emoji-tab-custom').trigger('click');
    expect(shown.get('.one img').attributes('src')).toBe('/w');
    await shown.get('input[type=search]').setValue('rill');
    await shown.get('.one').trigger('click');
    expect(shown.emitted('choose')).toEqual([[':rill_wave:', false]]);
  });
});

describe('a word behind a colon', () => {
  async function typing(text: string): Promise<ReturnType<typeof mount<typeof ComposerBox>>> {
    const composer = mount(ComposerBox, { props: { room }, global, attachTo: document.body });
    await composer.get('textarea').setValue(text);
    composer.get('textarea').element.setSelectionRange(text.length, text.length);
    await composer.get('textarea').trigger('input');
    await flushPromises();
    return composer;
  }

  it('is offered as emoji; Enter takes one and sends nothing', async () => {
    const composer = await typing('off we go :rocke');
    await vi.waitFor(() => {
      expect(composer.findAll('[role=option]').length).toBeGreaterThan(0);
    });
    const input = composer.get('textarea');
    expect(input.attributes('aria-activedescendant')).toBe(composer.get('[role=option]').attributes('id'));
    await input.trigger('keydown', { key: 'Enter' });
    expect(input.element.value).toBe('off we go 🚀 ');
    expect(composer.emitted('send')).toBe(undefined);
    expect(composer.findAll('[role=option]')).toHaveLength(0);
    await input.trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toEqual([['off we go 🚀']]);
  });

  it('is offered no more once the text was sent by the mouse', async () => {
    const composer = await typing(':rocke');
    await vi.waitFor(() => {
      expect(composer.findAll('[role=option]').length).toBeGreaterThan(0);
    });
    await composer.get('button.send').trigger('click');
    await flushPromises();
    expect(composer.emitted('send')).toEqual([[':rocke']]);
    expect(composer.findAll('[role=option]')).toHaveLength(0);
  });

  it('is left alone after Escape, and sent as it stands', async () => {
    const composer = await typing(':rocke');
    await vi.waitFor(() => {
      expect(composer.findAll('[role=option]').length).toBeGreaterThan(0);
    });
    await composer.get('textarea').trigger('keydown', { key: 'Escape' });
    expect(composer.findAll('[role=option]')).toHaveLength(0);
    await composer.get('textarea').trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toEqual([[':rocke']]);
  });
});
