/**
 * A voice message while it is being spoken: the microphone, the encoder and the meter, and
 * nothing that a page shows. Whoever made it stops it or gives it up; both let go of the
 * microphone, and so does everything that goes wrong.
 */
import { BITS_PER_SECOND, LEVEL_MS, VOICE_MS_MAX } from './limits';
import { bars, loudness } from './waveform';

export interface Recording {
  blob: Blob;
  durationMs: number;
  waveform: Uint8Array;
}

/** Why nothing is recorded: each asks something else of the person. */
export type RecordingProblem = 'refused' | 'none' | 'inUse' | 'failed';

export class RecordingFailed extends Error {
  constructor(readonly problem: RecordingProblem) {
    super(problem);
  }
}

/** What browsers record, the best first: Firefox writes Ogg, Safari MP4. */
const TYPES = ['audio/webm;codecs=opus', 'audio/ogg;codecs=opus', 'audio/mp4'];

/** Whether this browser can record at all; a page without encryption has no microphone. */
export function canRecord(): boolean {
  return typeof MediaRecorder !== 'undefined' && 'mediaDevices' in navigator;
}

export function problemOf(error: unknown): RecordingProblem {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return 'refused';
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return 'none';
  return name === 'NotReadableError' || name === 'AbortError' ? 'inUse' : 'failed';
}

export class VoiceRecorder {
  /** The recording has ended: by `stop`, at its limit, or because the microphone is gone. */
  readonly ended: Promise<Recording | null>;
  private readonly levels: number[] = [];
  private readonly pieces: Blob[] = [];
  private readonly startedMs = performance.now();
  private timer: ReturnType<typeof setInterval> | undefined;
  private durationMs = 0;
  private givenUp = false;

  private constructor(
    private readonly stream: MediaStream,
    private readonly recorder: MediaRecorder,
    private readonly audio: AudioContext,
    private readonly told: (levels: readonly number[], durationMs: number) => void,
  ) {
    this.ended = new Promise((resolve) => {
      recorder.addEventListener('stop', () => {
        this.letGo();
        resolve(this.givenUp ? null : this.result());
      });
    });
  }

  /** Asks for the microphone and begins. `told` hears how loud it is. */
  static async start(
    told: (levels: readonly number[], durationMs: number) => void,
    signal: AbortSignal,
  ): Promise<VoiceRecorder> {
    let stream: MediaStream | null = null;
    let audio: AudioContext | null = null;
    try {
      stream = await navigator.mediaDevices.getUserMedia({
        audio: { echoCancellation: true, noiseSuppression: true, autoGainControl: true },
      });
      if (signal.aborted) throw new RecordingFailed('failed');
      const mimeType = TYPES.find((type) => MediaRecorder.isTypeSupported(type));
      const options = { ...(mimeType ? { mimeType } : {}), audioBitsPerSecond: BITS_PER_SECOND };
      const recorder = new MediaRecorder(stream, options);
      audio = new AudioContext();
      const one = new VoiceRecorder(stream, recorder, audio, told);
      one.begin();
      return one;
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      // A browser gives only so many of them.
      void audio?.close();
      throw error instanceof RecordingFailed ? error : new RecordingFailed(problemOf(error));
    }
  }

  private begin(): void {
    const { recorder, stream, audio } = this;
    // Safari begins asleep.
    void audio.resume().catch(() => undefined);
    const meter = audio.createAnalyser();
    meter.fftSize = 2048;
    audio.createMediaStreamSource(stream).connect(meter);
    const samples = new Float32Array(meter.fftSize);
    recorder.addEventListener('dataavailable', ({ data }) => {
      if (data.size > 0) this.pieces.push(data);
    });
    recorder.addEventListener('error', () => {
      this.stop();
    });
    // It may be unplugged.
    for (const track of stream.getTracks()) {
      track.addEventListener('ended', () => {
        this.stop();
      });
    }
    recorder.start();
    this.timer = setInterval(() => {
      meter.getFloatTimeDomainData(samples);
      this.levels.push(loudness(samples));
      this.durationMs = performance.now() - this.startedMs;
      this.told(this.levels, this.durationMs);
      if (this.durationMs >= VOICE_MS_MAX) this.stop();
    }, LEVEL_MS);
  }

  /** Ends it; what was said is in `ended`. */
  stop(): void {
    if (this.recorder.state === 'inactive') return;
    this.durationMs = Math.min(VOICE_MS_MAX, performance.now() - this.startedMs);
    this.recorder.stop();
  }

  /** Nobody is to hear it. */
  giveUp(): void {
    this.givenUp = true;
    this.stop();
    this.letGo();
  }

  private letGo(): void {
    clearInterval(this.timer);
    for (const track of this.stream.getTracks()) track.stop();
    if (this.audio.state !== 'closed') void this.audio.close();
  }

  private result(): Recording {
    const type = this.recorder.mimeType;
    return {
      blob: new Blob(this.pieces, { type }),
      durationMs: Math.round(this.durationMs),
      waveform: bars(this.levels),
    };
  }
}

export function voiceFile({ blob }: Recording): File {
  return new File([blob], voiceName(new Date(), blob.type), { type: blob.type });
}

/** A name for whoever saves it: when it was spoken, by this device's clock. */
export function voiceName(at: Date, mediaType: string): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = `${String(at.getFullYear())}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const time = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  const ending = /^audio\/(webm|ogg|mp4)/.exec(mediaType)?.[1] ?? 'webm';
  return `voice-${day}-${time}.${ending === 'mp4' ? 'm4a' : ending}`;
}
