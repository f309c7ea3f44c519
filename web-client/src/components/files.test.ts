// @vitest-environment jsdom
import { mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { h, nextTick, ref } from 'vue';
import type { Upload } from '../client/model';
import { CALLED_OFF } from '../client/port';
import type { RowFile } from '../composables/timelineRows';
import { i18n } from '../locales/i18n';
import { Code, FileOutcome } from '../protocol/generated';
import { UPLOADS_MAX } from '../client/files/limits';
import { useAttachments } from '../stores/attachments';
import { RequestRefused, useChat } from '../stores/chat';
import { useTransfers } from '../stores/transfers';
import ComposerBox from './ComposerBox.vue';
import FileCard from './FileCard.vue';
import FileState from './FileState.vue';
import FilePlayer from './FilePlayer.vue';
import MessageFile from './MessageFile.vue';

const file: RowFile = { transfer: 't', name: 'plan.pdf', size: 13_500_000, seq: 7, state: null };
const upload: Upload = {
  ...{ transfer: 't', clientId: 'c', room: 'room', name: 'plan.pdf', mediaType: '', text: '' },
  ...{ size: 13_500_000, createdMs: 1, state: 'sending', durableBytes: 8_400_000, bytesPerSecond: 2_100_000 },
};
const complete = {
  ...{ outcome: FileOutcome.complete, code: 0, size: 5, mediaType: 'image/png' },
  image: { width: 640, height: 480, animated: false, blurHash: 'LEHV6nWB2yk8pyo0adR*.7kCMdnj' },
};

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n] };

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  global = { plugins: [pinia, i18n] };
  const nothing = (): undefined => undefined;
  const query = { matches: false, addEventListener: nothing, removeEventListener: nothing };
  vi.stubGlobal('matchMedia', () => query);
  HTMLCanvasElement.prototype.getContext = () => null;
});

function card(change: Partial<Upload>): ReturnType<typeof mount> {
  useTransfers().applyUploads([{ ...upload, ...change }], []);
  return mount(FileCard, { props: { room: 'room', file, own: true }, global });
}

const labels = (of: ReturnType<typeof mount>): (string | undefined)[] =>
  of.findAll('button').map((button) => button.attributes('aria-label'));

describe('a file on its way', () => {
  it('tells bytes, rate and time left, and can be paused and cancelled', () => {
    const shown = card({});
    expect(shown.text()).toMatch(/8\.4 \/ 13\.5\s?MB · 2\.1\s?MB\/s$/);
    expect(mount(FileState, { props: { upload }, global }).text()).toMatch(/62%\s?· .*3/);
    expect(labels(shown)).toHaveLength(2);
    expect(shown.get('progress').attributes()).toMatchObject({ max: '13500000', value: '8400000' });
  });

  it('says why it failed, and can be sent again or removed', () => {
    const shown = card({ state: 'failed', code: Code.quotaExceeded });
    expect(shown.get('.about').classes()).toContain('wrong');
    expect(labels(shown)).toHaveLength(2);
    expect(shown.find('progress').exists()).toBe(false);
  });

  it('is not offered again where this server takes none like it', () => {
    expect(labels(card({ state: 'failed', code: Code.fileTypeRefused }))).toHaveLength(1);
  });

  it('asks for the file where the page has it no more', () => {
    const shown = card({ state: 'fileNeeded' });
    expect(shown.find('input[type=file]').exists()).toBe(true);
  });

  it('has other words for every state', () => {
    const states = ['sending', 'paused', 'fileNeeded', 'failed', 'queued', 'checking'] as const;
    const words = states.map((state) => {
      const shown = card({ state, code: Code.quotaExceeded });
      return `${shown.text()} ${labels(shown).join()}`;
    });
    expect(new Set(words).size).toBe(states.length);
  });

  it('tells the command with its transfer', async () => {
    const say = vi.spyOn(useChat(), 'command').mockImplementation(() => undefined);
    await card({}).findAll('button')[0]?.trigger('click');
    expect(say).toHaveBeenCalledWith({ do: 'pauseUpload', transfer: 't' });
  });
});

