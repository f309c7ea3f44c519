/**
 * The control stream after the handshake: requests with their answers, and everything
 * that comes unasked. Answers are handed on in the turn in which they arrive, because
 * what follows an answer on the stream may mean something only after it.
 */
import { Kind, REQUESTS_IN_FLIGHT_MAX } from '../protocol/generated';
import type { Bodies, KindName } from '../protocol/generated';
import { codeAction } from '../protocol/codes';
import { decodeBody } from '../protocol/frame';
import type { Message } from '../protocol/frame';
import { ConnectionLost } from '../transport/transport';
import type { FrameStream } from './frame_stream';
import { RequestFailed } from './request_failed';

/** Which kind answers which. */
interface Answers {
  Attach: 'Attached';
  Resume: 'Resumed';
  Post: 'Accepted';
  CreateGroup: 'RoomAnswer';
  JoinRoom: 'RoomAnswer';
  LeaveRoom: 'Done';
  ListRooms: 'RoomPage';
  ListMembers: 'MemberPage';
  GetUsers: 'Users';
  WatchPresence: 'Done';
  ChangeRoom: 'Done';
  ChangeMember: 'Done';
  DeclineInvitation: 'Done';
  DeleteRoom: 'Done';
  ListOutside: 'OutsidePage';
  MakeRoomLink: 'RoomLinkMade';
  ListRoomLinks: 'RoomLinks';
  RevokeRoomLink: 'Done';
  OpenRoomLink: 'RoomAnswer';
  OpenPrivateChat: 'RoomAnswer';
  FindPeople: 'PeoplePage';
  GetProfile: 'ProfileAnswer';
  SetProfile: 'ProfileAnswer';
  SetStatus: 'Done';
  SetBlock: 'Done';
  SetActivity: 'Done';
  MarkRead: 'Marked';
  MarkUnread: 'Marked';
  SetRoomPreferences: 'Done';
  SetDraft: 'Done';
  HideReceipts: 'Done';
  GetReceipts: 'ReceiptPage';
  RemoveMessage: 'Done';
  Report: 'Done';
}
export type RequestKind = keyof Answers;
export type AnswerTo<N extends RequestKind> = Bodies[Answers[N]];

interface Waiting {
  answer: (body: never) => void;
  failed: (error: Error) => void;
}

export class Control {
  private lastRequest = 0;
  private readonly waiting = new Map<number, Waiting>();
  private readonly queued: (() => void)[] = [];
  private readonly idlers: (() => void)[] = [];
  private ended: Error | null = null;

  constructor(private readonly stream: FrameStream) {}

  /** Runs until the stream ends; `take` gets what is no answer. */
  async run(take: (message: Message) => void): Promise<void> {
    try {
      await this.stream.each((frame) => {
        const message = decodeBody(frame);
        if (message && !this.settle(message)) take(message);
      });
    } finally {
      this.end(new ConnectionLost(null, 'the control stream ended'));
    }
  }

  send<N extends KindName>(name: N, body: Bodies[N]): void {
    this.stream.send(name, body).catch(() => undefined);
  }

  /** The answer; `inTurn` gets it before anything that follows it on the stream. */
  request<N extends RequestKind>(
    name: N,
    body: Omit<Bodies[N], 'request'>,
    inTurn?: (answer: AnswerTo<N>) => void,
  ): Promise<AnswerTo<N>> {
    return new Promise((resolve, reject) => {
      const start = (): void => {
        if (this.ended) {
          reject(this.ended);
          return;
        }
        this.lastRequest += 1;
        const request = this.lastRequest;
        const answer = (found: AnswerTo<N>): void => {
          inTurn?.(found);
          resolve(found);
        };
        this.waiting.set(request, { answer, failed: reject });
        this.stream.send(name, { ...body, request } as Bodies[N]).catch(() => undefined);
      };
      if (this.waiting.size < REQUESTS_IN_FLIGHT_MAX) start();
      else this.queued.push(start);
    });
  }

  /** Whether a request waits for its answer. */
  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  /** Resolves when no request waits for its answer. */
  idle(): Promise<void> {
    if (this.waiting.size === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.idlers.push(resolve);
    });
  }

  private settle({ name, body }: Message): boolean {
    if (!('request' in body) || Kind[name] < Kind.Attached) return false;
    // Nobody has asked: it is news.
    if (body.request === 0) return false;
    const waiting = this.waiting.get(body.request);
    if (!waiting) return name !== 'Failed';
    this.waiting.delete(body.request);
    if (name === 'Failed') waiting.failed(new RequestFailed(body.code, codeAction(body.code), body.detail));
    else waiting.answer(body as never);
    this.queued.shift()?.();
    if (this.waiting.size === 0) for (const resolve of this.idlers.splice(0)) resolve();
    return true;
  }

  private end(error: Error): void {
    this.ended = error;
    for (const { failed } of this.waiting.values()) failed(error);
    this.waiting.clear();
    for (const start of this.queued.splice(0)) start();
    for (const resolve of this.idlers.splice(0)) resolve();
  }
}
