/**
 * The lines of one room that are kept: pages of history below, the live tail above.
 * Usually they touch. After a limited resume they may not: then the page goes on
 * showing the older part, unmoved, and reads forward until the two meet.
 */
import type { ClientId, FileState, UserId } from '../protocol/generated';
import { FileOutcome } from '../protocol/generated';
import type { LogEntry, Line, TimelineEnds, TimelinePatch } from './model';

/** Lines kept of a room that is not on the screen. */
export const LINES_OUT_OF_VIEW_MAX = 200;
/** Messages of which it is known what became of them although their lines are not: a page may be older. */
const FATES_MAX = 1_000;

export interface HistoryRequest {
  direction: 'before' | 'after';
  seq: number;
}

export interface HistoryPage {
  lines: Line[];
  next: number | null;
}

const KEEP: TimelinePatch = { op: 'keep' };

export class RoomLog {
  /** What is shown, oldest first; it ends with the tail unless cut off. */
  private shown: Line[] = [];
  /** The tail's lines while they do not touch what is shown. */
  private ahead: Line[] | null = null;
  /** The base of the live tail. */
  private base = 0;
  private before: number | null = null;
  private after = 0;
  private readonly settled = new Map<number, FileState>();
  private readonly erased = new Set<number>();
  /** Of what is shown, messages may be removed in a part of the log that was left out. */
  isInDoubt = false;

  get lines(): readonly Line[] {
    return this.shown;
  }

  /** What this person has said, as far as it is kept: client ids with their places. */
  linesOf(user: UserId): Map<ClientId, number> {
    const of = [...this.shown, ...(this.ahead ?? [])].filter(
      ({ author, kind }) => author === user && kind !== 'joined',
    );
    return new Map(of.map(({ clientId, seq }) => [clientId, seq]));
  }

  /** This person's files, and what was removed and may have been one, as far as they are kept. */
  filesOf(user: UserId): Line[] {
    return [...this.shown, ...(this.ahead ?? [])].filter(
      ({ author, file, kind }) => author === user && (file ?? kind === 'erased'),
    );
  }

  get ends(): TimelineEnds {
    return { older: this.before !== null, newer: this.ahead !== null };
  }

  get last(): Line | null {
    return (this.ahead ?? this.shown).at(-1) ?? null;
  }

  /** The tail starts again above `base`; the log is the same. */
  limited(base: number, keepShown: boolean): TimelinePatch {
    const lastShown = this.shown.at(-1);
    // What became of a file that is on its way may stand in the part that is left out.
    const isPending = this.shown.some(({ file }) => file?.state.outcome === FileOutcome.pending);
    if (!keepShown || !lastShown || isPending) return this.restart(base);
    this.isInDoubt = true;
    if (!this.ahead) this.after = Math.max(this.after, lastShown.seq);
    this.ahead = [];
    this.base = base;
    return KEEP;
  }

  /** Nothing that is kept holds any more, not even what became of files. */
  forget(base: number): TimelinePatch {
    this.settled.clear();
    this.erased.clear();
    return this.restart(base);
  }

  /** The tail starts again, with nothing below it. */
  private restart(base: number): TimelinePatch {
    this.shown = [];
    this.ahead = null;
    this.isInDoubt = false;
    this.base = base;
    this.before = base > 0 ? base + 1 : null;
    this.after = base;
    return { op: 'reset', lines: [] };
  }

  append(entries: LogEntry[]): TimelinePatch {
    for (const { settled, erased } of entries) {
      if (settled) this.settled.set(settled.target, settled.state);
      if (erased !== undefined) this.erased.add(erased);
    }
    this.forgetFates();
    const lines = this.fresh(entries.flatMap(({ line }) => line ?? []));
    const tells = entries.some(({ settled, erased }) => settled !== undefined || erased !== undefined);
    const changed = tells ? this.changed() : [];
    if (this.ahead) {
      this.ahead.push(...lines);
      return changed.length > 0 ? { op: 'change', changed } : KEEP;
    }
    const last = entries.at(-1);
    if (last) this.after = last.seq;
    if (lines.length === 0) return changed.length > 0 ? { op: 'change', changed } : KEEP;
    const [first, ...rest] = lines;
    if (first && this.shown.length === 0)
      lines.splice(0, lines.length, { ...first, pageStart: true }, ...rest);
    this.shown.push(...lines);
    return changed.length > 0 ? { op: 'append', lines, changed } : { op: 'append', lines };
  }

  /** These are removed. */
  erase(seqs: readonly number[]): TimelinePatch {
    for (const seq of seqs) this.erased.add(seq);
    const changed = this.changed();
    this.forgetFates();
    return changed.length > 0 ? { op: 'change', changed } : KEEP;
  }

