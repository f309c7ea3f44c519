/** Tabs of one browser, each with its outbox, whose posts a test answers by hand. */
import type { OutboxItem } from '../client/model';
import { Outbox } from '../client/outbox';
import type { OutboxLock } from '../client/outbox';
import type { OutboxBus, OutboxNews, Sent } from '../client/outbox_items';
import type { OutboxStore } from '../client/outbox_store';
import { newId } from '../protocol/id';
import { ManualClock } from './manual_clock';

let made = 0;
export function item(text: string, room = 'room'): OutboxItem {
  made += 1;
  const createdMs = 1_700_000_000_000 + made;
  return { clientId: newId(createdMs), room, text, createdMs, state: 'waiting' };
}

/** A storage of which some uses fail. */
export function failing(store: OutboxStore, broken: { [use in keyof OutboxStore]?: true }): OutboxStore {
  const fail = (): Promise<never> => Promise.reject(new Error('the quota is used up'));
  return {
    all: () => (broken.all ? fail() : store.all()),
    put: (one) => (broken.put ? fail() : store.put(one)),
    remove: (clientId) => (broken.remove ? fail() : store.remove(clientId)),
  };
}

/** Several tabs of one browser: a bus and a lock between them. */
export class Browser {
  /** News get lost: their tab is gone before it has told them. */
  mute = false;
  private readonly listeners: ((news: OutboxNews) => void)[] = [];
  private turn: Promise<void> = Promise.resolve();

  bus(): OutboxBus {
    let own: ((news: OutboxNews) => void) | null = null;
    return {
      post: (news) => {
        if (this.mute) return;
        for (const listener of this.listeners) if (listener !== own) listener(news);
      },
      onNews: (take) => {
        own = take;
        this.listeners.push(take);
      },
    };
  }

  readonly lock: OutboxLock = (signal, hold) => {
    const mine = this.turn.then(() => (signal.aborted ? Promise.resolve() : hold()));
    this.turn = mine.catch(() => undefined);
    return mine;
  };
}

export class Tab {
  readonly outbox: Outbox;
  /** Posts in the order in which they left, each answered by hand. */
  readonly posts: { item: OutboxItem; accept: () => void; refuse: (error: Error) => void }[] = [];

  constructor(
    store: OutboxStore,
    readonly clock = new ManualClock(),
    browser = new Browser(),
  ) {
    this.outbox = new Outbox(store, browser.bus(), browser.lock, clock, () => undefined);
  }

  online(): void {
    this.outbox.online(
      (posted) =>
        new Promise<Sent>((resolve, reject) => {
          this.posts.push({
            item: posted,
            accept: () => {
              resolve({ seq: this.posts.length, epoch: 'E' });
            },
            refuse: reject,
          });
        }),
    );
  }

  /** The log shows these texts. */
  sees(...texts: string[]): void {
    const at = { seq: 1, epoch: 'E' };
    this.outbox.shown = (items) =>
      items.filter(({ text }) => texts.includes(text)).map((shown) => ({ item: shown, at }));
    this.outbox.settle();
  }

  get sent(): string[] {
    return this.posts.map((post) => post.item.text);
  }

  states(): string[] {
    return this.outbox.list.map(({ text, state }) => `${text} ${state}`);
  }
}
