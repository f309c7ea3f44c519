/**
 * One try to bring a file to the server, on a stream of its own: from the offset that the
 * server answers, as far as it gives credit. Whatever ends the stream, another one goes on.
 */
import { Code, FILE_CHUNK_BYTES_MAX } from '../../protocol/generated';
import type { Epoch, FileState, StartUpload } from '../../protocol/generated';
import { decodeBody, encodeFileChunk } from '../../protocol/frame';
import { StreamReset } from '../../transport/transport';
import type { FrameStream } from '../frame_stream';
import type { HashedFile } from './hashed_file';

export type UploadEnd =
  | { end: 'settled'; seq: number; state: FileState }
  | { end: 'refused'; code: number }
  /** The stream is gone; the transfer is not. */
  | { end: 'cut' }
  /** The file cannot be read any more. */
  | { end: 'unreadable' };

export interface UploadTold {
  /** Its message stands in the log. */
  begun(seq: number, epoch: Epoch): void;
  durable(bytes: number): void;
  /** Everything was sent; the server looks at it. */
  checking(): void;
}

/** Sends the file, or with `null` for it takes it back. */
export async function runUpload(
  open: () => Promise<FrameStream>,
  start: StartUpload,
  file: HashedFile | null,
  told: UploadTold,
  signal: AbortSignal,
): Promise<UploadEnd> {
  let stream: FrameStream;
  try {
    stream = await open();
  } catch {
    return { end: 'cut' };
  }
  const giveUp = (): void => {
    stream.abort(Code.normal);
  };
  if (signal.aborted) giveUp();
  signal.addEventListener('abort', giveUp);
  const sender = new Sender(stream, file, told);
  try {
    await stream.send('Upload', {});
    await stream.send('StartUpload', start);
    return await hear(stream, sender, told);
  } catch (error) {
    // A stream that is refused as such is told so by its reset.
    const refused = error instanceof StreamReset && error.code !== Code.normal && !signal.aborted;
    return refused ? { end: 'refused', code: error.code } : { end: 'cut' };
  } finally {
    sender.stop();
    signal.removeEventListener('abort', giveUp);
    // Also lets go of a stream that has ended: only then its place is free.
    giveUp();
  }
}

async function hear(stream: FrameStream, sender: Sender, told: UploadTold): Promise<UploadEnd> {
  const unreadable = sender.unreadable.then((): UploadEnd => {
    stream.abort(Code.normal);
    return { end: 'unreadable' };
  });
  for (;;) {
    const frame = stream.next();
    // Its failure is the next turn's, or nobody's when the file has ended it.
    frame.catch(() => undefined);
    const found = await Promise.race([frame, unreadable]);
    if (found === null) return { end: 'cut' };
    if ('end' in found) return found;
    const message = decodeBody(found);
    if (message?.name === 'UploadAt') {
      const { seq, epoch, offset, credit } = message.body;
      told.begun(seq, epoch);
      told.durable(offset);
      sender.granted(offset, credit);
    } else if (message?.name === 'Uploaded') {
      return { end: 'settled', seq: message.body.seq, state: message.body.state };
    } else if (message?.name === 'Failed') {
      return { end: 'refused', code: message.body.code };
    }
  }
}

/** Writes chunks as far as there is credit. */
class Sender {
  readonly unreadable: Promise<void>;
  private failed: () => void = () => undefined;
  private creditBytes = 0;
  private begun = false;
  private stopped = false;
  private wake: () => void = () => undefined;

  constructor(
    private readonly stream: FrameStream,
    private readonly file: HashedFile | null,
    private readonly told: UploadTold,
  ) {
    this.unreadable = new Promise((resolve) => {
      this.failed = resolve;
    });
  }

  granted(offset: number, creditBytes: number): void {
    this.creditBytes = Math.max(this.creditBytes, creditBytes);
    this.wake();
    if (this.begun) return;
    this.begun = true;
    // A stream that breaks is told of by its reader.
    if (this.file) this.send(this.file, offset).catch(() => undefined);
    else this.stream.send('CancelUpload', {}).catch(() => undefined);
  }

  stop(): void {
    this.stopped = true;
    this.wake();
  }

  private async send(file: HashedFile, from: number): Promise<void> {
    let at = from;
    while (at < file.size) {
      while (this.creditBytes <= at) {
        if (this.stopped) return;
        await new Promise<void>((resolve) => {
          this.wake = resolve;
        });
      }
      const length = Math.min(FILE_CHUNK_BYTES_MAX, this.creditBytes - at);
      const bytes = await this.unlessUnreadable(() => file.read(at, length));
      if (!bytes || this.stopped) return;
      await this.stream.write(encodeFileChunk(at, bytes));
      at += bytes.length;
    }
    const digest = await this.unlessUnreadable(() => file.digest());
    if (digest === null || this.stopped) return;
    await this.stream.send('EndUpload', { digest });
    this.told.checking();
  }

  private async unlessUnreadable<T>(read: () => Promise<T>): Promise<T | null> {
    try {
      return await read();
    } catch {
      this.failed();
      return null;
    }
  }
}
