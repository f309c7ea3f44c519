/** What the browser keeps of an upload, so that a reload or another tab goes on with it. */
import type { TransferId } from '../../protocol/generated';
import { pause } from '../clock';
import type { Clock } from '../clock';
import { HashedFile, prefixDigest } from './hashed_file';
import {
  HASH_AHEAD_BYTES_MAX,
  HASHED_AT_ONCE_MAX,
  KEEP_MS_MAX,
  KEPT_FILE_BYTES_MAX,
  SURELY_KEPT_BYTES_MAX,
  SURELY_KEPT_MS_MAX,
} from './limits';
import { Places } from './places';
import { UploadEntry } from './upload';
import type { UploadBook } from './upload_book';

export class UploadKeeping {
  private readonly hashing = new Places(HASHED_AT_ONCE_MAX);

  constructor(
    private readonly book: UploadBook,
    private readonly clock: Clock,
  ) {}

  /**
   * Before it is sent, and before it is read: that may take long, and a reload meanwhile is to
   * find it. Without storage it is sent all the same.
   */
  async keep(entry: UploadEntry, file: Blob): Promise<void> {
    const kept = this.store(entry).then((stored) => (stored ? this.keepFile(entry, file) : undefined));
    try {
      await this.hashing.take(() => this.hash(entry, file));
    } catch {
      if (this.book.has(entry)) this.book.lose(entry);
      return;
    }
    if (!this.book.has(entry)) return;
    // With what is known of it now.
    await this.store(entry);
    const waitMs = file.size <= SURELY_KEPT_BYTES_MAX ? SURELY_KEPT_MS_MAX : KEEP_MS_MAX;
    await Promise.race([kept, pause(this.clock, waitMs)]);
  }

  /** What was kept of a transfer. */
  async found(transfer: TransferId): Promise<UploadEntry | null> {
    const stored = await this.book.store.get(transfer).catch(() => null);
    if (!stored || this.book.get(transfer)) return null;
    const entry = new UploadEntry(stored, this.clock);
    entry.ready = true;
    entry.durableBytes = stored.durableBytes ?? 0;
    const file = await this.book.store.file(transfer).catch(() => null);
    if (file && file.size === stored.size) entry.file = new HashedFile(file);
    return entry;
  }

  private async hash(entry: UploadEntry, file: Blob): Promise<void> {
    // Taken back while it stood in line.
    if (!this.book.has(entry)) return;
    const prefix = await prefixDigest(file);
    const ahead = file.size <= HASH_AHEAD_BYTES_MAX ? ((await entry.file?.digest()) ?? null) : null;
    entry.stored = { ...entry.stored, prefix, digest: ahead };
  }

  /** Whether it could be. */
  private store(entry: UploadEntry): Promise<boolean> {
    return this.book.store.put(entry.stored).then(
      () => true,
      () => false,
    );
  }

  private async keepFile(entry: UploadEntry, file: Blob): Promise<void> {
    if (file.size > KEPT_FILE_BYTES_MAX) return;
    const { transfer } = entry.stored;
    try {
      // The page may have stored it already.
      const stored = await this.book.store.file(transfer).catch(() => null);
      if (stored?.size !== file.size) await this.book.store.putFile(transfer, file);
    } catch {
      return;
    }
    // It was taken back or was whole meanwhile.
    if (!this.book.has(entry) || entry.done) await this.book.store.remove(transfer).catch(() => undefined);
  }
}
