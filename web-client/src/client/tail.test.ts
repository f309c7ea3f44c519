import { describe, expect, it } from 'vitest';
import { REORDER_ENTRIES_MAX } from '../protocol/generated';
import type { LogEntry } from './model';
import { Tail } from './tail';

const EPOCH = 'E1';
const OTHER = 'E2';
const entry = (seq: number): LogEntry => ({ seq, line: null });
const seqs = (entries: LogEntry[]): number[] => entries.map(({ seq }) => seq);

/** A tail that stands at `have` of the epoch. */
function liveAt(have: number): Tail {
  const tail = new Tail();
  tail.resuming();
  tail.resumed({ outcome: 'limited', epoch: EPOCH, base: have });
  return tail;
}

describe('a live tail', () => {
  it('applies in order, ignores what it has, and holds what is early', () => {
    const tail = liveAt(10);
    expect(seqs(tail.offer(EPOCH, entry(12)).applied)).toEqual([]);
    expect(seqs(tail.offer(EPOCH, entry(13)).applied)).toEqual([]);
    expect(tail.gap).toBe(true);
    expect(seqs(tail.offer(EPOCH, entry(11)).applied)).toEqual([11, 12, 13]);
    expect(tail.gap).toBe(false);
    expect(seqs(tail.offer(EPOCH, entry(11)).applied)).toEqual([]);
    expect(seqs(tail.offer(EPOCH, entry(13)).applied)).toEqual([]);
    expect(tail.have).toBe(13);
  });

  it('comes to the same whatever the order and however often', () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return seed % below;
    };
    for (let run = 0; run < 50; run += 1) {
      const tail = liveAt(0);
      const applied: number[] = [];
      const sent = Array.from({ length: 400 }, () => 1 + random(60));
      for (const seq of [...sent, ...Array.from({ length: 60 }, (_, at) => 60 - at)]) {
        applied.push(...seqs(tail.offer(EPOCH, entry(seq)).applied));
      }
      expect(applied).toEqual(Array.from({ length: 60 }, (_, at) => at + 1));
    }
  });

  it('drops a reorder buffer that runs over and asks again from what it has', () => {
    const tail = liveAt(10);
    let asked = false;
    for (let at = 0; at <= REORDER_ENTRIES_MAX; at += 1) asked ||= tail.offer(EPOCH, entry(12 + at)).resume;
    expect(asked).toBe(true);
    expect(tail.have).toBe(10);
    tail.resuming();
    expect(tail.resumed({ outcome: 'complete', epoch: EPOCH, base: 10 }).reset).toBe('none');
    expect(seqs(tail.offer(EPOCH, entry(11)).applied)).toEqual([11]);
  });

  it('asks again when the log becomes another one under it', () => {
    const tail = liveAt(10);
    expect(tail.offer(OTHER, entry(3)).resume).toBe(true);
    tail.resuming();
    const change = tail.resumed({ outcome: 'epoch_changed', epoch: OTHER, base: 2 });
    expect(change.reset).toBe('epoch_changed');
    expect(seqs(change.applied)).toEqual([3]);
    expect([tail.epoch, tail.base, tail.have]).toEqual([OTHER, 2, 3]);
  });
});

describe('a resume', () => {
  it('starts a tail that has nothing at the base, with entries that overtook the answer', () => {
    const tail = new Tail();
    tail.resuming();
    expect(tail.offer(EPOCH, entry(6)).applied).toEqual([]);
    expect(tail.offer(EPOCH, entry(7)).applied).toEqual([]);
    const change = tail.resumed({ outcome: 'limited', epoch: EPOCH, base: 5 });
    expect(change.reset).toBe('limited');
    expect(seqs(change.applied)).toEqual([6, 7]);
  });

  it('keeps everything when it is complete or nothing is new', () => {
    for (const answer of [null, { outcome: 'complete', epoch: EPOCH, base: 10 } as const]) {
      const tail = liveAt(10);
      tail.suspend();
      tail.resuming();
      expect(seqs(tail.offer(EPOCH, entry(11)).applied)).toEqual([11]);
      expect(tail.resumed(answer)).toEqual({ reset: 'none', applied: [], resume: false });
      expect(tail.have).toBe(11);
    }
  });

  it('jumps to a new base when too much was missed, and drops what lies below it', () => {
    const tail = liveAt(10);
    tail.suspend();
    tail.resuming();
    tail.offer(EPOCH, entry(952));
    const change = tail.resumed({ outcome: 'limited', epoch: EPOCH, base: 950 });
    expect(change.reset).toBe('limited');
    expect(seqs(change.applied)).toEqual([]);
    expect(seqs(tail.offer(EPOCH, entry(951)).applied)).toEqual([951, 952]);
  });

  it('ignores a base that it is past already', () => {
    const tail = liveAt(10);
    tail.resuming();
    expect(tail.resumed({ outcome: 'limited', epoch: EPOCH, base: 9 }).reset).toBe('none');
    expect(tail.have).toBe(10);
  });

  it('asks once more when entries were dropped while it was under way', () => {
    const tail = liveAt(10);
    tail.suspend();
    tail.resuming();
    for (let at = 0; at <= REORDER_ENTRIES_MAX; at += 1) {
      expect(tail.offer(EPOCH, entry(700 + at)).resume).toBe(false);
    }
    expect(tail.resumed({ outcome: 'limited', epoch: EPOCH, base: 699 }).resume).toBe(true);
  });

  it('hears nothing between two connections', () => {
    const tail = liveAt(10);
    tail.suspend();
    expect(tail.offer(EPOCH, entry(11)).applied).toEqual([]);
    expect(tail.have).toBe(10);
  });
});