  /** What to ask for to go on in a direction, if there is anything. */
  request(direction: 'older' | 'newer'): HistoryRequest | null {
    if (direction === 'older') {
      return this.before === null ? null : { direction: 'before', seq: this.before };
    }
    return this.ahead === null ? null : { direction: 'after', seq: this.after };
  }

  /** The answer to `request`; one that fits nowhere any more changes nothing. */
  page(request: HistoryRequest, page: HistoryPage): TimelinePatch {
    return request.direction === 'before' ? this.pageBefore(request, page) : this.pageAfter(request, page);
  }

  /** Whether lines behind `mark` are not there, or nothing of what stands before it. */
  misses(mark: number): boolean {
    return this.before !== null && (this.shown[0]?.seq ?? Infinity) > mark;
  }

  /** Shows the part of the log around `mark`: the page before it and the page behind it. */
  around(mark: number, before: HistoryPage, after: HistoryPage): void {
    // What came while the pages were read may be older than they are, and stands behind a gap.
    this.ahead ??= this.shown;
    this.shown = [];
    this.after = mark;
    this.before = mark + 1;
    this.page({ direction: 'after', seq: mark }, after);
    this.page({ direction: 'before', seq: mark + 1 }, before);
  }

  /** Shows the live end, dropping an older part that does not touch it. */
  latest(): TimelinePatch {
    if (!this.ahead) return KEEP;
    const lines = this.ahead;
    this.restart(this.base);
    this.shown = markStart(lines);
    this.after = this.shown.at(-1)?.seq ?? this.base;
    return { op: 'reset', lines: [...this.shown] };
  }

  /** Forgets the oldest lines; they are a page of history away. */
  trim(linesMax: number): TimelinePatch {
    this.latest();
    if (this.shown.length <= linesMax) return KEEP;
    this.shown = markStart(this.shown.slice(-linesMax));
    this.before = this.shown[0]?.seq ?? this.before;
    return { op: 'reset', lines: [...this.shown] };
  }

  private pageBefore(request: HistoryRequest, page: HistoryPage): TimelinePatch {
    if (this.before !== request.seq) return KEEP;
    this.before = page.next;
    const first = this.shown[0]?.seq ?? Infinity;
    const lines = markStart(this.fresh(page.lines.filter((line) => line.seq < first)));
    this.shown.unshift(...lines);
    return { op: 'prepend', lines };
  }

  private pageAfter(request: HistoryRequest, page: HistoryPage): TimelinePatch {
    if (this.ahead === null || this.after !== request.seq) return KEEP;
    const last = this.shown.at(-1)?.seq ?? 0;
    const lines = this.fresh(page.lines.filter((line) => line.seq > last));
    this.after = page.next ?? Infinity;
    if (this.after >= this.base) {
      const reached = lines.at(-1)?.seq ?? last;
      lines.push(...this.ahead.filter((line) => line.seq > reached));
      this.ahead = null;
      this.after = lines.at(-1)?.seq ?? last;
    }
    this.shown.push(...lines);
    return { op: 'append', lines };
  }

  private forgetFates(): void {
    for (const fates of [this.settled, this.erased]) {
      for (const oldest of fates.keys()) {
        if (fates.size <= FATES_MAX) break;
        fates.delete(oldest);
      }
    }
  }

  /** A page of history may have been read before the entry that settles a file of it, or removes it. */
  private fresh(lines: Line[]): Line[] {
    return lines.map((line) => this.asItIs(line));
  }

  private asItIs(line: Line): Line {
    if (this.erased.has(line.seq)) return asErased(line);
    if (line.file?.state.outcome !== FileOutcome.pending) return line;
    const state = this.settled.get(line.seq);
    return state ? { ...line, file: { ...line.file, state } } : line;
  }

  /** Lines shown whose message was removed, or whose file was settled, just now. */
  private changed(): Line[] {
    if (this.ahead) this.ahead = this.fresh(this.ahead);
    const changed: Line[] = [];
    this.shown = this.shown.map((line) => {
      const now = this.asItIs(line);
      if (now !== line) changed.push(now);
      return now;
    });
    return changed;
  }
}

/** The message is gone, and its place stays. */
function asErased(line: Line): Line {
  if (line.kind !== 'text' && line.kind !== 'file') return line;
  const { file: _file, ...rest } = line;
  return { ...rest, kind: 'erased', text: '' };
}

function markStart(lines: Line[]): Line[] {
  const [first, ...rest] = lines;
  return first ? [{ ...first, pageStart: true }, ...rest] : [];
}
