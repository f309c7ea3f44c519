/**
 * How a recording looks: the loudness that was metered while it was made, as the few bars
 * that travel with its message. Nobody has to decode the sound to draw it.
 */
import { BARS } from './limits';

/** What is quieter than this is silence, in dB below the loudest there can be. */
const QUIET_DB = -54;

/** The loudness of samples between -1 and 1, from 0 (silence) to 1, as an ear takes it. */
export function loudness(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  const power = samples.length > 0 ? sum / samples.length : 0;
  if (power <= 0) return 0;
  return Math.min(1, Math.max(0, 1 - (10 * Math.log10(power)) / QUIET_DB));
}

/** Levels from beginning to end as bars of a byte each; the loudest of a bar's time counts. */
export function bars(levels: readonly number[], count = BARS): Uint8Array {
  const found = new Uint8Array(Math.min(count, levels.length));
  levels.forEach((level, at) => {
    const bar = Math.floor((at * found.length) / levels.length);
    const byte = Math.round(Math.min(1, Math.max(0, level)) * 255);
    if (byte > (found[bar] ?? 0)) found[bar] = byte;
  });
  return found;
}

/**
 * The heights of as many bars as there is room for, from 0 to 1, whatever another client
 * has sent: the loudest fills the height, so that a soft voice is seen too.
 */
export function heights(waveform: Uint8Array, count = BARS): number[] {
  const loudest = Math.max(1, ...waveform);
  return Array.from({ length: count }, (_, at) => {
    if (waveform.length === 0) return 0;
    const from = Math.floor((at * waveform.length) / count);
    const to = Math.max(from + 1, Math.floor(((at + 1) * waveform.length) / count));
    return Math.max(...waveform.subarray(from, to)) / loudest;
  });
}

/** Minutes and seconds: 0:07, 12:30. */
export function clock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  return `${String(Math.floor(seconds / 60))}:${String(seconds % 60).padStart(2, '0')}`;
}