describe('the keyboard', () => {
  const there = ref(true);
  /** The card in a page with a composer, one of its buttons in focus. */
  function focused(at: number, change: Partial<Upload> = {}): ReturnType<typeof mount> {
    document.body.innerHTML = '<form class="composer"><textarea></textarea></form><div id="at"></div>';
    useTransfers().applyUploads([{ ...upload, ...change }], []);
    there.value = true;
    const props = { room: 'room', file, own: true };
    const list = (): ReturnType<typeof h> => h('div', there.value ? [h(FileCard, props)] : []);
    const shown = mount(list, { global, attachTo: '#at' });
    shown.findAll<HTMLButtonElement>('button')[at]?.element.focus();
    return shown;
  }
  const tell = async (change: Partial<Upload> | null): Promise<void> => {
    useTransfers().applyUploads(change ? [{ ...upload, ...change }] : [], []);
    await nextTick();
    await nextTick();
  };

  it('stays on the button that pauses, which then resumes', async () => {
    const shown = focused(0);
    const before = document.activeElement;
    expect(before?.tagName).toBe('BUTTON');
    const label = before?.getAttribute('aria-label');
    await tell({ state: 'paused' });
    expect(document.activeElement).toBe(before);
    expect(before?.getAttribute('aria-label')).not.toBe(label);
    shown.unmount();
  });

  it('is with the composer when the button is gone', async () => {
    const shown = focused(1);
    expect(document.activeElement?.tagName).toBe('BUTTON');
    await tell({ state: 'cancelling' });
    expect(document.activeElement?.tagName).toBe('TEXTAREA');
    shown.unmount();
  });

  it('is with the composer when the card is gone', async () => {
    const shown = focused(1, { state: 'failed', code: Code.quotaExceeded });
    expect(document.activeElement?.tagName).toBe('BUTTON');
    there.value = false;
    await nextTick();
    await nextTick();
    expect(document.activeElement?.tagName).toBe('TEXTAREA');
    shown.unmount();
  });
});

describe('a file that somebody else is sending', () => {
  const unknown = 'application/octet-stream';
  const pending = { ...complete, outcome: FileOutcome.pending, mediaType: unknown, image: null };
  const answer = (range: string): Response =>
    new Response('', { status: 206, headers: { 'content-range': range } });

  it('shows what has arrived, which can be fetched already', async () => {
    vi.spyOn(document, 'hidden', 'get').mockReturnValue(false);
    const fetched = vi.fn().mockResolvedValue(answer('bytes 0-4999999/13500000'));
    vi.stubGlobal('fetch', fetched);
    const shown = mount(FileCard, {
      props: { room: 'room', file: { ...file, state: pending }, own: false },
      global,
    });
    await vi.waitFor(
      () => {
        expect(shown.text()).toMatch(/5 \/ 13\.5/);
      },
      { timeout: 10_000 },
    );
    expect(shown.get('progress').attributes()).toMatchObject({ max: '13500000', value: '5000000' });
    expect(labels(shown)).toHaveLength(1);
    shown.unmount();
  });

  it('is not asked about where it is looked at in the page and has to be checked first', async () => {
    const fetched = vi.fn();
    vi.stubGlobal('fetch', fetched);
    const film = { ...file, name: 'film.mp4', state: pending };
    const shown = mount(FileCard, { props: { room: 'room', file: film, own: false }, global });
    await nextTick();
    expect(fetched).not.toHaveBeenCalled();
    expect(labels(shown)).toEqual([]);
  });
});

