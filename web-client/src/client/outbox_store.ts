/**
 * Where the outbox lies: IndexedDB. Where that is forbidden (some private windows), full
 * or broken, every use rejects, and the items live as long as the tabs that know them.
 */
import type { ClientId, UserId } from '../protocol/generated';
import { openDatabase, ofUser } from '../storage/database';
import { timely } from '../storage/timely';
import type { OutboxItem } from './model';

export interface OutboxStore {
  /** In the order in which they were written: client ids sort by time. */
  all(): Promise<OutboxItem[]>;
  put(item: OutboxItem): Promise<void>;
  remove(clientId: ClientId): Promise<void>;
}

/** Opens in the background: a chat does not wait for its storage. */
export function openOutboxStore(user: UserId): OutboxStore {
  const opened = openDatabase();
  // Each use tells of it.
  opened.catch(() => undefined);
  return {
    all: () =>
      timely(async () => {
        const stored = await (await opened).getAll('outbox', ofUser(user));
        return stored.map(({ user: _user, ...item }) => item);
      }),
    put: (item) =>
      timely(async () => {
        await (await opened).put('outbox', { ...item, user });
      }),
    remove: (clientId) =>
      timely(async () => {
        await (await opened).delete('outbox', [user, clientId]);
      }),
  };
}

/** For tests: several tabs may share one. */
export function memoryOutboxStore(): OutboxStore {
  const items = new Map<ClientId, OutboxItem>();
  return {
    all: () => Promise.resolve([...items.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1))),
    put: (item) => Promise.resolve(void items.set(item.clientId, { ...item })),
    remove: (clientId) => Promise.resolve(void items.delete(clientId)),
  };
}
