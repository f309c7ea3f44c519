/** A clock that stands still until a test moves it. */
import type { Clock } from '../client/clock';

interface Timer {
  atMs: number;
  order: number;
  call: () => void;
}

export class ManualClock implements Clock {
  private nowMs = 1_700_000_000_000;
  private order = 0;
  private seed = 1;
  private timers: Timer[] = [];

  now(): number {
    return this.nowMs;
  }

  elapsed(): number {
    return this.nowMs;
  }

  /** The same throws in every run (an LCG of Numerical Recipes). */
  random(): number {
    this.seed = (Math.imul(this.seed, 1_664_525) + 1_013_904_223) >>> 0;
    return this.seed / 2 ** 32;
  }

  after(pauseMs: number, call: () => void): () => void {
    this.order += 1;
    const timer = { atMs: this.nowMs + pauseMs, order: this.order, call };
    this.timers.push(timer);
    return () => {
      this.timers = this.timers.filter((other) => other !== timer);
    };
  }

  /** Lets time pass; between two timers everything that was promised is done. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.nowMs + ms;
    await settle();
    for (;;) {
      const [next] = this.timers
        .filter(({ atMs }) => atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs || a.order - b.order);
      if (!next) break;
      this.timers = this.timers.filter((other) => other !== next);
      this.nowMs = Math.max(this.nowMs, next.atMs);
      next.call();
      await settle();
    }
    this.nowMs = untilMs;
  }
}

/** Until nothing is left to do now. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) {
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}
