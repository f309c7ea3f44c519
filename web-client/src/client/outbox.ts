/**
 * Messages on their way. An item is stored before it is sent and removed when it is
 * accepted; a retry keeps its client id, so ten retries make one message. Per room one
 * post at a time is unacked, which keeps the order. Of several tabs one drains: the one
 * that holds the lock, and it holds it only while it is connected. The others learn
 * over the bus what became of the items.
 */
import { Code } from '../protocol/generated';
import type { ClientId, Epoch, RoomId } from '../protocol/generated';
import { pause } from './clock';
import type { Clock } from './clock';
import type { OutboxItem } from './model';
import type { OutboxStore } from './outbox_store';
import { RequestFailed } from './request_failed';

/** Answers "try again" to one item before it is shown as failed. */
export const TRIES_MAX = 6;
/** Removed items that are remembered against a list that was read a moment earlier. */
const GONE_MAX = 1_000;
const RETRY_PAUSE_MS = 1_000;
const RETRY_PAUSE_MS_MAX = 15_000;
/** The first pause after "too fast"; such an answer never makes an item fail. */
export const SLOW_DOWN_MS = 2_000;

export interface Sent {
  seq: number;
  epoch: Epoch;
}

/** What tabs tell each other. */
export type OutboxNews = { type: 'changed' } | { type: 'sent'; clientId: ClientId; sent: Sent };

export interface OutboxBus {
  post(news: OutboxNews): void;
  onNews(take: (news: OutboxNews) => void): void;
}

/** Runs `hold` while this tab has the lock; rejects when the signal fires first. */
export type OutboxLock = (signal: AbortSignal, hold: () => Promise<void>) => Promise<void>;

export class Outbox {
  private items = new Map<ClientId, OutboxItem>();
  /** Per room the one post that waits for its answer. */
  private readonly inFlight = new Map<RoomId, ClientId>();
  private readonly tries = new Map<ClientId, number>();
  private post: ((item: OutboxItem) => Promise<Sent>) | null = null;
  /** The server asked for a slower pace: until the pause is over nothing leaves, in any room. */
  private slowedDown: { pauses: number; resting: boolean } = { pauses: 0, resting: false };
  private turn = new Turn();
  /** Being written: a list read meanwhile may lack them. */
  private readonly writing = new Set<ClientId>();
  /** Removed here: a list read meanwhile may still have them. Client ids never come back. */
  private readonly gone = new Set<ClientId>();

  constructor(
    private readonly store: OutboxStore,
    private readonly bus: OutboxBus,
    private readonly lock: OutboxLock,
    private readonly clock: Clock,
    private readonly changed: (added?: ClientId) => void,
  ) {
    bus.onNews((news) => {
      if (news.type === 'sent') this.markSent(news.clientId, news.sent);
      else void this.load();
    });
  }

  get list(): OutboxItem[] {
    return [...this.items.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  }

  /** Reads what is stored; what was sent and is not yet seen in its room stays. */
  async load(): Promise<void> {
    const stored = await this.store.all();
    const items = new Map<ClientId, OutboxItem>();
    for (const item of stored) {
      if (!this.gone.has(item.clientId)) items.set(item.clientId, item);
    }
    for (const item of this.items.values()) {
      if (item.state === 'sent' || this.writing.has(item.clientId)) items.set(item.clientId, item);
    }
    this.items = items;
    this.changed();
    this.drain();
  }

  async add(item: OutboxItem): Promise<void> {
    this.changed(item.clientId);
    await this.replace(item);
    this.drain();
  }

  async retry(clientId: ClientId): Promise<void> {
    const item = this.items.get(clientId);
    if (item?.state !== 'failed') return;
    this.tries.delete(clientId);
    const { code: _code, ...rest } = item;
    await this.replace({ ...rest, state: 'waiting' });
    this.drain();
  }

  async remove(clientId: ClientId): Promise<void> {
    if (this.items.get(clientId)?.state !== 'failed') return;
    this.items.delete(clientId);
    this.changed();
    await this.forget(clientId);
  }

  /** The room's log shows these: their place in the list is taken by the real line. */
  seen(isShown: (item: OutboxItem) => boolean): void {
    let any = false;
    for (const item of this.items.values()) {
      if (!isShown(item)) continue;
      this.items.delete(item.clientId);
      any = true;
      // Seen in the log is as good as an answer, which may be late or lost.
      if (item.state !== 'sent') void this.forget(item.clientId);
      this.landed(item);
    }
    if (any) this.changed();
  }

  /** A connection is ready for posts. */
  online(post: (item: OutboxItem) => Promise<Sent>): void {
    const turn = this.offline();
    this.lock(turn.signal, async () => {
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
      if (item.state === 'waiting' && !this.inFlight.has(item.room)) void this.send(item, this.post);
    }
  }

  private async send(item: OutboxItem, post: (item: OutboxItem) => Promise<Sent>): Promise<void> {
    const { turn } = this;
    this.inFlight.set(item.room, item.clientId);
    try {
      const sent = await post(item);
      this.slowedDown.pauses = 0;
      this.markSent(item.clientId, sent);
      this.bus.post({ type: 'sent', clientId: item.clientId, sent });
      await this.forget(item.clientId);
    } catch (error) {
      if (!turn.over) await this.refused(item, error, turn);
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
    const tries = (this.tries.get(item.clientId) ?? 0) + 1;
    this.tries.set(item.clientId, tries);
    if (error.action === 'login' || (error.action !== 'stop' && tries < TRIES_MAX)) {
      const pauseMs = Math.min(RETRY_PAUSE_MS * 2 ** (tries - 1), RETRY_PAUSE_MS_MAX);
      await Promise.race([pause(this.clock, pauseMs), turn.end]);
      return;
    }
    await this.replace({ ...item, state: 'failed', code: error.code });
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

  private async replace(item: OutboxItem): Promise<void> {
    this.items.set(item.clientId, item);
    this.writing.add(item.clientId);
    this.changed();
    await this.store.put(item);
    this.writing.delete(item.clientId);
    this.bus.post({ type: 'changed' });
  }

  private async forget(clientId: ClientId): Promise<void> {
    this.gone.add(clientId);
    for (const oldest of this.gone) {
      if (this.gone.size <= GONE_MAX) break;
      this.gone.delete(oldest);
    }
    await this.store.remove(clientId);
    this.bus.post({ type: 'changed' });
  }

  private markSent(clientId: ClientId, sent: Sent): void {
    const item = this.items.get(clientId);
    this.tries.delete(clientId);
    if (!item) return;
    this.items.set(clientId, { ...item, state: 'sent', seq: sent.seq, epoch: sent.epoch });
    this.changed();
  }
}

/** The time from one connection to its end. */
class Turn {
  readonly end: Promise<void>;
  private readonly controller = new AbortController();
  private resolveEnd: () => void = () => undefined;

  constructor() {
    this.end = new Promise((resolve) => {
      this.resolveEnd = resolve;
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get over(): boolean {
    return this.controller.signal.aborted;
  }

  close(): void {
    this.controller.abort();
    this.resolveEnd();
  }
}
