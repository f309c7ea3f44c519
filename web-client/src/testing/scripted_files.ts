/**
 * The files of a scripted server: transfers that outlive connections, with credit as
 * small as a test wants it, and streams that break where it says.
 */
import { createBLAKE3 } from 'hash-wasm';
import { Code, FileOutcome } from '../protocol/generated';
import type { Bodies, FileState, KindName } from '../protocol/generated';
import { encodeFrame } from '../protocol/frame';
import type { Message } from '../protocol/frame';
import type { ByteStream } from '../transport/transport';

export interface ServerFile {
  start: Bodies['StartUpload'];
  seq: number;
  bytes: Uint8Array;
  /** So many of them are there. */
  have: number;
  state: FileState;
}

/** What the log does about files. */
export interface FileLog {
  post(start: Bodies['StartUpload']): { seq: number; epoch: string } | null;
  settle(file: ServerFile): void;
}

export class ScriptedFiles {
  readonly transfers = new Map<string, ServerFile>();
  /** Chunks that came, as (offset, length). */
  readonly chunks: { transfer: string; offset: number; length: number }[] = [];
  readonly asked: Bodies['GetFile'][] = [];
  /** Bytes past what is there that may be sent. */
  creditBytes = 256 * 1024;
  /** No credit goes past this offset of any file: uploads stand there. */
  stallAt = Infinity;
  /** Streams break when a transfer has come so far. */
  breakAt: number | null = null;
  /** Uploads are refused. */
  refuse: number | null = null;
  /** What the bytes turn out to be. */
  look: (file: ServerFile) => Partial<FileState> = () => ({});
  /** The stream of the next answer ends behind so many of its bytes. */
  cutAt: number | null = null;
  /** Answers to `GetFile` are held back while this is a list. */
  held: (() => void)[] | null = null;
  private readonly uploading = new Map<ByteStream, ServerFile>();

  constructor(private readonly log: FileLog) {}

  /** Takes what belongs to files. */
  async take(stream: ByteStream, message: Message): Promise<void> {
    const send = <N extends KindName>(name: N, body: Bodies[N]): void => {
      stream.write(encodeFrame(name, body)).catch(() => undefined);
    };
    const fail = (code: number, request = 0): void => {
      send('Failed', { request, code, detail: '' });
      if (request === 0) stream.finish();
    };
    switch (message.name) {
      case 'StartUpload':
        this.start(stream, message.body, send, fail);
        break;
      case 'FileChunk':
        this.chunk(stream, message.body, send, fail);
        break;
      case 'EndUpload':
        await this.end(stream, message.body, send, fail);
        break;
      case 'CancelUpload': {
        const file = this.uploading.get(stream);
        if (file) this.settle(file, { outcome: FileOutcome.failed, code: Code.transferEnded });
        fail(Code.transferEnded);
        break;
      }
      case 'GetFile':
        this.asked.push(message.body);
        if (this.held) {
          this.held.push(() => {
            this.read(stream, message.body, send);
          });
        } else {
          this.read(stream, message.body, send);
        }
        break;
      default:
        break;
    }
  }

  /** A file that somebody else has sent. */
  put(seq: number, bytes: Uint8Array, mediaType = 'application/octet-stream'): ServerFile {
    const start = { transfer: String(seq), size: bytes.length, name: 'file' } as Bodies['StartUpload'];
    const state = { outcome: FileOutcome.complete, code: 0, size: bytes.length, mediaType, image: null };
    const file = { start, seq, bytes, have: bytes.length, state };
    this.transfers.set(start.transfer, file);
    return file;
  }

