/** What to do when a connection has ended or could not be made: pure policy. */
import { Code } from '../protocol/generated';
import { codeAction } from '../protocol/codes';
import type { Clock } from './clock';

const FIRST_PAUSE_MS = 250;
const PAUSE_MS_MAX = 15_000;
/**
 * A server that said goodbye is back in a moment: until this has passed it is asked often,
 * and nobody is troubled with it. It has told its clients to spread themselves.
 */
export const RESTART_MS_MAX = 6_000;
export const RESTART_PAUSE_MS_MAX = 500;
/** A connection that lived this long starts the count of failures again. */
export const STEADY_AFTER_MS = 5_000;

export type NextStep = 'reconnect' | 'login' | 'stop';

export function nextStep(code: number | null): NextStep {
  // A transport that failed has no code. A peace that this side did not ask for, and a
  // race of which this is the only survivor, say nothing against another try.
  if (code === null || code === Code.normal || code === Code.superseded) return 'reconnect';
  const action = codeAction(code);
  return action === 'login' || action === 'stop' ? action : 'reconnect';
}

export class Backoff {
  private failures = 0;

  constructor(private readonly clock: Clock) {}

  /** How long to wait, between half of the step and all of it; steps grow up to `maxMs`. */
  next(maxMs = PAUSE_MS_MAX): number {
    const stepMs = Math.min(FIRST_PAUSE_MS * 2 ** this.failures, maxMs);
    this.failures = Math.min(this.failures + 1, 10);
    return stepMs / 2 + (this.clock.random() * stepMs) / 2;
  }

  lived(lifeMs: number): void {
    if (lifeMs >= STEADY_AFTER_MS) this.reset();
  }

  reset(): void {
    this.failures = 0;
  }
}
