/**
 * A file that is read in slices and hashed on the way (BLAKE3). The hash goes through the
 * file once, whatever is sent how often: a resume within the life of the tab reads nothing
 * again, and one after a reload reads what the server has, to hash it only.
 */
import { createBLAKE3 } from 'hash-wasm';
import type { FileDigest } from '../../protocol/generated';
import { PREFIX_BYTES, READ_BYTES } from './limits';

/** What can be sliced and read: a `File` or a `Blob`. */
export type Bytes = Pick<Blob, 'size' | 'slice'>;

const NOTHING: { from: number; bytes: Uint8Array } = { from: 0, bytes: new Uint8Array(0) };

type Hasher = Awaited<ReturnType<typeof createBLAKE3>>;

export class HashedFile {
  private hasher: Promise<Hasher> | null = null;
  private hashedBytes = 0;
  private done: FileDigest | null = null;
  /** The slice that was read last. */
  private held = NOTHING;

  constructor(readonly bytes: Bytes) {}

  get size(): number {
    return this.bytes.size;
  }

  /** Bytes from `from` on, at most `length` of them and at least one. */
  async read(from: number, length: number): Promise<Uint8Array> {
    const end = this.held.from + this.held.bytes.length;
    if (from < this.held.from || from >= end) await this.hold(from);
    const at = from - this.held.from;
    return this.held.bytes.subarray(at, Math.min(at + length, this.held.bytes.length));
  }

  /** Of the whole file; reads what was not read yet. */
  async digest(): Promise<FileDigest> {
    while (this.done === null && this.hashedBytes < this.size) await this.hold(this.hashedBytes);
    this.done ??= (await this.open()).digest('hex');
    // Many files may wait for their turn with nothing but their digest.
    this.hasher = null;
    this.held = NOTHING;
    return this.done;
  }

  private async hold(from: number): Promise<void> {
    // What the server has already is hashed all the same.
    while (from > this.hashedBytes) await this.readSlice(this.hashedBytes);
    this.held = { from, bytes: await this.readSlice(from) };
  }

  private async readSlice(from: number): Promise<Uint8Array> {
    const to = Math.min(from + READ_BYTES, this.size);
    const bytes = new Uint8Array(await this.bytes.slice(from, to).arrayBuffer());
    if (bytes.length !== to - from) throw new Error('the file has become shorter');
    if (to > this.hashedBytes && this.done === null) {
      const hasher = await this.open();
      hasher.update(bytes.subarray(this.hashedBytes - from));
      this.hashedBytes = to;
    }
    return bytes;
  }

  private open(): Promise<Hasher> {
    this.hasher ??= createBLAKE3();
    return this.hasher;
  }
}

/** By which a file that is chosen again is known. */
export async function prefixDigest(bytes: Bytes): Promise<FileDigest> {
  const hasher = await createBLAKE3();
  hasher.update(new Uint8Array(await bytes.slice(0, PREFIX_BYTES).arrayBuffer()));
  return hasher.digest('hex');
}
