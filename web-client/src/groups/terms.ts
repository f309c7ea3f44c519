/** What is offered where a group or a link into it takes a time or a number. */

/** Milliseconds from one message to the next; the server takes up to six hours. */
export const SLOW_MODES_MS = [
  0,
  10_000,
  30_000,
  60_000,
  5 * 60_000,
  15 * 60_000,
  60 * 60_000,
  6 * 60 * 60_000,
] as const;

/** Seconds for which a link opens the room. */
export const LINK_LIVES_S = [60 * 60, 24 * 60 * 60, 7 * 24 * 60 * 60, 30 * 24 * 60 * 60] as const;
export const LINK_LIFE_S = LINK_LIVES_S[2];

/** Of one link: what is suggested, and how many there may be. */
export const LINK_USES = 10;
export const LINK_USES_MAX = 100_000;
