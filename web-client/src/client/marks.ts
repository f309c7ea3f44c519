/**
 * The user's marks in all rooms, and how far others have read the room in view. What is read
 * is told to the server at once and then once a while; what it answers is shown everywhere.
 */
import { RECEIPT_PAGE_MAX } from '../protocol/generated';
import type { ClientId, ReadState, Receipt, RoomId, UserId } from '../protocol/generated';
import type { Clock } from './clock';
import type { LogEntry, RoomMark } from './model';
import type { Session } from './session';
import { Standing } from './standing';
import { Wishes } from './wishes';

/** Between two requests that move a room's mark: other devices are a second behind at most. */
const MARK_EVERY_MS = 400;

export interface MarksListener {
  /** How the user stands in a room has changed. */
  marked: (room: RoomId) => void;
  receipts: (room: RoomId, receipts: Receipt[]) => void;
}

export class Marks {
  private readonly standings = new Map<RoomId, Standing>();
  /** Resumed without an answer, and nothing was said of their marks since. */
  private readonly silent = new Set<RoomId>();
  private readonly reads: Wishes<RoomId, number>;
  private viewed: RoomId | null = null;
  private readonly seen = new Map<UserId, number>();

  constructor(
    private readonly user: UserId,
    clock: Clock,
    private readonly listener: MarksListener,
  ) {
    this.reads = new Wishes(
      clock,
      MARK_EVERY_MS,
      async (session, room, { value: seq }) => {
        await session.request('MarkRead', { room, seq }, ({ state }) => {
          this.take(state);
        });
      },
      (room, _seq, _granted, latest) => {
        if (!latest) return;
        this.standings.get(room)?.settled();
        this.listener.marked(room);
      },
    );
  }

  of(room: RoomId): RoomMark {
    const standing = this.standings.get(room);
    return { room, ...(standing?.now ?? { mark: 0, unread: 0, mentions: 0 }) };
  }

  /** Whether it is known how the user stands in the room. */
  knows(room: RoomId): boolean {
    return this.standings.get(room)?.isKnown ?? false;
  }

  connected(session: Session | null): void {
    if (!session) this.silent.clear();
    this.reads.connected(session);
  }

  // What the person does.

  read(room: RoomId, seq: number): void {
    if (seq <= this.of(room).mark) return;
    this.standing(room).reading(seq);
    this.reads.set(room, seq);
    this.listener.marked(room);
  }

  async unread(session: Session, clientId: ClientId, room: RoomId, seq: number): Promise<void> {
    this.reads.drop(room);
    await session.request('MarkUnread', { clientId, room, seq }, ({ state }) => {
      this.standing(room).settled();
      this.take(state);
    });
  }

  // What the connection brings.

  states(states: readonly ReadState[]): void {
    for (const state of states) this.take(state);
  }

  resuming(room: RoomId): void {
    this.silent.add(room);
  }

  resumed(room: RoomId, head: number): void {
    if (!this.silent.delete(room)) return;
    this.standing(room).clear(head);
    this.listener.marked(room);
  }

  restarted(room: RoomId, base: number, forget: boolean): void {
    // What was said since the resume went out is of the new log already.
    this.standing(room).restart(base, forget ? (this.silent.has(room) ? 'all' : 'older') : 'nothing');
    if (forget && room === this.viewed) this.seen.clear();
  }

  /** Entries of a room's log, in order. */
  entries(room: RoomId, entries: readonly LogEntry[]): void {
    const lines = entries.flatMap(({ line }) => line ?? []).filter(({ kind }) => isPost(kind));
    if (lines.length === 0) return;
    const standing = this.standing(room);
    for (const { seq, author } of lines) standing.post(seq, author === this.user);
    this.listener.marked(room);
    this.receipts(
      room,
      lines.map(({ author, seq }) => ({ user: author, seq })),
    );
  }

  gone(room: RoomId): void {
    this.standings.delete(room);
    this.silent.delete(room);
    this.reads.drop(room);
  }

  // How far others have read.

  view(room: RoomId | null): void {
    this.viewed = room;
    this.seen.clear();
  }

  /** They never go back: the largest of each person counts. */
  receipts(room: RoomId, receipts: readonly Receipt[]): void {
    if (room !== this.viewed) return;
    const fresh = receipts.filter(({ user, seq }) => user !== this.user && seq > (this.seen.get(user) ?? 0));
    if (fresh.length === 0) return;
    for (const { user, seq } of fresh) this.seen.set(user, seq);
    this.listener.receipts(
      room,
      [...this.seen].map(([user, seq]) => ({ user, seq })),
    );
  }

  /** All of a room in which nobody is told by themselves. */
  async ask(session: Session, room: RoomId): Promise<Receipt[]> {
    const found: Receipt[] = [];
    for (let after: UserId | null = null; ;) {
      const page: { receipts: Receipt[]; next: UserId | null } = await session.request('GetReceipts', {
        room,
        after,
        limit: RECEIPT_PAGE_MAX,
      });
      found.push(...page.receipts);
      if (page.next === null) return found;
      after = page.next;
    }
  }

  private take(state: ReadState): void {
    this.silent.delete(state.room);
    this.standing(state.room).take(state);
    this.listener.marked(state.room);
  }

  private standing(room: RoomId): Standing {
    let standing = this.standings.get(room);
    if (!standing) this.standings.set(room, (standing = new Standing()));
    return standing;
  }
}

/** What was removed is counted as before. */
const isPost = (kind: string): boolean => kind === 'text' || kind === 'file' || kind === 'erased';
