/**
 * How far messages of private chats have come: at the other one, as the server tells it, and
 * here, as it is told to the server. Of a device nothing is told before it has applied it.
 */
import { DELIVERED_INTERVAL_MS, DELIVERED_ROOMS_MAX, RECEIPT_PAGE_MAX } from '../protocol/generated';
import type { DeliveredSeq, Receipt, RoomId, UserId } from '../protocol/generated';
import type { Clock } from './clock';
import type { Line, LogEntry, RoomArrivals } from './model';
import type { Session } from './session';

/**
 * A server that answers no more is noticed within this time: what was told it so late may be
 * lost, and is told again.
 */
const UNSURE_MS = 60_000;
/** Chats that end with the user's own message, of which it is asked whether it was read: the liveliest. */
const ASKED_MAX = 20;

export class Arrivals {
  private session: Session | null = null;
  /** With whom the private chats are. */
  private readonly contacts = new Map<RoomId, UserId>();
  private readonly reached = new Map<RoomId, RoomArrivals>();
  /** Heard since the cursor went out: of the log that the answer will be of. */
  private readonly heard = new Map<RoomId, number>();
  private readonly untold = new Map<RoomId, number>();
  private readonly told = new Map<RoomId, { seq: number; atMs: number }>();
  private toldAtMs = -Infinity;
  /** Of which nothing was asked in this session. */
  private readonly unasked = new Set<RoomId>();
  private asked = 0;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly me: UserId,
    private readonly clock: Clock,
    private readonly changed: (arrivals: RoomArrivals) => void,
  ) {}

  room(room: RoomId, contact: UserId): void {
    this.contacts.set(room, contact);
  }

  gone(room: RoomId): void {
    for (const known of [this.contacts, this.reached, this.heard, this.unasked, this.untold, this.told])
      known.delete(room);
  }

  connected(session: Session | null): void {
    this.session = session;
    this.asked = 0;
    this.unasked.clear();
    this.cancel?.();
    this.cancel = null;
    if (!session) return;
    for (const [room, { seq, atMs }] of this.told) {
      if (atMs > this.clock.elapsed() - UNSURE_MS && !this.untold.has(room)) this.untold.set(room, seq);
    }
    this.later();
  }

  // What has arrived at the other one.

  delivered(rooms: readonly DeliveredSeq[]): void {
    for (const { room, seq } of rooms) {
      this.heard.set(room, seq);
      this.reach(room, seq, 0);
    }
  }

  /** Also of a room that nobody looks at any more: what was read stays read. */
  receipts(room: RoomId, receipts: readonly Receipt[]): void {
    const contact = this.contacts.get(room);
    for (const { user, seq } of receipts) if (user === contact) this.reach(room, seq, seq);
  }

  resuming(room: RoomId): void {
    this.heard.delete(room);
  }

  resumed(room: RoomId): void {
    if (this.contacts.has(room)) this.unasked.add(room);
  }

  /** It is told only in the room in view what was read: of the others it is asked, once; `last` is the newest line. */
  ends(room: RoomId, last: Line | null): void {
    const isOwn = last?.author === this.me && isPost(last.kind);
    if (!this.session || !isOwn || this.asked >= ASKED_MAX) return;
    if ((this.reached.get(room)?.read ?? 0) >= last.seq || !this.unasked.delete(room)) return;
    this.asked += 1;
    this.session.request('GetReceipts', { room, after: null, limit: RECEIPT_PAGE_MAX }).then(
      ({ receipts }) => {
        this.receipts(room, receipts);
      },
      () => undefined,
    );
  }

  /** The room has another log. */
  forget(room: RoomId): void {
    this.untold.delete(room);
    this.told.delete(room);
    if (!this.reached.delete(room)) return;
    this.changed({ room, delivered: 0, read: 0 });
    this.reach(room, this.heard.get(room) ?? 0, 0);
  }

  // What has arrived here.

  /** Entries of a room's log, as they were applied. */
  entries(room: RoomId, entries: readonly LogEntry[]): void {
    const contact = this.contacts.get(room);
    if (contact === undefined) return;
    const others = entries.flatMap(({ line }) => (line && line.author !== this.me ? [line] : []));
    const last = others.at(-1)?.seq ?? 0;
    if (last === 0) return;
    // Who writes has read what stands before it.
    const wrote = (kind: string): boolean => isPost(kind) || kind === 'erased';
    const said = others.findLast(({ kind, author }) => author === contact && wrote(kind))?.seq ?? 0;
    this.reach(room, said, said);
    if (last <= (this.told.get(room)?.seq ?? 0)) return;
    this.untold.set(room, last);
    this.later();
  }

  private reach(room: RoomId, delivered: number, read: number): void {
    const before = this.reached.get(room) ?? { room, delivered: 0, read: 0 };
    if (delivered <= before.delivered && read <= before.read) return;
    const now = {
      room,
      delivered: Math.max(before.delivered, delivered),
      read: Math.max(before.read, read),
    };
    this.reached.set(room, now);
    this.changed(now);
  }

  private later(): void {
    if (!this.session || this.cancel || this.untold.size === 0) return;
    const waitMs = Math.max(0, this.toldAtMs + DELIVERED_INTERVAL_MS - this.clock.elapsed());
    this.cancel = this.clock.after(waitMs, () => {
      this.cancel = null;
      this.tell();
      this.later();
    });
  }

  private tell(): void {
    const rooms = [...this.untold].slice(0, DELIVERED_ROOMS_MAX).map(([room, seq]) => ({ room, seq }));
    this.toldAtMs = this.clock.elapsed();
    for (const { room, seq } of rooms) {
      this.untold.delete(room);
      this.told.set(room, { seq, atMs: this.toldAtMs });
    }
    this.session?.tellDelivered(rooms);
  }
}

const isPost = (kind: string): boolean => kind === 'text' || kind === 'file';
