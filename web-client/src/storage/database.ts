/**
 * What survives a reload: the outbox, the drafts, the tray and the uploads of each user, and small notes.
 * The worker and the page both open it; IndexedDB orders their writes.
 */
import { openDB } from 'idb';
import type { DBSchema, IDBPDatabase } from 'idb';
import type { OutboxItem } from '../client/model';
import type { StoredUpload } from '../client/files/upload_store';
import type { TrayFile } from './tray';
import type { ClientId, RoomId, TransferId, UserId } from '../protocol/generated';

export interface StoredItem extends OutboxItem {
  user: UserId;
}

export interface Draft {
  user: UserId;
  room: RoomId;
  text: string;
  updatedMs: number;
  /** The server has it. */
  isKept?: boolean;
}

export interface OwnedUpload extends StoredUpload {
  user: UserId;
}

export interface OwnedTrayFile extends TrayFile {
  user: UserId;
}

interface Schema extends DBSchema {
  outbox: { key: [UserId, ClientId]; value: StoredItem };
  drafts: { key: [UserId, RoomId]; value: Draft };
  notes: { key: string; value: unknown };
  uploads: { key: [UserId, TransferId]; value: OwnedUpload };
  /** The bytes of uploads. */
  files: { key: [UserId, TransferId]; value: Blob };
  /** Files that were chosen and not sent. */
  tray: { key: [UserId, string]; value: OwnedTrayFile };
}

export type Database = IDBPDatabase<Schema>;

const NAME = 'rill';
const VERSION = 3;

export function openDatabase(): Promise<Database> {
  return openDB<Schema>(NAME, VERSION, {
    upgrade(database, before) {
      if (before < 1) {
        database.createObjectStore('outbox', { keyPath: ['user', 'clientId'] });
        database.createObjectStore('drafts', { keyPath: ['user', 'room'] });
        database.createObjectStore('notes');
      }
      if (before < 2) {
        database.createObjectStore('uploads', { keyPath: ['user', 'transfer'] });
        database.createObjectStore('files');
      }
      if (before < 3) database.createObjectStore('tray', { keyPath: ['user', 'id'] });
    },
    // A page of a later version waits for this one to let go.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
    },
  });
}

/** Deletes all that is kept of a user. */
export async function forgetUser(user: UserId): Promise<void> {
  const database = await openDatabase();
  try {
    const stores = ['outbox', 'drafts', 'uploads', 'files', 'tray'] as const;
    const change = database.transaction(stores, 'readwrite');
    await Promise.all([...stores.map((name) => change.objectStore(name).delete(ofUser(user))), change.done]);
  } finally {
    database.close();
  }
}

/** The keys of everything that belongs to a user in any of these but `notes`. */
export function ofUser(user: UserId): IDBKeyRange {
  return IDBKeyRange.bound([user], [user, []]);
}
