/**
 * Where the outbox lies. IndexedDB in the page; where that is forbidden (some private
 * windows) the items live as long as the tab.
 */
import type { ClientId, UserId } from '../protocol/generated';
import { openDatabase, ofUser } from '../storage/database';
import type { OutboxItem } from './model';

export interface OutboxStore {
  /** In the order in which they were written: client ids sort by time. */
  all(): Promise<OutboxItem[]>;
  put(item: OutboxItem): Promise<void>;
  remove(clientId: ClientId): Promise<void>;
}

export async function openOutboxStore(user: UserId): Promise<OutboxStore> {
  try {
    const database = await openDatabase();
    return {
      async all() {
        const stored = await database.getAll('outbox', ofUser(user));
        return stored.map(({ user: _user, ...item }) => item);
      },
      async put(item) {
        await database.put('outbox', { ...item, user });
      },
      async remove(clientId) {
        await database.delete('outbox', [user, clientId]);
      },
    };
  } catch {
    return memoryOutboxStore();
  }
}

export function memoryOutboxStore(): OutboxStore {
  const items = new Map<ClientId, OutboxItem>();
  return {
    all: () => Promise.resolve([...items.values()].sort((a, b) => (a.clientId < b.clientId ? -1 : 1))),
    put: (item) => Promise.resolve(void items.set(item.clientId, { ...item })),
    remove: (clientId) => Promise.resolve(void items.delete(clientId)),
  };
}
