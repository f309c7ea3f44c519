/** Bounds of voice messages; the longest waveform that the wire takes is in protocol/generated.ts. */

/** A recording ends by itself after so long. */
export const VOICE_MS_MAX = 5 * 60 * 1000;
/** What is shorter was a slip of the finger. */
export const VOICE_MS_MIN = 500;
/** How often the loudness is taken while somebody speaks. */
export const LEVEL_MS = 50;
/** Bars of a waveform: as many as a bubble on a phone shows. */
export const BARS = 48;
/** Speech in Opus is clear at this rate (RFC 6716, section 2.1.1). */
export const BITS_PER_SECOND = 32_000;
