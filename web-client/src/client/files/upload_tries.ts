/**
 * Which uploads send now, and what follows from the end of each try. A transfer keeps its
 * id until it is done or has failed for good, so that every try goes on where the server has it.
 */
import { FileOutcome } from '../../protocol/generated';
import type { RoomId } from '../../protocol/generated';
import { codeAction } from '../../protocol/codes';
import { pause } from '../clock';
import type { Clock } from '../clock';
import type { FrameStream } from '../frame_stream';
import { RETRY_PAUSE_MS, RETRY_PAUSE_MS_MAX, TRIES_MAX, UPLOADS_AT_ONCE_MAX } from './limits';
import { ProgressPace } from './progress_pace';
import type { UploadEntry } from './upload';
import type { UploadBook } from './upload_book';
import type { StoredUpload } from './upload_store';
import { ELSEWHERE, ENDING } from './upload_ends';
import { runUpload } from './upload_stream';
import type { UploadEnd } from './upload_stream';

export class UploadTries {
  /** Whether words that were written before it are still to be posted in its room. */
  isBehindWords: (upload: StoredUpload) => boolean = () => false;
  private open: (() => Promise<FrameStream>) | null = null;
  private readonly pace: ProgressPace;

  constructor(
    private readonly book: UploadBook,
    private readonly clock: Clock,
  ) {
    this.pace = new ProgressPace(clock, () => {
      book.changed();
    });
  }

  /** A connection is ready. */
  online(open: () => Promise<FrameStream>): void {
    this.open = open;
    this.drain();
  }

  /** It is gone; what was under way goes on with the next one. */
  offline(): void {
    this.open = null;
    this.book.changed();
  }

  /** Begins as many tries as there are places for. */
  drain(): void {
    const { open } = this;
    if (!open) return;
    const entries = this.book.inOrder;
    let running = entries.filter(({ run }) => run).length;
    /** Rooms in which a message is about to be posted: the next one comes behind it. */
    const posting = new Set<RoomId>();
    for (const entry of entries) {
      if (running >= UPLOADS_AT_ONCE_MAX) return;
      const { room, wish } = entry.stored;
      if (wish === 'send' && !entry.isAlive && this.isBehindWords(entry.stored)) posting.add(room);
      if (entry.isDue && !posting.has(room)) {
        void this.send(entry, open);
        running += 1;
      }
      if (entry.isComing || (entry.run && !entry.at)) posting.add(room);
    }
  }

  private async send(entry: UploadEntry, open: () => Promise<FrameStream>): Promise<void> {
    const run = new AbortController();
    entry.run = run;
    const { wish, begun } = entry.stored;
    const before = entry.durableBytes;
    this.book.change(entry, { begun: true });
    const ended = await runUpload(
      open,
      entry.start,
      wish === 'cancel' ? null : entry.file,
      {
        begun: (seq, epoch) => {
          if (entry.at?.seq === seq && entry.run === run) return;
          entry.at = { seq, epoch };
          this.book.changed();
          this.drain();
        },
        durable: (bytes) => {
          if (entry.durableBytes === before && bytes !== before) entry.rate.start(bytes);
          entry.durableBytes = bytes;
          entry.rate.at(bytes);
          this.book.reached(entry);
          this.pace.moved();
        },
        checking: () => {
          entry.checking = true;
          this.book.changed();
        },
      },
      run.signal,
    );
    entry.run = null;
    entry.checking = false;
    if (this.book.has(entry)) {
      // Refused as such, and before anything was done.
      const unheard = !begun && !entry.at && ended.end === 'refused' && codeAction(ended.code) === 'stop';
      if (unheard) this.book.change(entry, { begun: false });
      await this.ended(entry, ended, before, run.signal.aborted);
    }
    this.drain();
  }

  private async ended(entry: UploadEntry, ended: UploadEnd, before: number, aborted: boolean): Promise<void> {
    if (ended.end === 'settled') {
      if (ended.state.outcome === FileOutcome.failed) this.book.over(entry, ended.state.code);
      else this.book.complete(entry);
      return;
    }
    if (ended.end === 'unreadable') {
      this.book.lose(entry);
      return;
    }
    // A pause, a cancel, the end of the connection: the next try begins when it may.
    if (aborted || !this.open) {
      this.book.changed();
      return;
    }
    if (ended.end === 'refused') {
      const action = codeAction(ended.code);
      if (entry.stored.wish === 'cancel') {
        if (action === 'stop' && !ELSEWHERE.includes(ended.code)) {
          this.book.drop(entry);
          return;
        }
      } else if (action === 'stop') {
        this.book.fail(entry, ended.code, ENDING.includes(ended.code));
        return;
      }
    }
    const moved = entry.durableBytes > before;
    entry.tries = moved ? 0 : entry.tries + 1;
    // What is taken back is so for good: that is said until it is heard.
    if (ended.end === 'refused' && entry.tries >= TRIES_MAX && entry.stored.wish !== 'cancel') {
      this.book.fail(entry, ended.code, false);
      return;
    }
    await this.rest(entry);
  }

  private async rest(entry: UploadEntry): Promise<void> {
    entry.resting = true;
    this.book.changed();
    await pause(this.clock, Math.min(RETRY_PAUSE_MS * 2 ** Math.max(0, entry.tries - 1), RETRY_PAUSE_MS_MAX));
    entry.resting = false;
  }
}
