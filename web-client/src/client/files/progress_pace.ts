/** Tells that bytes move, a few times a second at most, and of the last move too. */
import type { Clock } from '../clock';
import { PROGRESS_MS } from './limits';

export class ProgressPace {
  private toldAtMs = -Infinity;
  private due = false;

  constructor(
    private readonly clock: Clock,
    private readonly tell: () => void,
  ) {}

  moved(): void {
    if (this.due) return;
    const waitMs = this.toldAtMs + PROGRESS_MS - this.clock.elapsed();
    const now = (): void => {
      this.due = false;
      this.toldAtMs = this.clock.elapsed();
      this.tell();
    };
    if (waitMs <= 0) {
      now();
      return;
    }
    this.due = true;
    this.clock.after(waitMs, now);
  }
}
