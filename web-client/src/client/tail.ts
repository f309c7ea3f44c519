/**
 * The live tail of one room: contiguous from `base` upward, applied in seq order.
 * Lanes, reconnects and fallbacks may bring the same entry twice or early, and the
 * answer to a resume travels on another stream than the entries it announces; the
 * tail makes one order of it. It holds no lines: what it applies is handed on.
 */
import type { Epoch } from '../protocol/generated';
import { ZERO_ID } from '../protocol/id';
import { REORDER_ENTRIES_MAX } from '../protocol/generated';
import type { LogEntry } from './model';

/** What the server says became of a cursor. */
export interface Resumption {
  outcome: 'complete' | 'limited' | 'epoch_changed';
  epoch: Epoch;
  base: number;
}

export interface TailChange {
  /** The kept lines end here: start again above the new base. */
  reset: 'none' | 'limited' | 'epoch_changed';
  /** In order, to be appended. */
  applied: LogEntry[];
  /** The cursor must be sent again. */
  resume: boolean;
}

/** `idle`: no connection has heard of the cursor. `resuming`: the answer is awaited. */
type State = 'idle' | 'resuming' | 'live';

export class Tail {
  epoch: Epoch = ZERO_ID;
  base = 0;
  /** The last entry applied. */
  have = 0;
  state: State = 'idle';
  private held = new Map<number, LogEntry>();
  private heldEpoch: Epoch = ZERO_ID;
  /** Entries were dropped that the answer to the resume in flight does not bring again. */
  private dropped = false;

  /** Whether entries wait for one that has not come. */
  get gap(): boolean {
    return this.held.size > 0;
  }

  /** The cursor is about to be sent. */
  resuming(): void {
    this.state = 'resuming';
    this.dropped = false;
  }

  /** The connection is gone: what was held comes again. */
  suspend(): void {
    this.state = 'idle';
    this.held.clear();
    this.dropped = false;
  }

  offer(epoch: Epoch, entry: LogEntry): TailChange {
    const change: TailChange = { reset: 'none', applied: [], resume: false };
    if (this.state === 'idle') return change;
    if (epoch === this.epoch && entry.seq <= this.have) return change;
    if (epoch === this.epoch && entry.seq === this.have + 1) {
      change.applied.push(entry);
      this.have = entry.seq;
      this.drain(change);
      return change;
    }
    if (epoch !== this.heldEpoch) {
      this.held.clear();
      this.heldEpoch = epoch;
    }
    this.held.set(entry.seq, entry);
    if (this.held.size > REORDER_ENTRIES_MAX) {
      this.held.clear();
      this.dropped = true;
      change.resume = this.state === 'live';
    } else if (epoch !== this.epoch && this.state === 'live') {
      change.resume = true;
    }
    return change;
  }

  /** The answer to the resume; `null` when the room is at the head of its log. */
  resumed(answer: Resumption | null): TailChange {
    const change: TailChange = { reset: 'none', applied: [], resume: false };
    this.state = 'live';
    if (answer) {
      const fresh = this.epoch === ZERO_ID;
      if (answer.outcome === 'epoch_changed' || (!fresh && answer.epoch !== this.epoch)) {
        change.reset = 'epoch_changed';
      } else if (fresh || (answer.outcome === 'limited' && answer.base > this.have)) {
        change.reset = 'limited';
      }
      if (change.reset !== 'none') {
        this.epoch = answer.epoch;
        this.base = answer.base;
        this.have = answer.base;
      }
    }
    if (this.heldEpoch !== this.epoch) this.held.clear();
    this.drain(change);
    change.resume = this.dropped;
    this.dropped = false;
    return change;
  }

  private drain(change: TailChange): void {
    if (this.heldEpoch !== this.epoch) return;
    for (;;) {
      const next = this.held.get(this.have + 1);
      if (!next) break;
      this.held.delete(next.seq);
      change.applied.push(next);
      this.have = next.seq;
    }
    for (const seq of this.held.keys()) {
      if (seq <= this.have) this.held.delete(seq);
    }
  }
}
