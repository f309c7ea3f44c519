/** A stream of downloads: one range after the other, each read to its end whatever becomes of it. */
import { Code } from '../../protocol/generated';
import type { FileVariant, RoomId } from '../../protocol/generated';
import { decodeBody } from '../../protocol/frame';
import { StreamReset } from '../../transport/transport';
import type { FrameStream } from '../frame_stream';

export interface Range {
  room: RoomId;
  seq: number;
  variant: FileVariant;
  offset: number;
  length: number;
}

/** What came of a range. `bytes` may be fewer than were asked for. */
export interface Piece {
  /** Of the whole file. */
  size: number;
  mediaType: string;
  bytes: Blob;
}

/** `read`: all that the server has of it now. `cut`: the stream has ended, or said what makes no sense. */
export type RangeEnd = { piece: Piece | null } & (
  { end: 'read'; piece: Piece } | { end: 'failed'; code: number } | { end: 'cut' }
);

export class FileLane {
  busy = false;
  private stream: FrameStream | null = null;
  private lastRequest = 0;

  constructor(private readonly open: () => Promise<FrameStream>) {}

  async read(range: Range): Promise<RangeEnd> {
    this.busy = true;
    const coming = new Coming();
    try {
      const refused = await this.ask(range, coming);
      const { piece } = coming;
      if (refused !== null) return { end: 'failed', code: refused, piece };
      return piece ? { end: 'read', piece } : { end: 'cut', piece };
    } catch (error) {
      this.stream?.abort(Code.normal);
      this.stream = null;
      const { piece } = coming;
      const refused = error instanceof StreamReset && error.code !== Code.normal;
      return refused ? { end: 'failed', code: error.code, piece } : { end: 'cut', piece };
    } finally {
      this.busy = false;
    }
  }

  /** Resolves with the code of a refusal, or null when everything has come. */
  private async ask({ room, seq, variant, offset, length }: Range, coming: Coming): Promise<number | null> {
    if (!this.stream) {
      this.stream = await this.open();
      await this.stream.send('Download', {});
    }
    const { stream } = this;
    this.lastRequest += 1;
    const request = this.lastRequest;
    await stream.send('GetFile', { request, room, seq, variant, offset, length });
    const start = await answer(stream);
    if (start.name === 'Failed') return start.body.code;
    if (start.name !== 'FileStart' || start.body.request !== request) throw new RangeError(start.name);
    coming.start = start.body;
    while (coming.gotBytes < start.body.length) {
      const chunk = await answer(stream);
      const follows = chunk.name === 'FileChunk' && chunk.body.offset === offset + coming.gotBytes;
      if (!follows) throw new RangeError(chunk.name);
      coming.push(chunk.body.bytes as Uint8Array<ArrayBuffer>);
    }
    return null;
  }
}

/** What has come of an answer so far: it is good also if no more comes. */
class Coming {
  start: { size: number; mediaType: string } | null = null;
  gotBytes = 0;
  private readonly parts: Uint8Array<ArrayBuffer>[] = [];

  push(bytes: Uint8Array<ArrayBuffer>): void {
    this.parts.push(bytes);
    this.gotBytes += bytes.length;
  }

  get piece(): Piece | null {
    if (!this.start) return null;
    const { size, mediaType } = this.start;
    return { size, mediaType, bytes: new Blob(this.parts) };
  }
}

async function answer(stream: FrameStream): Promise<NonNullable<ReturnType<typeof decodeBody>>> {
  for (;;) {
    const frame = await stream.next();
    if (!frame) throw new RangeError('the stream ended inside an answer');
    const message = decodeBody(frame);
    if (message) return message;
  }
}
