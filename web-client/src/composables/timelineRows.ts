/**
 * The rows of a conversation: lines, messages on their way, and the dates between. Pure,
 * and such that a prepend only adds rows in front and an append only behind: a row once
 * made keeps its key and its height, which is what keeps the list from moving.
 */
import type { Line, OutboxItem, Upload } from '../client/model';
import { FileOutcome } from '../protocol/generated';
import type { FileState, TransferId, UserId, Voice } from '../protocol/generated';
import { sameDay } from '../text/when';

/** Messages of one author within this time stand together. */
export const GROUP_MS = 5 * 60 * 1000;

/** A file in a row: of its message, or still of the queue alone. */
export interface RowFile {
  transfer: TransferId;
  name: string;
  size: number;
  /** Where its message stands; null as long as there is none. */
  seq: number | null;
  state: FileState | null;
  /** It was spoken, and is heard in its place. */
  voice?: Voice | null;
}

/** What rows take of an upload: nothing that changes while it goes on. */
export type QueuedFile = Pick<
  Upload,
  'transfer' | 'clientId' | 'name' | 'size' | 'text' | 'createdMs' | 'voice'
>;

export interface MessageRow {
  type: 'message';
  key: string;
  author: UserId;
  own: boolean;
  text: string;
  atMs: number;
  /** Where it stands in the log, if it does. */
  seq: number | null;
  /** The first of its group: it carries face and name. */
  first: boolean;
  /** The last of its group. It changes corners only, never the height. */
  last: boolean;
  state: 'waiting' | 'sent' | 'failed';
  code: number | null;
  /** It has waited for so long that only a person can say whether to send it. */
  old: boolean;
  erased: boolean;
  file: RowFile | null;
}

export type Row =
  | MessageRow
  | { type: 'date'; key: string; atMs: number }
  | { type: 'unread'; key: string }
  | { type: 'notice'; key: string; line: Line };

/** Where the divider of what was not read stands. */
export interface NewBehind {
  mark: number;
  /** Whether older lines are to be had: before they are there it is not known where it stands. */
  older: boolean;
}

export function timelineRows(
  lines: readonly Line[],
  pending: readonly OutboxItem[],
  me: UserId,
  queued: readonly QueuedFile[] = [],
  newBehind: NewBehind | null = null,
): Row[] {
  const rows: Row[] = [];
  let before: { atMs: number; author: UserId | null } | null = null;
  const firstNew = newBehind && firstBehind(lines, newBehind, me);

  const add = (
    atMs: number,
    author: UserId | null,
    pageStart: boolean,
    make: (first: boolean) => Row,
  ): void => {
    if (before && !sameDay(before.atMs, atMs)) {
      rows.push({ type: 'date', key: `date ${new Date(atMs).toDateString()}`, atMs });
      before = null;
    }
    const near =
      before !== null && author !== null && before.author === author && atMs - before.atMs <= GROUP_MS;
    const first = pageStart || !near;
    const above = rows.at(-1);
    if (!first && above?.type === 'message') above.last = false;
    rows.push(make(first));
    before = { atMs, author };
  };

  for (const line of lines) {
    if (line === firstNew) {
      rows.push({ type: 'unread', key: 'unread' });
      before = null;
    }
    if (isMessage(line.kind)) {
      add(line.atMs, line.author, line.pageStart ?? false, (first) => fromLine(line, first, me));
    } else {
      add(line.atMs, null, false, () => ({ type: 'notice', key: String(line.seq), line }));
    }
  }
  const posted = new Set(lines.map(({ clientId }) => clientId));
  const waiting = [...pending, ...queued.filter(({ clientId }) => !posted.has(clientId))];
  if (queued.length > 0) waiting.sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  for (const item of waiting) {
    add(item.createdMs, me, false, (first) => {
      return 'transfer' in item ? fromQueue(item, first, me) : fromOutbox(item, first, me);
    });
  }
  return rows;
}

/** The first message of somebody else behind the mark, if it is known to be the first. */
function firstBehind(lines: readonly Line[], { mark, older }: NewBehind, me: UserId): Line | null {
  const [first] = lines;
  if (!first || (older && first.seq > mark)) return null;
  return lines.find(({ seq, author, kind }) => seq > mark && author !== me && isMessage(kind)) ?? null;
}

const isMessage = (kind: Line['kind']): boolean => kind === 'text' || kind === 'file' || kind === 'erased';

function fromLine(line: Line, first: boolean, me: UserId): MessageRow {
  const own = line.author === me;
  return {
    type: 'message',
    // One's own message has the same key before and after it is in the log.
    key: own ? line.clientId : String(line.seq),
    author: line.author,
    own,
    text: line.text,
    atMs: line.atMs,
    seq: line.seq,
    first,
    last: true,
    state: line.file?.state.outcome === FileOutcome.failed ? 'failed' : 'sent',
    code: line.file?.state.outcome === FileOutcome.failed ? line.file.state.code : null,
    old: false,
    erased: line.kind === 'erased',
    file: line.file
      ? {
          transfer: line.file.transfer,
          name: line.file.name,
          size: line.file.size,
          seq: line.seq,
          state: line.file.state,
          voice: line.file.voice,
        }
      : null,
  };
}

function fromQueue(item: QueuedFile, first: boolean, me: UserId): MessageRow {
  const { transfer, name, size, text, clientId, createdMs, voice } = item;
  return {
    type: 'message',
    key: clientId,
    author: me,
    own: true,
    text,
    atMs: createdMs,
    seq: null,
    first,
    last: true,
    state: 'waiting',
    code: null,
    old: false,
    erased: false,
    file: { transfer, name, size, seq: null, state: null, voice: voice ?? null },
  };
}

function fromOutbox(item: OutboxItem, first: boolean, me: UserId): MessageRow {
  return {
    type: 'message',
    key: item.clientId,
    author: me,
    own: true,
    text: item.text,
    atMs: item.createdMs,
    seq: item.seq ?? null,
    first,
    last: true,
    state: item.state,
    code: item.code ?? null,
    old: item.old ?? false,
    erased: false,
    file: null,
  };
}
