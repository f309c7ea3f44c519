/**
 * The uploads that this tab has, and what each has come to. What changes is stored, so
 * that a reload or another tab finds it; storage that fails costs only that.
 */
import { Code, FileOutcome } from '../../protocol/generated';
import type { ClientId, FileState, RoomId, TransferId } from '../../protocol/generated';
import type { Clock } from '../clock';
import type { Upload } from '../model';
import { REACHED_EVERY_BYTES, SEEN_MS_MAX } from './limits';
import type { UploadEntry } from './upload';
import type { StoredUpload, UploadStore } from './upload_store';

/** What a room's log says about a file of one's own. */
export interface SeenFile {
  seq: number;
  /** Null where the message was removed. */
  state: FileState | null;
}

export class UploadBook {
  /** What the rooms' logs show of these. */
  seen: (room: RoomId) => Map<ClientId, SeenFile> = () => new Map();
  /** A room is no more. */
  deleted: (room: RoomId) => void = () => undefined;
  private readonly entries = new Map<TransferId, UploadEntry>();

  constructor(
    readonly store: UploadStore,
    private readonly clock: Clock,
    readonly changed: (added?: TransferId) => void,
  ) {}

  /** In the order in which they were chosen. */
  get inOrder(): UploadEntry[] {
    return [...this.entries.values()].sort((a, b) => (a.stored.clientId < b.stored.clientId ? -1 : 1));
  }

  get list(): Upload[] {
    return this.inOrder.map(({ view }) => view);
  }

  get(transfer: TransferId): UploadEntry | undefined {
    return this.entries.get(transfer);
  }

  has(entry: UploadEntry): boolean {
    return this.entries.get(entry.stored.transfer) === entry;
  }

  put(entry: UploadEntry): void {
    this.entries.set(entry.stored.transfer, entry);
  }

  change(entry: UploadEntry, change: Partial<StoredUpload>): void {
    entry.stored = { ...entry.stored, ...change };
    void this.store.put(entry.stored).catch(() => undefined);
    this.changed();
  }

  /** Stored now and then, so that after a reload it is seen how far it had come. */
  reached(entry: UploadEntry): void {
    const { durableBytes, stored } = entry;
    if (durableBytes - (stored.durableBytes ?? 0) < REACHED_EVERY_BYTES) return;
    entry.stored = { ...stored, durableBytes };
    void this.store.put(entry.stored).catch(() => undefined);
  }

  fail(entry: UploadEntry, code: number, ended: boolean): void {
    entry.checking = false;
    entry.run?.abort();
    // Its message, which says so, was removed meanwhile: to send it again would post it again.
    if (code === Code.messageRemoved) {
      this.drop(entry);
      return;
    }
    if (code === Code.roomDeleted) {
      this.drop(entry);
      this.deleted(entry.stored.room);
      return;
    }
    this.change(entry, ended ? { code, ended } : { code });
  }

  /** The server has ended it. */
  over(entry: UploadEntry, code: number): void {
    if (entry.stored.wish === 'cancel') this.drop(entry);
    else if (!entry.stored.ended) this.fail(entry, code, true);
  }

  /** It cannot be read any more: it goes on with the file chosen again. */
  lose(entry: UploadEntry): void {
    entry.checking = false;
    entry.file = null;
    entry.unreadable = true;
    this.change(entry, {});
  }

  drop(entry: UploadEntry): void {
    this.entries.delete(entry.stored.transfer);
    entry.run?.abort();
    // Another tab that got it sooner would read what is still stored.
    void this.forget(entry).finally(() => {
      entry.release();
    });
    this.changed();
  }

  /** It stays in the list until its message says the same, so that nothing flickers. */
  complete(entry: UploadEntry): void {
    entry.done = true;
    entry.durableBytes = entry.stored.size;
    void this.forget(entry);
    this.changed();
    this.settle(entry.stored.room);
    this.clock.after(SEEN_MS_MAX, () => {
      if (this.has(entry)) this.drop(entry);
    });
  }

  /** Looks at what a room's log says of its files. */
  settle(room: RoomId): void {
    const own = [...this.entries.values()].filter(({ stored }) => stored.room === room);
    if (own.length === 0) return;
    const seen = this.seen(room);
    for (const entry of own) {
      const message = seen.get(entry.stored.clientId);
      if (!message) continue;
      if (message.state === null || message.state.outcome === FileOutcome.complete) this.drop(entry);
      else if (message.state.outcome === FileOutcome.failed) this.over(entry, message.state.code);
    }
  }

  private async forget(entry: UploadEntry): Promise<void> {
    await this.store.remove(entry.stored.transfer).catch(() => undefined);
  }
}
