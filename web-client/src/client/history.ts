/** The history stream: pages of messages as they are now, answered in order. */
import { Direction, MessageKind, StreamClass } from '../protocol/generated';
import type { MessageChanges, MessageFile, Message as WireMessage, RoomId } from '../protocol/generated';
import { codeAction } from '../protocol/codes';
import { decodeBody } from '../protocol/frame';
import type { Connection } from '../transport/transport';
import { ConnectionLost } from '../transport/transport';
import { FrameStream } from './frame_stream';
import type { Line, LineFile } from './model';
import { RequestFailed } from './request_failed';
import type { HistoryPage, HistoryRequest } from './room_log';

/** Messages asked for at once: about three screens. */
export const PAGE_MESSAGES = 50;

interface Waiting {
  resolve: (page: HistoryPage) => void;
  reject: (error: Error) => void;
}

export class History {
  private lastRequest = 0;
  private readonly waiting = new Map<number, Waiting>();
  /** Files of the page that follows, by request. */
  private readonly pageFiles = new Map<number, MessageFile[]>();
  /** What its lines about the room and its members say, by request. */
  private readonly pageChanges = new Map<number, MessageChanges>();
  private stream: Promise<FrameStream> | null = null;

  constructor(
    private readonly connection: Connection,
    private readonly heard: () => void,
  ) {}

  page(room: RoomId, { direction, seq }: HistoryRequest): Promise<HistoryPage> {
    return this.ask((stream, request) =>
      stream.send('GetMessages', {
        ...{ request, room, direction: Direction[direction], seq },
        limit: PAGE_MESSAGES,
      }),
    );
  }

  /** The room's messages with files alone, the newest first asked for. */
  files(room: RoomId, before: number): Promise<HistoryPage> {
    return this.ask((stream, request) =>
      stream.send('GetRoomFiles', { request, room, before, limit: PAGE_MESSAGES }),
    );
  }

  private async ask(send: (stream: FrameStream, request: number) => Promise<void>): Promise<HistoryPage> {
    this.stream ??= this.open();
    const stream = await this.stream;
    this.lastRequest += 1;
    const request = this.lastRequest;
    return new Promise((resolve, reject) => {
      this.waiting.set(request, { resolve, reject });
      send(stream, request).catch(reject);
    });
  }

  private async open(): Promise<FrameStream> {
    const stream = new FrameStream(await this.connection.open(StreamClass.history), this.heard);
    await stream.send('History', {});
    stream
      .each((frame) => {
        const message = decodeBody(frame);
        if (message?.name === 'MessagePage') {
          const { request, messages, next } = message.body;
          const files = new Map(this.pageFiles.get(request)?.map((file) => [file.seq, file]));
          const changes = this.pageChanges.get(request);
          this.pageFiles.delete(request);
          this.pageChanges.delete(request);
          this.take(request)?.resolve({
            lines: messages.flatMap((one) => {
              const line = toLine(one, files.get(one.seq));
              return line ? [{ ...line, ...changeOf(line, changes) }] : [];
            }),
            next,
          });
        } else if (message?.name === 'MessageFiles') {
          const { request, files } = message.body;
          if (this.waiting.has(request)) this.pageFiles.set(request, files);
        } else if (message?.name === 'MessageChanges') {
          if (this.waiting.has(message.body.request)) {
            this.pageChanges.set(message.body.request, message.body);
          }
        } else if (message?.name === 'Failed') {
          const { request, code, detail } = message.body;
          this.take(request)?.reject(new RequestFailed(code, codeAction(code), detail));
        }
      })
      .catch(() => undefined)
      .finally(() => {
        // The next page opens another stream.
        this.stream = null;
        for (const { reject } of this.waiting.values())
          reject(new ConnectionLost(null, 'the history stream ended'));
        this.waiting.clear();
        this.pageFiles.clear();
        this.pageChanges.clear();
      });
    return stream;
  }

  private take(request: number): Waiting | undefined {
    const waiting = this.waiting.get(request);
    this.waiting.delete(request);
    return waiting;
  }
}

const KINDS = new Map<number, Line['kind']>([
  [MessageKind.text, 'text'],
  [MessageKind.created, 'created'],
  [MessageKind.joined, 'joined'],
  [MessageKind.left, 'left'],
  [MessageKind.erased, 'erased'],
  [MessageKind.file, 'file'],
  [MessageKind.avatar, 'avatar'],
  [MessageKind.roomChange, 'room'],
  [MessageKind.memberChange, 'member'],
]);

/** A kind of a later version is shown as nothing. */
function toLine({ seq, atMs, author, clientId, kind, text }: WireMessage, file?: MessageFile): Line | null {
  const known = KINDS.get(kind);
  if (!known) return null;
  const of: { file?: LineFile } = file ? { file: { ...file.file, state: file.state } } : {};
  return { seq, atMs, author, clientId, kind: known, text, ...of };
}

function changeOf({ seq }: Line, changes: MessageChanges | undefined): Pick<Line, 'change' | 'done'> {
  const change = changes?.rooms.find((one) => one.seq === seq)?.change;
  const done = changes?.members.find((one) => one.seq === seq)?.change;
  return { ...(change ? { change } : {}), ...(done ? { done } : {}) };
}