it('a download that was called off where else the file is shown has not failed', async () => {
  const whole = {
    ...file,
    name: 'plan.pdf',
    state: { ...complete, mediaType: 'application/pdf', image: null },
  };
  for (const [detail, fails] of [
    [CALLED_OFF, false],
    ['the file cannot be read', true],
  ] as const) {
    vi.spyOn(useChat(), 'ask').mockRejectedValue(new RequestRefused({ code: null, detail }));
    const shown = mount(FileCard, { props: { room: 'room', file: whole, own: false }, global });
    await shown.get('button').trigger('click');
    await nextTick();
    await nextTick();
    expect(shown.get('.about').classes('wrong')).toBe(fails);
    shown.unmount();
  }
});

describe('a recording', () => {
  const film = { ...complete, mediaType: 'video/mp4', image: null };
  const player = (): ReturnType<typeof mount> =>
    mount(FilePlayer, {
      props: { room: 'room', file: { ...file, state: film }, own: false, kind: 'video' },
      global,
    });

  it('is played from where the browser asks for ranges of it', async () => {
    const shown = player();
    expect(shown.find('video').exists()).toBe(false);
    await shown.get('.start').trigger('click');
    expect(shown.get('video').attributes('src')).toBe('/api/v1/rooms/room/files/7');
  });

  it('is fetched whole where that way does not go', async () => {
    vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response('', { status: 401 })));
    const ask = vi.spyOn(useChat(), 'ask').mockResolvedValue(new Blob(['x']) as never);
    URL.createObjectURL = () => 'blob:whole';
    const shown = player();
    await shown.get('.start').trigger('click');
    await shown.get('video').trigger('error');
    await vi.waitFor(() => {
      expect(shown.get('video').attributes('src')).toBe('blob:whole');
    });
    expect(ask).toHaveBeenCalledTimes(1);
  });

  it('that this browser cannot play is not fetched whole in vain', async () => {
    vi.stubGlobal('fetch', vi.fn().mockResolvedValue(new Response('', { status: 200 })));
    const ask = vi.spyOn(useChat(), 'ask');
    const shown = player();
    await shown.get('.start').trigger('click');
    await shown.get('video').trigger('error');
    await vi.waitFor(() => {
      expect(shown.find('video').exists()).toBe(false);
    });
    expect(shown.get<HTMLButtonElement>('.start').element.disabled).toBe(false);
    expect(ask).not.toHaveBeenCalled();
  });
});

describe('a picture', () => {
  it('has its box before anything was fetched', () => {
    const never = new Promise<never>(() => undefined);
    vi.spyOn(useChat(), 'ask').mockReturnValue(never);
    const shown = mount(MessageFile, {
      props: { room: 'room', file: { ...file, state: complete }, own: false },
      global,
    });
    const box = shown.get<HTMLElement>('.picture').element.style;
    expect([box.width, box.aspectRatio]).toEqual(['320px', '320 / 240']);
    expect(shown.find('img').exists()).toBe(false);
  });

  it('that only pretends to be one is a file', () => {
    const state = { ...complete, mediaType: 'application/octet-stream', image: null };
    const shown = mount(MessageFile, {
      props: { room: 'room', file: { ...file, state }, own: false },
      global,
    });
    expect(shown.find('.picture').exists()).toBe(false);
    expect(labels(shown)).toHaveLength(1);
  });
});

