import { afterEach, describe, expect, it, vi } from 'vitest';
import { WAVEFORM_BYTES_MAX } from '../protocol/generated';
import { BARS } from './limits';
import { VoiceRecorder, problemOf, voiceName } from './recorder';
import { bars, clock, heights, loudness } from './waveform';

const named = (name: string): Error => Object.assign(new Error('no'), { name });

describe('the waveform of a recording', () => {
  it('is louder where somebody speaks, and fits into the message', () => {
    const levels = Array.from({ length: 1_000 }, (_, at) => (at < 500 ? 0.1 : 0.9));
    const found = bars(levels);
    expect(found).toHaveLength(BARS);
    expect(BARS).toBeLessThanOrEqual(WAVEFORM_BYTES_MAX);
    expect([found[0], found[BARS - 1]]).toEqual([26, 230]);
  });

  it('has a bar for each level of a short one, and none for silence without end', () => {
    expect([...bars([0, 1, 7, -3])]).toEqual([0, 255, 255, 0]);
    expect(bars([])).toHaveLength(0);
  });

  it('keeps the loudest moment of a bar', () => {
    const levels = Array.from({ length: 480 }, () => 0);
    levels[123] = 1;
    const found = [...bars(levels)];
    expect(found.filter((bar) => bar === 255)).toHaveLength(1);
    expect(found[Math.floor((123 * BARS) / 480)]).toBe(255);
  });

  it('fills its height, whatever another client has sent', () => {
    expect(Math.max(...heights(Uint8Array.from([1, 10, 20])))).toBe(1);
    expect(heights(Uint8Array.from([0, 255]), 4)).toEqual([0, 0, 1, 1]);
    expect(heights(new Uint8Array(128).fill(9), 48)).toEqual(Array.from({ length: 48 }, () => 1));
    expect(heights(new Uint8Array())).toEqual(Array.from({ length: BARS }, () => 0));
  });

  it('hears as an ear does: half the amplitude is a little less loud', () => {
    const tone = (amplitude: number): Float32Array =>
      Float32Array.from({ length: 2048 }, (_, at) => amplitude * Math.sin(at / 5));
    expect(loudness(new Float32Array(2048))).toBe(0);
    expect(loudness(new Float32Array())).toBe(0);
    const [soft, half, full] = [loudness(tone(0.001)), loudness(tone(0.5)), loudness(tone(1))];
    expect(soft).toBe(0);
    expect(full - half).toBeCloseTo(6.02 / 54, 2);
    expect(full).toBeGreaterThan(0.9);
  });
});

it('a recording’s time is read as minutes and seconds', () => {
  expect([0, 999, 7_400, 61_000, 754_000].map(clock)).toEqual(['0:00', '0:00', '0:07', '1:01', '12:34']);
});

it('every reason why there is no microphone is told apart', () => {
  const names = ['NotAllowedError', 'NotFoundError', 'NotReadableError', 'TypeError'];
  expect(names.map((name) => problemOf(named(name)))).toEqual(['refused', 'none', 'inUse', 'failed']);
});

describe('a recording that does not begin', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('lets go of the microphone and of the meter', async () => {
    const track = { stop: vi.fn(), addEventListener: vi.fn() };
    const getUserMedia = (): Promise<unknown> => Promise.resolve({ getTracks: () => [track] });
    vi.stubGlobal('navigator', { mediaDevices: { getUserMedia } });
    const close = vi.fn(() => Promise.resolve());
    vi.stubGlobal('AudioContext', function AudioContext() {
      const connect = vi.fn();
      return {
        ...{ close, resume: () => Promise.resolve(), createAnalyser: () => ({ fftSize: 0 }) },
        createMediaStreamSource: () => ({ connect }),
      };
    });
    const start = (): never => {
      throw named('NotSupportedError');
    };
    function MediaRecorder(): unknown {
      return { addEventListener: vi.fn(), start };
    }
    vi.stubGlobal('MediaRecorder', Object.assign(MediaRecorder, { isTypeSupported: () => false }));
    const begun = VoiceRecorder.start(() => undefined, new AbortController().signal);
    await expect(begun).rejects.toMatchObject({ problem: 'failed' });
    expect(track.stop).toHaveBeenCalledOnce();
    expect(close).toHaveBeenCalledOnce();
  });
});

it('a recording is called by when it was spoken and what it is', () => {
  const at = new Date(2026, 10, 2, 9, 5, 7);
  expect(voiceName(at, 'audio/webm;codecs=opus')).toBe('voice-20261102-090507.webm');
  expect(voiceName(at, 'audio/ogg;codecs=opus')).toBe('voice-20261102-090507.ogg');
  expect(voiceName(at, 'audio/mp4')).toBe('voice-20261102-090507.m4a');
});
