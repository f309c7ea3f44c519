/** How fast bytes move: over the last seconds, so that a pause shows and a burst does not. */
import type { Clock } from '../clock';
import { PROGRESS_MS, RATE_WINDOW_MS } from './limits';

export class Rate {
  private samples: { atMs: number; bytes: number }[] = [];

  constructor(private readonly clock: Clock) {}

  /** Starts anew: what was there before did not move now. */
  start(bytes: number): void {
    this.samples = [{ atMs: this.clock.elapsed(), bytes }];
  }

  /** So many bytes there are now. */
  at(bytes: number): void {
    const atMs = this.clock.elapsed();
    const last = this.samples.at(-1);
    if (last && atMs - last.atMs < PROGRESS_MS && this.samples.length > 1) last.bytes = bytes;
    else this.samples.push({ atMs, bytes });
    while (this.samples.length > 2 && atMs - (this.samples[1]?.atMs ?? atMs) > RATE_WINDOW_MS) {
      this.samples.shift();
    }
  }

  /** Null until there is something to go by. */
  get bytesPerSecond(): number | null {
    const [first] = this.samples;
    const last = this.samples.at(-1);
    if (!first || !last) return null;
    const spanMs = this.clock.elapsed() - first.atMs;
    return spanMs >= 2 * PROGRESS_MS ? ((last.bytes - first.bytes) / spanMs) * 1_000 : null;
  }
}
