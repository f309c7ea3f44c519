/** A byte stream as frames. */
import { FRAME_BODY_BYTES_MAX } from '../protocol/generated';
import type { Bodies, KindName } from '../protocol/generated';
import { FrameDecoder, encodeFrame } from '../protocol/frame';
import type { Frame } from '../protocol/frame';
import type { ByteStream } from '../transport/transport';

export class FrameStream {
  private readonly decoder = new FrameDecoder(FRAME_BODY_BYTES_MAX);

  constructor(
    private readonly stream: ByteStream,
    /** Called for every piece that arrives: a sign of life. */
    private readonly heard: () => void = () => undefined,
  ) {}

  /** Frames leave in the order of the calls. */
  send<N extends KindName>(name: N, body: Bodies[N]): Promise<void> {
    return this.stream.write(encodeFrame(name, body));
  }

  /** A frame that is encoded already. */
  write(frame: Uint8Array): Promise<void> {
    return this.stream.write(frame);
  }

  /** The next frame, or null when the peer is done. */
  async next(): Promise<Frame | null> {
    for (;;) {
      const frame = this.decoder.next();
      if (frame) return frame;
      const bytes = await this.stream.read();
      if (bytes === null) return null;
      this.heard();
      this.decoder.push(bytes);
    }
  }

  /** Calls back for every frame until the peer is done; frames of one piece in one turn. */
  async each(take: (frame: Frame) => void): Promise<void> {
    for (;;) {
      for (let frame = this.decoder.next(); frame; frame = this.decoder.next()) take(frame);
      const bytes = await this.stream.read();
      if (bytes === null) return;
      this.heard();
      this.decoder.push(bytes);
    }
  }

  /** No more frames come from here. */
  finish(): void {
    this.stream.finish();
  }

  abort(code: number): void {
    this.stream.abort(code);
  }
}
