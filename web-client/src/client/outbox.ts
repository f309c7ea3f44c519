/**
 * Messages on their way. An item is stored before it is sent and removed when it is
 * accepted; a retry keeps its client id, so ten retries make one message. Per room one
 * post at a time is unacked, which keeps the order. Of several tabs one drains: the one
 * that holds the lock, and it holds it only while it is connected. The others learn
 * over the bus what became of the items, and whoever gets the lock next reads anew.
 *
 * No item waits for ever: each is sent, or rests for a stated time before it is sent
 * again, or is shown as failed with the reason; an answer that does not come ends the
 * connection, whose successor sends again.
 */
import { Code, IDEMPOTENCY_DAYS } from '../protocol/generated';
import type { ClientId, RoomId } from '../protocol/generated';
import { pause } from './clock';
import type { Clock } from './clock';
import type { OutboxItem } from './model';
import { OutboxItems } from './outbox_items';
import type { OutboxBus, Sent } from './outbox_items';
import type { OutboxStore } from './outbox_store';
import { RequestFailed } from './request_failed';
import { Turn } from './turn';

/** Answers "try again" to one item before it is shown as failed. */
export const TRIES_MAX = 6;
const RETRY_PAUSE_MS = 1_000;
const RETRY_PAUSE_MS_MAX = 15_000;
/** The first pause after "too fast"; such an answer never makes an item fail. */
export const SLOW_DOWN_MS = 2_000;
/**
 * The server knows a client id for so long, less a day for clocks that differ: what is
 * older may have been taken unheard, and only the person can say whether to repeat it.
 */
export const KEY_LIFE_MS = (IDEMPOTENCY_DAYS - 1) * 24 * 60 * 60 * 1000;

/** Runs `hold` while this tab has the lock; rejects when the signal fires first. */
export type OutboxLock = (signal: AbortSignal, hold: () => Promise<void>) => Promise<void>;

export interface Landed {
  item: OutboxItem;
  at: Sent;
}

type Post = (item: OutboxItem) => Promise<Sent>;

export class Outbox {
  /** Which of these the rooms' logs show, and where: their place is taken by the real lines. */
  shown: (items: OutboxItem[]) => Landed[] = () => [];
  /** A room is no more: an item of it was refused so. */
  deleted: (room: RoomId) => void = () => undefined;
  private readonly items: OutboxItems;
  /** Per room the one post that waits for its answer. */
  private readonly inFlight = new Map<RoomId, ClientId>();
  private readonly tries = new Map<ClientId, number>();
  private post: Post | null = null;
  /** The server asked for a slower pace: until the pause is over nothing leaves, in any room. */
  private slowedDown: { pauses: number; resting: boolean } = { pauses: 0, resting: false };
  private turn = new Turn();

  constructor(
    store: OutboxStore,
    bus: OutboxBus,
    private readonly lock: OutboxLock,
    private readonly clock: Clock,
    private readonly changed: (added?: ClientId) => void,
  ) {
    this.items = new OutboxItems(store, bus, {
      changed: () => {
        this.changed();
      },
      told: () => {
        this.settle();
        this.drain();
      },
    });
  }

  get list(): OutboxItem[] {
    return this.items.list;
  }

  async load(): Promise<void> {
    await this.items.load();
    this.settle();
    this.drain();
  }

  async add(item: OutboxItem): Promise<void> {
    this.changed(item.clientId);
    await this.items.put(item);
    this.drain();
  }

  async retry(clientId: ClientId): Promise<void> {
    const item = this.items.get(clientId);
    if (item?.state !== 'failed') return;
    this.tries.delete(clientId);
    const { code: _code, ...rest } = item;
    await this.items.put({ ...rest, state: 'waiting' });
    this.drain();
  }

  async remove(clientId: ClientId): Promise<void> {
    if (this.items.get(clientId)?.state === 'failed') await this.items.remove(clientId);
  }

  /** The room is no more: whatever of it is here goes, in every tab. */
  forget(room: RoomId): void {
    for (const item of this.list.filter((one) => one.room === room)) {
      this.tries.delete(item.clientId);
      void this.items.remove(item.clientId);
    }
  }

