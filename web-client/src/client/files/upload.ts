/** One file on its way, as the queue keeps it. */
import { FileUse } from '../../protocol/generated';
import type { Epoch, StartUpload } from '../../protocol/generated';
import type { Clock } from '../clock';
import type { NewUpload, Upload } from '../model';
import type { HashedFile } from './hashed_file';
import { Rate } from './rate';
import type { StoredUpload } from './upload_store';

export class UploadEntry {
  file: HashedFile | null = null;
  /** What every try says of it is settled: its digest, if it is to be known ahead. */
  ready = false;
  /** The try that is under way. */
  run: AbortController | null = null;
  /** It rests before the next try. */
  resting = false;
  tries = 0;
  durableBytes = 0;
  checking = false;
  /** The server has it whole: it waits for its message to say so. */
  done = false;
  /** Where its message stands. */
  at: { seq: number; epoch: Epoch } | null = null;
  /** A file that was chosen again is another one. */
  otherFile = false;
  /** The browser could not read it any more. */
  unreadable = false;
  /** Gives the transfer to whichever tab wants it. */
  release: () => void = () => undefined;
  readonly rate: Rate;

  constructor(
    public stored: StoredUpload,
    clock: Clock,
  ) {
    this.rate = new Rate(clock);
  }

  get view(): Upload {
    const { transfer, clientId, room, name, mediaType, size, text, createdMs, code } = this.stored;
    const { width, height, voice } = this.stored;
    return {
      ...{ transfer, clientId, room, name, mediaType, size, text, createdMs },
      state: this.state,
      durableBytes: this.durableBytes,
      bytesPerSecond: this.state === 'sending' ? this.rate.bytesPerSecond : null,
      ...(this.state === 'failed' ? { code } : {}),
      ...(this.at ? { seq: this.at.seq } : {}),
      ...(width !== undefined && height !== undefined ? { width, height } : {}),
      ...(voice ? { voice } : {}),
      ...(this.otherFile ? { otherFile: true } : {}),
      ...(this.unreadable ? { unreadable: true } : {}),
    };
  }

  private get state(): Upload['state'] {
    if (this.done || this.checking) return 'checking';
    if (this.stored.wish === 'cancel') return 'cancelling';
    if (this.stored.code !== null) return 'failed';
    if (!this.file) return 'fileNeeded';
    if (this.stored.wish === 'pause') return 'paused';
    return this.run && this.at ? 'sending' : 'queued';
  }

  /** How every try begins. */
  get start(): StartUpload {
    const { transfer, room, clientId, name, mediaType, size, text, digest } = this.stored;
    return {
      ...{ transfer, room, clientId, name, mediaType, size, text, digest },
      fileUse: FileUse.message,
      voice: this.stored.voice ?? null,
    };
  }

  /** Whether the server may have it under way: then its message waits for an end. */
  get isAlive(): boolean {
    return this.stored.begun && !this.stored.ended;
  }

  /** The same file and words as a new upload, without the file itself. */
  anew(nowMs: number, newId: (atMs: number) => string): Omit<NewUpload, 'file'> {
    const { room, name, mediaType, text, width, height, voice } = this.stored;
    const box = width !== undefined && height !== undefined ? { width, height } : {};
    const ids = { transfer: newId(nowMs), clientId: newId(nowMs), createdMs: nowMs };
    return { ...ids, room, name, mediaType, text, ...box, ...(voice ? { voice } : {}) };
  }

  /** Not ready yet: what comes behind it in its room waits for it. */
  get isComing(): boolean {
    return !this.ready && this.stored.wish === 'send';
  }

  /** Whether a try may begin now. */
  get isDue(): boolean {
    if (!this.ready || this.run || this.resting || this.done) return false;
    if (this.stored.wish === 'cancel') return true;
    return this.stored.wish === 'send' && this.stored.code === null && this.file !== null;
  }
}
