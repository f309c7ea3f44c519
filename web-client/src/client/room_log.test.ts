import { describe, expect, it } from 'vitest';
import { FileOutcome } from '../protocol/generated';
import type { Line, LogEntry } from './model';
import { RoomLog } from './room_log';

const line = (seq: number): Line => ({
  seq,
  atMs: seq,
  author: 'a',
  clientId: `c${String(seq)}`,
  kind: 'text',
  text: `t${String(seq)}`,
});
const entries = (from: number, to: number): LogEntry[] =>
  span(from, to).map((seq) => ({ seq, line: line(seq) }));
const span = (from: number, to: number): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at);
const seqs = (log: RoomLog): number[] => log.lines.map(({ seq }) => seq);

/** What a server that holds 1..head answers. */
function pageOf(log: RoomLog, direction: 'older' | 'newer', head: number, size = 10): void {
  const request = log.request(direction);
  if (!request) throw new Error('there is nothing to ask for');
  if (request.direction === 'before') {
    const to = request.seq - 1;
    const from = Math.max(1, to - size + 1);
    log.page(request, { lines: span(from, to).map(line), next: from > 1 ? from : null });
  } else {
    const from = request.seq + 1;
    const to = Math.min(head, from + size - 1);
    log.page(request, { lines: span(from, to).map(line), next: to < head ? to : null });
  }
}

describe('a room’s lines', () => {
  it('grow in both directions without a hole', () => {
    const log = new RoomLog();
    log.limited(50, false);
    log.append(entries(51, 60));
    expect(log.ends).toEqual({ older: true, newer: false });
    while (log.ends.older) pageOf(log, 'older', 60);
    log.append(entries(61, 62));
    expect(seqs(log)).toEqual(span(1, 62));
  });

  it('begin at the beginning of a young room', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append(entries(1, 3));
    expect(log.ends).toEqual({ older: false, newer: false });
  });

  it('stay what they are on the screen when the tail jumps, and meet it again', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append(entries(1, 20));
    expect(log.limited(100, true)).toEqual({ op: 'keep' });
    expect(log.append(entries(101, 110))).toEqual({ op: 'keep' });
    expect(log.ends.newer).toBe(true);
    expect(seqs(log)).toEqual(span(1, 20));
    expect(log.last?.seq).toBe(110);
    while (log.ends.newer) pageOf(log, 'newer', 110);
    log.append(entries(111, 111));
    expect(seqs(log)).toEqual(span(1, 111));
  });

  it('survive a second jump before the first gap is closed', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append(entries(1, 20));
    log.limited(100, true);
    log.append(entries(101, 105));
    pageOf(log, 'newer', 105);
    log.limited(200, true);
    log.append(entries(201, 203));
    while (log.ends.newer) pageOf(log, 'newer', 203);
    expect(seqs(log)).toEqual(span(1, 203));
  });

  it('show the live end on demand, dropping what does not touch it', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append(entries(1, 20));
    log.limited(100, true);
    log.append(entries(101, 105));
    expect(log.latest()).toMatchObject({ op: 'reset' });
    expect(seqs(log)).toEqual(span(101, 105));
    expect(log.ends).toEqual({ older: true, newer: false });
    while (log.ends.older) pageOf(log, 'older', 105);
    expect(seqs(log)).toEqual(span(1, 105));
  });

  it('start again when nobody looks', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append(entries(1, 20));
    expect(log.limited(100, false)).toEqual({ op: 'reset', lines: [] });
    expect(seqs(log)).toEqual([]);
  });

  it('ignore a page that was asked for before a restart', () => {
    const log = new RoomLog();
    log.limited(50, false);
    log.append(entries(51, 60));
    const request = log.request('older');
    log.forget(500);
    log.append(entries(501, 503));
    if (!request) throw new Error('there was something to ask for');
    expect(log.page(request, { lines: [line(41)], next: 41 })).toEqual({ op: 'keep' });
    expect(seqs(log)).toEqual([501, 502, 503]);
  });

  it('can be trimmed and fetched again', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append(entries(1, 100));
    log.trim(10);
    expect(seqs(log)).toEqual(span(91, 100));
    expect(log.lines[0]?.pageStart).toBe(true);
    while (log.ends.older) pageOf(log, 'older', 100);
    expect(seqs(log)).toEqual(span(1, 100));
  });

  it('step over entries that have no line', () => {
    const log = new RoomLog();
    log.limited(0, false);
    log.append([{ seq: 1, line: null }, ...entries(2, 3), { seq: 4, line: null }]);
    log.limited(50, true);
    expect(log.request('newer')).toEqual({ direction: 'after', seq: 4 });
  });
});

describe('a file in the log', () => {
  const pending = { outcome: FileOutcome.pending, code: 0, size: 5, mediaType: '', image: null };
  const complete = { ...pending, outcome: FileOutcome.complete };
  const file = (seq: number): Line => ({
    ...{ seq, atMs: 0, author: 'a', clientId: `c${String(seq)}`, kind: 'file' as const, text: '' },
    file: { transfer: `t${String(seq)}`, name: 'f', size: 5, voice: null, state: pending },
  });

  it('changes where it stands when a later entry settles it', () => {
    const log = new RoomLog();
    log.append([{ seq: 1, line: file(1) }]);
    const patch = log.append([{ seq: 2, line: null, settled: { target: 1, state: complete } }]);
    expect(patch).toMatchObject({ op: 'change', changed: [{ seq: 1, file: { state: complete } }] });
    expect(log.lines[0]?.file?.state).toEqual(complete);
  });

  it('is settled in a page that was read before the entry came', () => {
    const log = new RoomLog();
    log.limited(10, false);
    log.append([{ seq: 11, line: null, settled: { target: 4, state: complete } }]);
    log.page({ direction: 'before', seq: 11 }, { lines: [file(4)], next: null });
    expect(log.lines[0]?.file?.state).toEqual(complete);
  });
});
