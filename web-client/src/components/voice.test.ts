// @vitest-environment jsdom
import { flushPromises, mount } from '@vue/test-utils';
import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { i18n } from '../locales/i18n';
import { useAttachments } from '../stores/attachments';
import { useChat } from '../stores/chat';
import { useSession } from '../stores/session';
import { VoiceRecorder } from '../voice/recorder';
import type { Recording } from '../voice/recorder';
import ComposerVoice from './ComposerVoice.vue';
import RoomPreview from './RoomPreview.vue';

let global: { plugins: [ReturnType<typeof createPinia>, typeof i18n] };
const { t } = i18n.global;
const said: Recording = {
  ...{ blob: new Blob(['said'], { type: 'audio/webm' }), durationMs: 7_000 },
  waveform: Uint8Array.from([1, 2, 3]),
};

/** A microphone of which a test says when it has ended. */
let microphone: {
  stop: ReturnType<typeof vi.fn>;
  giveUp: ReturnType<typeof vi.fn>;
  ends: (as: Recording | null) => void;
};

beforeEach(() => {
  const pinia = createPinia();
  setActivePinia(pinia);
  global = { plugins: [pinia, i18n] };
  useSession().me = { id: 'me', name: 'me' };
  URL.createObjectURL = () => 'blob:said';
  URL.revokeObjectURL = () => undefined;
  let ends: (as: Recording | null) => void = () => undefined;
  const ended = new Promise<Recording | null>((resolve) => {
    ends = resolve;
  });
  const giveUp = vi.fn(() => {
    ends(null);
  });
  microphone = { stop: vi.fn(), giveUp, ends };
  vi.spyOn(VoiceRecorder, 'start').mockResolvedValue({ ...microphone, ended } as unknown as VoiceRecorder);
  vi.spyOn(useChat(), 'upload').mockImplementation(() => undefined);
});

async function speaking(): Promise<ReturnType<typeof mount<typeof ComposerVoice>>> {
  const shown = mount(ComposerVoice, { props: { room: 'room' }, global });
  await flushPromises();
  return shown;
}
const press = (of: ReturnType<typeof mount<typeof ComposerVoice>>, label: string): Promise<void> =>
  of.get(`button[aria-label="${label}"]`).trigger('click');
const ended = async (as: Recording | null = said): Promise<void> => {
  microphone.ends(as);
  await flushPromises();
};
const sent = (): unknown[] => vi.mocked(useChat().upload).mock.calls;
const voice = { durationMs: said.durationMs, waveform: said.waveform };

describe('what was said', () => {
  it('is sent to the room in which it was said', async () => {
    const shown = await speaking();
    await press(shown, t('voice.send'));
    expect(microphone.stop).toHaveBeenCalled();
    await ended();
    expect(sent()).toEqual([['room', { file: expect.any(File) as File, picture: null, voice }, '']]);
    expect(shown.emitted()).toMatchObject({ sent: [[]], close: [[]] });
    shown.unmount();
    expect(useAttachments().count).toBe(0);
  });

  it('is sent also when the room is left before the recorder has ended', async () => {
    const shown = await speaking();
    await press(shown, t('voice.send'));
    shown.unmount();
    await ended();
    expect(sent()).toHaveLength(1);
    expect(useAttachments().count).toBe(0);
  });

  it('waits in the room when that is left without sending it', async () => {
    const shown = await speaking();
    await press(shown, t('voice.stop'));
    await ended();
    shown.unmount();
    expect(useAttachments().take('room')).toMatchObject([{ file: { size: 4 }, voice }]);
    expect(sent()).toEqual([]);
  });

  it('waits in the room when that is left in the middle of a sentence', async () => {
    const shown = await speaking();
    shown.unmount();
    expect(microphone.stop).toHaveBeenCalled();
    await ended();
    expect(useAttachments().ofRoom('room')).toMatchObject([{ voice }]);
    expect(useAttachments().ofRoom('another')).toEqual([]);
  });

  it('is a draft in the list of rooms, told by its length', async () => {
    (await speaking()).unmount();
    await ended();
    const summary = {
      id: 'room',
      name: 'r',
      creator: 'u',
      creatorName: 'u',
      createdMs: 0,
      members: 1,
      last: null,
    };
    const row = mount(RoomPreview, { props: { room: summary }, global });
    expect(row.text()).toBe(`${t('rooms.draft')} ${t('voice.preview', { length: '0:07' })}`);
  });

  it.each(['voice.cancel', 'voice.discard'] as const)(
    'is gone when it is thrown away (%s)',
    async (label) => {
      const shown = await speaking();
      if (label === 'voice.discard') {
        await press(shown, t('voice.stop'));
        await ended();
      }
      await press(shown, t(label));
      shown.unmount();
      await flushPromises();
      expect(microphone.giveUp).toHaveBeenCalledTimes(label === 'voice.cancel' ? 1 : 0);
      expect(useAttachments().count).toBe(0);
      expect(sent()).toEqual([]);
    },
  );

  it.each([false, true])('is gone with who said it (to be sent: %s)', async (toBeSent) => {
    const shown = await speaking();
    if (toBeSent) await press(shown, t('voice.send'));
    useSession().me = null;
    shown.unmount();
    await ended();
    expect(useAttachments().count).toBe(0);
    expect(sent()).toEqual([]);
  });

  it('that is too short is no message', async () => {
    const shown = await speaking();
    await press(shown, t('voice.send'));
    await ended({ ...said, durationMs: 100 });
    expect(shown.emitted('problem')).toEqual([[t('voice.problems.short')]]);
    expect(sent()).toEqual([]);
  });
});