  private start(
    stream: ByteStream,
    start: Bodies['StartUpload'],
    send: <N extends KindName>(name: N, body: Bodies[N]) => void,
    fail: (code: number) => void,
  ): void {
    const known = this.transfers.get(start.transfer);
    if (this.refuse !== null) {
      fail(this.refuse);
      return;
    }
    const at = this.log.post(start);
    if (!at) {
      fail(Code.notAMember);
      return;
    }
    const state = {
      outcome: FileOutcome.pending,
      code: 0,
      size: start.size,
      mediaType: 'application/octet-stream',
      image: null,
    };
    const file = known ?? { start, seq: at.seq, bytes: new Uint8Array(start.size), have: 0, state };
    this.transfers.set(start.transfer, file);
    if (file.state.outcome === FileOutcome.complete) {
      send('Uploaded', { ...at, state: file.state });
      stream.finish();
      return;
    }
    if (file.state.outcome === FileOutcome.failed) {
      fail(file.state.code);
      return;
    }
    this.uploading.set(stream, file);
    this.grant(file, send, at.epoch);
  }

  private grant(
    file: ServerFile,
    send: <N extends KindName>(name: N, body: Bodies[N]) => void,
    epoch: string,
  ): void {
    const credit = Math.min(file.have + this.creditBytes, file.start.size, this.stallAt);
    send('UploadAt', { epoch, seq: file.seq, offset: file.have, credit });
  }

  private chunk(
    stream: ByteStream,
    { offset, bytes }: Bodies['FileChunk'],
    send: <N extends KindName>(name: N, body: Bodies[N]) => void,
    fail: (code: number) => void,
  ): void {
    const file = this.uploading.get(stream);
    if (!file) return;
    if (offset !== file.have) {
      fail(Code.fileOffsetWrong);
      return;
    }
    this.chunks.push({ transfer: file.start.transfer, offset, length: bytes.length });
    file.bytes.set(bytes, offset);
    file.have += bytes.length;
    if (this.breakAt !== null && file.have >= this.breakAt) {
      this.breakAt = null;
      this.uploading.delete(stream);
      stream.abort(Code.normal);
      return;
    }
    this.grant(file, send, this.log.post(file.start)?.epoch ?? '');
  }

  private async end(
    stream: ByteStream,
    { digest }: Bodies['EndUpload'],
    send: <N extends KindName>(name: N, body: Bodies[N]) => void,
    fail: (code: number) => void,
  ): Promise<void> {
    const file = this.uploading.get(stream);
    if (!file) return;
    const hasher = await createBLAKE3();
    hasher.update(file.bytes);
    const whole = file.have === file.start.size && hasher.digest('hex') === digest;
    if (!whole) {
      this.settle(file, { outcome: FileOutcome.failed, code: Code.fileDigestWrong });
      fail(Code.fileDigestWrong);
      return;
    }
    this.settle(file, { outcome: FileOutcome.complete, ...this.look(file) });
    send('Uploaded', { seq: file.seq, epoch: this.log.post(file.start)?.epoch ?? '', state: file.state });
    stream.finish();
  }

  private settle(file: ServerFile, state: Partial<FileState>): void {
    file.state = { ...file.state, ...state };
    this.log.settle(file);
  }

  private read(
    stream: ByteStream,
    { request, seq, offset, length }: Bodies['GetFile'],
    send: <N extends KindName>(name: N, body: Bodies[N]) => void,
  ): void {
    const file = [...this.transfers.values()].find((one) => one.seq === seq);
    if (!file || file.state.outcome === FileOutcome.failed) {
      send('Failed', { request, code: Code.noSuchFile, detail: '' });
      return;
    }
    if (offset > file.have) {
      const code = offset > file.start.size ? Code.badRange : Code.fileNotReady;
      send('Failed', { request, code, detail: '' });
      return;
    }
    const bytes = file.bytes.subarray(offset, Math.min(offset + length, file.have));
    const { mediaType } = file.state;
    send('FileStart', { request, size: file.start.size, length: bytes.length, mediaType });
    for (let at = 0; at < bytes.length; at += 65_536) {
      if (this.cutAt !== null && at >= this.cutAt) {
        this.cutAt = null;
        stream.abort(Code.normal);
        return;
      }
      send('FileChunk', { offset: offset + at, bytes: bytes.subarray(at, at + 65_536) });
    }
  }
}
