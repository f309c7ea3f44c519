/**
 * What is in the outbox, the same in every tab of a browser: stored so that it outlives
 * them, and told over the bus. What cannot be stored (no storage, a full one) is handed
 * to the other tabs whole, so that whichever of them sends has it. A storage that fails
 * never keeps a message from being sent.
 */
import type { ClientId, Epoch } from '../protocol/generated';
import type { OutboxItem } from './model';
import type { OutboxStore } from './outbox_store';

/** Removed items that are remembered against a list that was read a moment earlier. */
const GONE_MAX = 1_000;

export interface Sent {
  seq: number;
  epoch: Epoch;
}

/** What tabs tell each other. */
export type OutboxNews =
  /** The store holds something new. */
  | { type: 'changed' }
  /** This could not be stored. */
  | { type: 'held'; item: OutboxItem }
  | { type: 'sent'; clientId: ClientId; sent: Sent }
  /** In the outbox no more. */
  | { type: 'gone'; clientId: ClientId };

export interface OutboxBus {
  post(news: OutboxNews): void;
  onNews(take: (news: OutboxNews) => void): void;
}

export interface OutboxItemsListener {
  changed(): void;
  /** Another tab has changed what waits. */
  told(): void;
}

export class OutboxItems {
  private items = new Map<ClientId, OutboxItem>();
  /** Being written: a list read meanwhile may lack them. */
  private readonly writing = new Set<ClientId>();
  /** In no store: they live as long as a tab that knows them. */
  private readonly held = new Set<ClientId>();
  /** Removed: a list read meanwhile may still have them. Client ids never come back. */
  private readonly gone = new Set<ClientId>();

  constructor(
    private readonly store: OutboxStore,
    private readonly bus: OutboxBus,
    private readonly listener: OutboxItemsListener,
  ) {
    bus.onNews((news) => {
      this.hear(news);
    });
  }

  /** In the order in which they were written: client ids sort by time. */
  get list(): OutboxItem[] {
    return [...this.items.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1));
  }

  get(clientId: ClientId): OutboxItem | undefined {
    return this.items.get(clientId);
  }

  /** Reads what is stored; what was sent and is not yet seen in its room stays. */
  async load(): Promise<void> {
    const stored = await this.store.all().catch(() => null);
    // A store that cannot be read leaves what this tab knows by itself.
    if (!stored) return;
    const items = new Map<ClientId, OutboxItem>();
    for (const item of stored) {
      if (!this.gone.has(item.clientId)) items.set(item.clientId, item);
      this.held.delete(item.clientId);
    }
    for (const item of this.items.values()) {
      const { clientId } = item;
      if (item.state === 'sent' || this.writing.has(clientId) || this.held.has(clientId))
        items.set(clientId, item);
    }
    this.items = items;
    this.listener.changed();
  }

  /** Adds an item or changes it. */
  async put(item: OutboxItem): Promise<void> {
    const { clientId } = item;
    this.items.set(clientId, item);
    this.writing.add(clientId);
    this.listener.changed();
    try {
      await this.store.put(item);
      this.held.delete(clientId);
      this.bus.post({ type: 'changed' });
    } catch {
      this.held.add(clientId);
      this.bus.post({ type: 'held', item });
    }
    this.writing.delete(clientId);
  }

  /** The server has it: it stays in every tab's list until its room's log shows it there. */
  async sent(clientId: ClientId, sent: Sent): Promise<void> {
    if (this.gone.has(clientId)) return;
    this.bus.post({ type: 'sent', clientId, sent });
    this.mark(clientId, sent);
    await this.forget(clientId);
  }

  /** The room's log shows it here; other tabs wait for their own sight of it. */
  async seen({ clientId }: OutboxItem, at: Sent): Promise<void> {
    const known = this.gone.has(clientId);
    if (this.items.delete(clientId)) this.listener.changed();
    if (known) return;
    this.bus.post({ type: 'sent', clientId, sent: at });
    await this.forget(clientId);
  }

  /** Out of the list and out of the store, in every tab. */
  async remove(clientId: ClientId): Promise<void> {
    if (!this.items.delete(clientId)) return;
    this.listener.changed();
    await this.forget(clientId);
  }

  private async forget(clientId: ClientId): Promise<void> {
    this.gone.add(clientId);
    for (const oldest of this.gone) {
      if (this.gone.size <= GONE_MAX) break;
      this.gone.delete(oldest);
    }
    this.held.delete(clientId);
    // What stays in the store is sent once more by a later tab, under its key: no harm.
    await this.store.remove(clientId).catch(() => undefined);
    this.bus.post({ type: 'gone', clientId });
  }

  private mark(clientId: ClientId, { seq, epoch }: Sent): void {
    const item = this.items.get(clientId);
    if (!item) return;
    const { code: _code, ...rest } = item;
    this.items.set(clientId, { ...rest, state: 'sent', seq, epoch });
    this.listener.changed();
  }

  private hear(news: OutboxNews): void {
    switch (news.type) {
      case 'changed':
        void this.load().then(() => {
          this.listener.told();
        });
        break;
      case 'held':
        if (this.gone.has(news.item.clientId) || this.get(news.item.clientId)?.state === 'sent') break;
        this.items.set(news.item.clientId, news.item);
        this.held.add(news.item.clientId);
        this.listener.changed();
        this.listener.told();
        break;
      case 'sent':
        this.mark(news.clientId, news.sent);
        this.listener.told();
        break;
      case 'gone':
        this.gone.add(news.clientId);
        this.held.delete(news.clientId);
        // What was sent waits here to be seen, too.
        if (this.items.get(news.clientId)?.state === 'sent') break;
        if (this.items.delete(news.clientId)) this.listener.changed();
        break;
    }
  }
}
