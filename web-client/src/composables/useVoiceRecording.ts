/**
 * A voice message from the first word until it is sent or thrown away, and by nobody else:
 * who leaves its room meanwhile finds what was said in the room's tray, and what was to be
 * sent is sent.
 */
import { computed, nextTick, onBeforeUnmount, onMounted, ref, shallowRef } from 'vue';
import type { ComputedRef, Ref, ShallowRef } from 'vue';
import type { RoomId } from '../protocol/generated';
import { useAttachments } from '../stores/attachments';
import { useChat } from '../stores/chat';
import { useSession } from '../stores/session';
import { VOICE_MS_MAX, VOICE_MS_MIN } from '../voice/limits';
import { RecordingFailed, VoiceRecorder, voiceFile } from '../voice/recorder';
import type { Recording, RecordingProblem } from '../voice/recorder';

/** Why there is nothing to be sent. */
export type VoiceProblem = RecordingProblem | 'short';

/** Moments of loudness that are told of, the last ones. */
export const LEVELS_SHOWN = 40;

export interface VoiceEvents {
  /** It records: one can stop it. */
  begun: () => void;
  /** It can be listened to. */
  recorded: () => void;
  sent: () => void;
  failed: (problem: VoiceProblem) => void;
}

export function useVoiceRecording(
  room: RoomId,
  on: VoiceEvents,
): {
  /** It records now. */
  isOn: ComputedRef<boolean>;
  recording: ShallowRef<Recording | null>;
  elapsedMs: Ref<number>;
  leftMs: ComputedRef<number>;
  /** How loud it was, moment by moment. */
  levels: ShallowRef<readonly number[]>;
  stop: () => void;
  send: () => void;
  discard: () => void;
} {
  const chat = useChat();
  const attachments = useAttachments();
  const session = useSession();
  const user = session.myId;

  const recorder = shallowRef<VoiceRecorder | null>(null);
  const recording = shallowRef<Recording | null>(null);
  const elapsedMs = ref(0);
  const levels = shallowRef<readonly number[]>([]);
  const leaving = new AbortController();
  /** What becomes of it once it has ended. */
  let then: 'listen' | 'send' | 'keep' = 'listen';

  onMounted(async () => {
    try {
      const started = await VoiceRecorder.start((heard, ms) => {
        levels.value = heard.slice(-LEVELS_SHOWN);
        elapsedMs.value = ms;
      }, leaving.signal);
      if (leaving.signal.aborted) {
        started.giveUp();
        return;
      }
      recorder.value = started;
      void nextTick(on.begun);
      void started.ended.then(end);
    } catch (error) {
      if (leaving.signal.aborted) return;
      on.failed(error instanceof RecordingFailed ? error.problem : 'failed');
    }
  });

  function end(result: Recording | null): void {
    recorder.value = null;
    if (!result) return;
    if (result.durationMs < VOICE_MS_MIN || result.blob.size === 0) {
      if (!leaving.signal.aborted) on.failed('short');
      return;
    }
    if (then === 'send') give(result);
    else if (then === 'keep') keep(result);
    else {
      recording.value = result;
      void nextTick(on.recorded);
    }
  }

  function give(result: Recording): void {
    recording.value = null;
    // It was said by somebody who is logged in no more.
    if (session.myId !== user) return;
    const { durationMs, waveform } = result;
    chat.upload(room, { file: voiceFile(result), picture: null, voice: { durationMs, waveform } }, '');
    if (!leaving.signal.aborted) on.sent();
  }

  function keep(result: Recording): void {
    recording.value = null;
    if (session.myId !== user) return;
    const { durationMs, waveform } = result;
    attachments.addSpoken(room, voiceFile(result), { durationMs, waveform });
  }

  function send(): void {
    if (recorder.value) {
      then = 'send';
      recorder.value.stop();
    } else if (recording.value) {
      give(recording.value);
    }
  }

  function discard(): void {
    recorder.value?.giveUp();
    recording.value = null;
  }

  onBeforeUnmount(() => {
    leaving.abort();
    if (recording.value) keep(recording.value);
    if (then === 'listen') then = 'keep';
    // Lets go of the microphone.
    recorder.value?.stop();
  });

  return {
    isOn: computed(() => recorder.value !== null),
    recording,
    elapsedMs,
    leftMs: computed(() => VOICE_MS_MAX - elapsedMs.value),
    levels,
    stop: () => {
      recorder.value?.stop();
    },
    send,
    discard,
  };
}
