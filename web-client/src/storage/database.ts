/**
 * What survives a reload: the outbox and the drafts of each user, and small notes.
 * The worker and the page both open it; IndexedDB orders their writes.
 */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { OutboxItem } from '../client/model';
import type { ClientId, RoomId, UserId } from '../protocol/generated';

export interface StoredItem extends OutboxItem {
  user: UserId;
}

export interface Draft {
  user: UserId;
  room: RoomId;
  text: string;
  updatedMs: number;
}

interface Schema extends DBSchema {
  outbox: { key: [UserId, ClientId]; value: StoredItem };
  drafts: { key: [UserId, RoomId]; value: Draft };
  notes: { key: string; value: unknown };
}

export type Database = IDBPDatabase<Schema>;

const NAME = 'rill';
const VERSION = 1;

export function openDatabase(): Promise<Database> {
  return openDB<Schema>(NAME, VERSION, {
    upgrade(database) {
      database.createObjectStore('outbox', { keyPath: ['user', 'clientId'] });
      database.createObjectStore('drafts', { keyPath: ['user', 'room'] });
      database.createObjectStore('notes');
    },
  });
}

/** The keys of everything that belongs to a user in `outbox` or `drafts`. */
export function ofUser(user: UserId): IDBKeyRange {
  return IDBKeyRange.bound([user], [user, []]);
}