  /** Lets go of what the rooms' logs show. Seen there is as good as an answer, which may be late or lost. */
  settle(room?: RoomId): void {
    const list = room === undefined ? this.list : this.list.filter((item) => item.room === room);
    for (const { item, at } of list.length > 0 ? this.shown(list) : []) {
      this.tries.delete(item.clientId);
      void this.items.seen(item, at);
      this.landed(item);
    }
  }

  /** A connection is ready for posts. */
  online(post: Post): void {
    const turn = this.offline();
    this.lock(turn.signal, async () => {
      // What a tab that is gone wrote last, it may have told nobody.
      await this.load();
      if (turn.over) return;
      this.post = post;
      this.drain();
      await turn.end;
    }).catch(() => undefined);
  }

  /** The connection is gone; what is in flight is sent again on the next one. */
  offline(): Turn {
    this.turn.close();
    this.turn = new Turn();
    this.post = null;
    this.inFlight.clear();
    return this.turn;
  }

  private drain(): void {
    if (!this.post || this.slowedDown.resting) return;
    for (const item of this.list) {
      if (item.state !== 'waiting' || this.inFlight.has(item.room)) continue;
      const old = !item.old && this.clock.now() - item.createdMs > KEY_LIFE_MS;
      if (old) void this.items.put({ ...item, state: 'failed', old: true });
      else void this.send(item, this.post);
    }
  }

  private async send(item: OutboxItem, post: Post): Promise<void> {
    const { turn } = this;
    this.inFlight.set(item.room, item.clientId);
    let sent: Sent | null = null;
    try {
      sent = await post(item);
    } catch (error) {
      if (!turn.over) await this.refused(item, error, turn);
    }
    if (sent) {
      this.slowedDown.pauses = 0;
      this.tries.delete(item.clientId);
      await this.items.sent(item.clientId, sent);
      this.settle();
    }
    if (!turn.over) this.landed(item);
  }

  /** The room's next message may go. */
  private landed(item: OutboxItem): void {
    if (this.inFlight.get(item.room) !== item.clientId) return;
    this.inFlight.delete(item.room);
    this.drain();
  }

  /** After this the item is failed, or its turn comes again. */
  private async refused(item: OutboxItem, error: unknown, turn: Turn): Promise<void> {
    if (!(error instanceof RequestFailed)) {
      // The connection broke: its end is on the way, and `offline` with it.
      await turn.end;
      return;
    }
    if (error.code === Code.rateLimited) {
      await this.slowDown(turn);
      return;
    }
    if (error.code === Code.roomDeleted) {
      this.deleted(item.room);
      this.forget(item.room);
      return;
    }
    // A server that goes, or a login that ends, closes the connection in a moment: that
    // is not the item's fault.
    const passing = error.action === 'login' || error.action === 'resume';
    const tries = (this.tries.get(item.clientId) ?? 0) + (passing ? 0 : 1);
    this.tries.set(item.clientId, tries);
    // A room that is slow takes it once its time has come.
    const later = error.code === Code.slowMode || (error.action === 'retry' && tries < TRIES_MAX);
    if (passing || later) {
      const pauseMs = Math.min(RETRY_PAUSE_MS * 2 ** Math.max(0, tries - 1), RETRY_PAUSE_MS_MAX);
      await Promise.race([pause(this.clock, pauseMs), turn.end]);
      return;
    }
    // Seen in the log meanwhile, by an earlier try: then it has not failed.
    if (this.items.get(item.clientId)) {
      await this.items.put({ ...item, state: 'failed', code: error.code });
    }
  }

  /** Rooms that were refused together rest together, and the pause grows once. */
  private async slowDown(turn: Turn): Promise<void> {
    const slowed = this.slowedDown;
    if (slowed.resting) return;
    slowed.resting = true;
    const pauseMs = Math.min(SLOW_DOWN_MS * 2 ** slowed.pauses, RETRY_PAUSE_MS_MAX);
    slowed.pauses += 1;
    await Promise.race([pause(this.clock, pauseMs), turn.end]);
    slowed.resting = false;
    this.drain();
  }
}
