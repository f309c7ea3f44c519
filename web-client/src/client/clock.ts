/**
 * Time and chance, as arguments: the sync logic takes them from here, so that a test
 * can drive hours in a moment and repeat every throw of the dice.
 */
export interface Clock {
  /** Milliseconds UTC. */
  now(): number;
  /** Milliseconds since some moment, with fractions; it never goes back. */
  elapsed(): number;
  /** At least 0, less than 1. */
  random(): number;
  /** Calls back once after a pause; the answer cancels it. */
  after(pauseMs: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  elapsed: () => performance.now(),
  random: () => Math.random(),
  after(pauseMs, call) {
    const timer = setTimeout(call, pauseMs);
    return () => {
      clearTimeout(timer);
    };
  },
};

/** A promise of `clock.after`. */
export function pause(clock: Clock, pauseMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.after(pauseMs, resolve);
  });
}
