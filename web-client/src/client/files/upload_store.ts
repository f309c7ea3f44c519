/**
 * What survives a reload of files on their way: their transfers, and the files themselves
 * where their size allows. What cannot be stored lives as long as the tab.
 */
import type { ClientId, FileDigest, RoomId, TransferId, UserId, Voice } from '../../protocol/generated';
import { ofUser, openDatabase } from '../../storage/database';
import { timely } from '../../storage/timely';

export interface StoredUpload {
  transfer: TransferId;
  clientId: ClientId;
  room: RoomId;
  name: string;
  mediaType: string;
  size: number;
  text: string;
  createdMs: number;
  /** Of the whole file, if it was known before it was sent: then every try says it. */
  digest: FileDigest | null;
  /** Of its beginning. */
  prefix: FileDigest | null;
  /** The server may know of it. */
  begun: boolean;
  wish: 'send' | 'pause' | 'cancel';
  /** About what the server had of it: what is shown until it says so again. */
  durableBytes?: number;
  /** Why it failed. */
  code: number | null;
  /** The server has ended it: another try is another message. */
  ended?: true;
  width?: number;
  height?: number;
  voice?: Voice;
}

/** An upload of which nothing is known yet but what was chosen. */
export function newStored(
  chosen: Omit<StoredUpload, 'size' | 'digest' | 'prefix' | 'begun' | 'wish' | 'code'>,
  size: number,
): StoredUpload {
  return { ...chosen, size, digest: null, prefix: null, begun: false, wish: 'send', code: null };
}

export interface UploadStore {
  all(): Promise<StoredUpload[]>;
  get(transfer: TransferId): Promise<StoredUpload | null>;
  put(upload: StoredUpload): Promise<void>;
  remove(transfer: TransferId): Promise<void>;
  /** What was kept of a transfer is that of a new one, in one step: its file is kept all the while. */
  replace(transfer: TransferId, by: StoredUpload): Promise<void>;
  file(transfer: TransferId): Promise<Blob | null>;
  putFile(transfer: TransferId, file: Blob): Promise<void>;
}

export function openUploadStore(user: UserId): UploadStore {
  const opened = openDatabase();
  // Each use tells of it.
  opened.catch(() => undefined);
  return {
    all: () =>
      timely(async () => {
        const stored = await (await opened).getAll('uploads', ofUser(user));
        return stored.map(({ user: _user, ...upload }) => upload);
      }),
    get: (transfer) =>
      timely(async () => {
        const stored = await (await opened).get('uploads', [user, transfer]);
        if (!stored) return null;
        const { user: _user, ...upload } = stored;
        return upload;
      }),
    put: (upload) =>
      timely(async () => {
        await (await opened).put('uploads', { ...upload, user });
      }),
    remove: (transfer) =>
      timely(async () => {
        const change = (await opened).transaction(['uploads', 'files'], 'readwrite');
        await Promise.all([
          change.objectStore('uploads').delete([user, transfer]),
          change.objectStore('files').delete([user, transfer]),
          change.done,
        ]);
      }),
    replace: (transfer, by) =>
      timely(async () => {
        const change = (await opened).transaction(['uploads', 'files'], 'readwrite');
        const [uploads, files] = [change.objectStore('uploads'), change.objectStore('files')];
        const file = await files.get([user, transfer]);
        await Promise.all([
          uploads.put({ ...by, user }),
          ...(file ? [files.put(file, [user, by.transfer])] : []),
          uploads.delete([user, transfer]),
          files.delete([user, transfer]),
          change.done,
        ]);
      }),
    file: (transfer) => timely(async () => (await (await opened).get('files', [user, transfer])) ?? null),
    // How long this may take goes by the file: who waits for it says so.
    putFile: async (transfer, file) => {
      await (await timely(() => opened)).put('files', file, [user, transfer]);
    },
  };
}

/** For tests: several tabs may share one. */
export function memoryUploadStore(): UploadStore {
  const uploads = new Map<TransferId, StoredUpload>();
  const files = new Map<TransferId, Blob>();
  return {
    all: () => Promise.resolve([...uploads.values()]),
    get: (transfer) => Promise.resolve(uploads.get(transfer) ?? null),
    put: (upload) => Promise.resolve(void uploads.set(upload.transfer, { ...upload })),
    remove: (transfer) => {
      files.delete(transfer);
      return Promise.resolve(void uploads.delete(transfer));
    },
    replace: (transfer, by) => {
      const file = files.get(transfer);
      if (file) files.set(by.transfer, file);
      files.delete(transfer);
      uploads.delete(transfer);
      return Promise.resolve(void uploads.set(by.transfer, { ...by }));
    },
    file: (transfer) => Promise.resolve(files.get(transfer) ?? null),
    putFile: (transfer, file) => Promise.resolve(void files.set(transfer, file)),
  };
}