describe('the tray', () => {
  const chosen = new File(['abc'], 'notes.txt', { type: 'text/plain' });

  it('lets files be sent without words, and removed', async () => {
    const composer = mount(ComposerBox, { props: { room: { ...roomOf(), last: null } }, global });
    useAttachments().add('room', [chosen, chosen]);
    await composer.vm.$nextTick();
    expect(composer.findAll('.item')).toHaveLength(2);
    await composer.get('.item .remove').trigger('click');
    expect(composer.findAll('.item')).toHaveLength(1);
    await composer.get('textarea').trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toEqual([['']]);
  });

  it('takes no name that the server would refuse', async () => {
    const composer = mount(ComposerBox, { props: { room: { ...roomOf(), last: null } }, global });
    useAttachments().add('room', [new File(['a'], 'n'.repeat(300))]);
    await composer.vm.$nextTick();
    await composer.get('textarea').trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toBe(undefined);
    expect(composer.find('.item.problem').exists()).toBe(true);
  });

  it('says how many files there was no place for', async () => {
    const composer = mount(ComposerBox, { props: { room: { ...roomOf(), last: null } }, global });
    composer.vm.attach(Array.from({ length: UPLOADS_MAX + 7 }, () => chosen));
    await composer.vm.$nextTick();
    expect(composer.get('.refused').text()).toMatch(/200.*7/);
    await composer.get('.item .remove').trigger('click');
    expect(composer.find('.refused').exists()).toBe(false);
  });

  it('asks again for a file that a reload has lost, and sends nothing without it', async () => {
    const attachments = useAttachments();
    attachments.add('room', [chosen]);
    const [one] = attachments.ofRoom('room');
    if (one) Object.assign(one, { file: null, problem: 'lost' });
    const composer = mount(ComposerBox, { props: { room: { ...roomOf(), last: null } }, global });
    await composer.get('textarea').trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toBe(undefined);
    const input = composer.get<HTMLInputElement>('.item input[type=file]');
    Object.defineProperty(input.element, 'files', { value: [chosen] });
    await input.trigger('change');
    await composer.get('textarea').trigger('keydown', { key: 'Enter' });
    expect(composer.emitted('send')).toEqual([['']]);
  });

  it('takes pasted files and leaves pasted text alone', async () => {
    const composer = mount(ComposerBox, { props: { room: { ...roomOf(), last: null } }, global });
    const item = { kind: 'file', getAsFile: () => chosen, webkitGetAsEntry: () => null };
    await composer.get('textarea').trigger('paste', { clipboardData: { items: [item], types: ['Files'] } });
    expect(useAttachments().ofRoom('room')).toHaveLength(1);
    await composer.get('textarea').trigger('paste', { clipboardData: { items: [], types: ['text/plain'] } });
    expect(useAttachments().ofRoom('room')).toHaveLength(1);
  });
});

describe('what is loaded when somebody wants it', () => {
  const composer = (): ReturnType<typeof mount> =>
    mount(ComposerBox, { props: { room: { ...roomOf(), last: null } }, global });

  beforeEach(() => {
    vi.stubGlobal('MediaRecorder', vi.fn());
    Object.defineProperty(navigator, 'mediaDevices', { value: {}, configurable: true });
    vi.doMock('./ComposerVoice.vue', () => Promise.reject(new Error('no connection')));
    vi.doMock('./EmojiPicker.vue', () => Promise.reject(new Error('no connection')));
    return () => {
      Reflect.deleteProperty(navigator, 'mediaDevices');
      vi.doUnmock('./ComposerVoice.vue');
      vi.doUnmock('./EmojiPicker.vue');
    };
  });

  it('leaves the text where it is when it does not load', async () => {
    const { t } = i18n.global;
    for (const label of [t('voice.record'), t('emoji.open')]) {
      const shown = composer();
      await shown.get(`button[aria-label="${label}"]`).trigger('click', { detail: 1 });
      await vi.waitFor(() => {
        expect(shown.get('[role=alert]').text()).toBe(t('errors.network'));
      });
      expect(shown.find('textarea').exists()).toBe(true);
      shown.unmount();
    }
  });

  it('is no microphone for the second half of a double click on Send', async () => {
    const shown = composer();
    await shown.get(`button[aria-label="${i18n.global.t('voice.record')}"]`).trigger('click', { detail: 2 });
    await vi.dynamicImportSettled();
    await nextTick();
    expect(shown.find('[role=alert]').exists()).toBe(false);
  });
});

function roomOf(): {
  id: string;
  name: string;
  creator: string;
  creatorName: string;
  createdMs: number;
  members: number;
} {
  return { id: 'room', name: 'room', creator: 'u', creatorName: 'u', createdMs: 0, members: 1 };
}
