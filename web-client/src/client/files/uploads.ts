/**
 * Files on their way to the server: a queue that outlives connections and, as far as the
 * browser keeps files, reloads. This is what a person does with it; what becomes of an
 * upload is in `upload_book.ts`, who sends when in `upload_tries.ts`.
 */
import { Code } from '../../protocol/generated';
import type { ClientId, RoomId, TransferId } from '../../protocol/generated';
import { newId } from '../../protocol/id';
import type { Clock } from '../clock';
import type { FrameStream } from '../frame_stream';
import type { NewUpload, Upload } from '../model';
import { HashedFile, prefixDigest } from './hashed_file';
import { UploadEntry } from './upload';
import { UploadBook } from './upload_book';
import type { SeenFile } from './upload_book';
import { UploadKeeping } from './upload_keeping';
import { newStored } from './upload_store';
import type { StoredUpload, UploadStore } from './upload_store';
import type { UploadTabs } from './upload_tabs';
import { UploadTries } from './upload_tries';

export class Uploads {
  private readonly book: UploadBook;
  private readonly tries: UploadTries;
  private readonly keeping: UploadKeeping;

  constructor(
    private readonly store: UploadStore,
    private readonly tabs: UploadTabs,
    private readonly clock: Clock,
    changed: (added?: TransferId) => void,
  ) {
    this.book = new UploadBook(store, clock, changed);
    this.tries = new UploadTries(this.book, clock);
    this.keeping = new UploadKeeping(this.book, clock);
    tabs.onTold((transfer) => {
      this.wait(transfer);
    });
  }

  get list(): Upload[] {
    return this.book.list;
  }

  /** What the rooms' logs show of these. */
  set seen(seen: (room: RoomId) => Map<ClientId, SeenFile>) {
    this.book.seen = seen;
  }

  /** A room is no more: an upload into it was refused so. */
  set deleted(deleted: (room: RoomId) => void) {
    this.book.deleted = deleted;
  }

  /** The room is no more, and with it whatever the server has of these. */
  forget(room: RoomId): void {
    for (const entry of this.book.inOrder) if (entry.stored.room === room) this.book.drop(entry);
    this.tries.drain();
  }

  /** Which of these come behind words that are still to be posted. */
  set isBehindWords(isBehindWords: UploadTries['isBehindWords']) {
    this.tries.isBehindWords = isBehindWords;
  }

  /** Words were posted, or will not be: what came behind them may go. */
  wordsChanged(): void {
    this.tries.drain();
  }

  /** What an earlier life of the page left, or another tab has. */
  async load(): Promise<void> {
    const stored = await this.store.all().catch(() => []);
    for (const { transfer } of stored) this.wait(transfer);
  }

  add(upload: NewUpload): void {
    const { file, ...rest } = upload;
    const stored = newStored(rest, file.size);
    const entry = new UploadEntry(stored, this.clock);
    entry.file = new HashedFile(file);
    this.book.put(entry);
    this.book.changed(stored.transfer);
    void this.hold(stored.transfer, async () => {
      this.tabs.tell(stored.transfer);
      await this.keeping.keep(entry, file);
      entry.ready = true;
      this.tries.drain();
      return entry;
    });
  }

  pause(transfer: TransferId): void {
    const entry = this.book.get(transfer);
    if (entry?.stored.wish === 'send' && entry.stored.code === null) this.wish(entry, 'pause');
  }

  resume(transfer: TransferId): void {
    const entry = this.book.get(transfer);
    if (entry?.stored.wish === 'pause') this.wish(entry, 'send');
  }

  /** Takes it back; what nobody has heard of is gone at once. */
  cancel(transfer: TransferId): void {
    const entry = this.book.get(transfer);
    if (entry && !entry.done) this.takeBack(entry);
  }

  /** Tries again what has failed. */
  retry(transfer: TransferId): void {
    const entry = this.book.get(transfer);
    if (!entry || entry.stored.code === null) return;
    const over = entry.stored.ended ?? entry.stored.code === Code.keyReused;
    if (over && entry.file) {
      this.sendAnew(entry, entry.file.bytes as Blob);
      return;
    }
    entry.tries = 0;
    this.book.change(entry, { code: null });
    this.tries.drain();
  }

  /** What the server has ended goes as another message. */
  private sendAnew(entry: UploadEntry, file: Blob): void {
    const anew = entry.anew(this.clock.now(), newId);
    // A reload finds the one or the other, and its file.
    if (!entry.isAlive)
      void this.store.replace(entry.stored.transfer, newStored(anew, file.size)).catch(() => undefined);
    this.takeBack(entry);
    this.add({ ...anew, file });
  }

  /** Lets go of what has failed. */
  remove(transfer: TransferId): void {
    const entry = this.book.get(transfer);
    if (entry && entry.stored.code !== null) this.takeBack(entry);
  }

  /** The person has chosen the file again. */
  async giveFile(transfer: TransferId, file: Blob): Promise<void> {
    const entry = this.book.get(transfer);
    if (!entry || entry.file) return;
    const { size, prefix } = entry.stored;
    const given = await prefixDigest(file).catch(() => null);
    if (!this.book.has(entry) || entry.file) return;
    const same = given !== null && file.size === size && (prefix === null || given === prefix);
    entry.otherFile = !same;
    if (same) {
      entry.unreadable = false;
      entry.file = new HashedFile(file);
      // Whoever looked for it again wants it to go on, also where it was paused.
      this.book.change(entry, {
        prefix: given,
        wish: entry.stored.wish === 'pause' ? 'send' : entry.stored.wish,
      });
    }
    this.book.changed();
    this.tries.drain();
  }

  online(open: () => Promise<FrameStream>): void {
    this.tries.online(open);
  }

  offline(): void {
    this.tries.offline();
  }

  settle(room: RoomId): void {
    this.book.settle(room);
    this.tries.drain();
  }

  /** Gone at once where the server has nothing of it; else once the server has said so. */
  private takeBack(entry: UploadEntry): void {
    if (entry.isAlive) {
      this.wish(entry, 'cancel');
    } else {
      this.book.drop(entry);
      this.tries.drain();
    }
  }

  private wish(entry: UploadEntry, wish: StoredUpload['wish']): void {
    entry.checking = false;
    this.book.change(entry, { wish, durableBytes: entry.durableBytes });
    entry.run?.abort();
    this.tries.drain();
  }

  /** Takes over what is stored, once no other tab has it. */
  private wait(transfer: TransferId): void {
    if (this.book.get(transfer)) return;
    void this.hold(transfer, async () => {
      const entry = await this.keeping.found(transfer);
      if (!entry) return null;
      this.book.put(entry);
      this.book.changed();
      this.settle(entry.stored.room);
      this.tries.drain();
      return entry;
    });
  }

  /** Has the transfer until its entry is dropped. */
  private hold(transfer: TransferId, begin: () => Promise<UploadEntry | null>): Promise<void> {
    return this.tabs
      .hold(transfer, async () => {
        const entry = await begin();
        if (!entry || !this.book.has(entry)) return;
        await new Promise<void>((resolve) => {
          entry.release = resolve;
        });
      })
      .catch(() => undefined);
  }
}
