/** One file that is fetched: what has come of it, and what is still to be asked for. */
import { FileVariant } from '../../protocol/generated';
import type { RoomId } from '../../protocol/generated';
import type { Piece, Range } from './file_lane';
import { RANGE_BYTES_MAX } from './limits';
import type { Rate } from './rate';

export interface WantedFile {
  room: RoomId;
  seq: number;
  variant: FileVariant;
}

/** Types that a browser only shows or plays; of another one nothing is ever opened. */
const SHOWN = /^(image\/(png|jpeg|gif|webp|bmp|x-icon|vnd\.microsoft\.icon)|(audio|video)\/[a-z0-9.+-]+)$/;

export class DownloadJob {
  /** What is not there and not under way; the first piece says how much there is. */
  readonly todo: { from: number; to: number }[] = [{ from: 0, to: RANGE_BYTES_MAX }];
  size: number | null = null;
  haveBytes = 0;
  underWay = 0;
  tries = 0;
  /** How often in a row nothing more of it had been sent. */
  waits = 0;
  resting = false;
  over = false;
  private readonly parts = new Map<number, Blob>();
  private mediaType = '';

  constructor(
    readonly wanted: WantedFile,
    readonly rate: Rate,
    readonly resolve: (file: Blob) => void,
    readonly reject: (error: Error) => void,
  ) {}

  get isKept(): boolean {
    return this.wanted.variant === FileVariant.original;
  }

  /** The next piece, if one may be asked for. */
  take(): Range | null {
    const piece = this.todo[0];
    // The first tells the size, and whether there is anything.
    if (!piece || this.resting || this.over || (this.size === null && this.underWay > 0)) return null;
    const length = Math.min(piece.to - piece.from, RANGE_BYTES_MAX);
    if (piece.from + length >= piece.to) this.todo.shift();
    else this.todo[0] = { from: piece.from + length, to: piece.to };
    this.underWay += 1;
    return { ...this.wanted, offset: piece.from, length };
  }

  /** Keeps what came of a range, and asks for the rest of it again. Answers whether something came. */
  put(range: Range, { size, mediaType, bytes }: Piece): boolean {
    if (this.size === null) {
      this.size = size;
      this.todo.splice(0, this.todo.length);
      if (size > range.length) this.todo.push({ from: range.length, to: size });
    }
    this.mediaType = mediaType;
    if (bytes.size > 0) {
      this.parts.set(range.offset, bytes);
      this.haveBytes += bytes.size;
      this.tries = 0;
      this.rate.at(this.haveBytes);
    }
    const [from, to] = [range.offset + bytes.size, range.offset + this.lengthOf(range)];
    if (from < to) this.todo.unshift({ from, to });
    return bytes.size > 0;
  }

  /** Nothing came of it. */
  putBack(range: Range): boolean {
    this.todo.unshift({ from: range.offset, to: range.offset + range.length });
    return false;
  }

  /** How much of a range lies in the file. */
  lengthOf({ offset, length }: Range): number {
    return Math.min(length, (this.size ?? Infinity) - offset);
  }

  get isWhole(): boolean {
    return this.size !== null && this.haveBytes >= this.size;
  }

  get file(): Blob {
    const parts = [...this.parts].sort(([a], [b]) => a - b).map(([, part]) => part);
    const type = SHOWN.test(this.mediaType) ? this.mediaType : 'application/octet-stream';
    return new Blob(parts, { type });
  }
}
