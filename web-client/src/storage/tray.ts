/**
 * Files that were chosen and not sent yet, as far as the browser keeps them. Each is noted
 * first, so that one whose bytes cannot be kept is at least asked for by its name.
 */
import { KEPT_FILE_BYTES_MAX } from '../client/files/limits';
import type { StoredUpload } from '../client/files/upload_store';
import type { RoomId, UserId, Voice } from '../protocol/generated';
import { ofUser, openDatabase } from './database';
import { timely } from './timely';

export interface TrayFile {
  id: string;
  room: RoomId;
  name: string;
  size: number;
  /** Null where it could not be kept. */
  file: File | null;
  /** It was spoken in the page. */
  voice?: Voice;
}

export interface Tray {
  /** In the order in which they were chosen. */
  all(): Promise<TrayFile[]>;
  put(file: TrayFile): Promise<void>;
  remove(ids: readonly string[]): Promise<void>;
  /**
   * A chosen file becomes an upload, and what is said beside it its caption, in one step:
   * the page may be gone in a moment, long before the worker has it. `id` is null for what
   * was never in the tray.
   */
  send(id: string | null, upload: StoredUpload, file: Blob): Promise<void>;
  /** Tells the user's other tabs, which show the same tray, that these are sent or removed. */
  tellGone(ids: readonly string[]): void;
  onGone(take: (ids: readonly string[]) => void): void;
  close(): void;
}

export function openTray(user: UserId): Tray {
  const opened = openDatabase();
  // Each use tells of it.
  opened.catch(() => undefined);
  const tabs = new BroadcastChannel(`rill tray ${user}`);
  const remove = async (ids: readonly string[]): Promise<void> => {
    const change = (await timely(() => opened)).transaction('tray', 'readwrite');
    await Promise.all([...ids.map((id) => change.store.delete([user, id])), change.done]);
  };
  return {
    all: () =>
      timely(async () => {
        const stored = await (await opened).getAll('tray', ofUser(user));
        return stored.map(({ user: _user, ...file }) => file);
      }),
    // How long this takes goes by the file, and nobody waits for it.
    put: async (file) => {
      const database = await timely(() => opened);
      await database.put('tray', { ...file, user, file: null });
      if (!file.file) return;
      const change = database.transaction('tray', 'readwrite');
      // It may have been sent or removed meanwhile.
      const noted = await change.store.get([user, file.id]);
      if (noted) await change.store.put({ ...file, user });
      await change.done;
    },
    remove,
    send: async (id, upload, file) => {
      const { transfer, room, text } = upload;
      const change = (await opened).transaction(['tray', 'drafts', 'uploads', 'files'], 'readwrite');
      const steps: Promise<unknown>[] = [change.objectStore('uploads').put({ ...upload, user })];
      if (id !== null) steps.push(change.objectStore('tray').delete([user, id]));
      if (text !== '') steps.push(change.objectStore('drafts').delete([user, room]));
      if (file.size <= KEPT_FILE_BYTES_MAX)
        steps.push(change.objectStore('files').put(file, [user, transfer]));
      // A page that goes takes with it what is not committed.
      change.commit();
      // Without room for it the worker sends it all the same: it is not to be offered again.
      await Promise.all([...steps, change.done]).catch(() => remove(id === null ? [] : [id]));
    },
    tellGone: (ids) => {
      tabs.postMessage(ids);
    },
    onGone: (take) => {
      tabs.addEventListener('message', ({ data }: MessageEvent<readonly string[]>) => {
        take(data);
      });
    },
    close: () => {
      tabs.close();
    },
  };
}
