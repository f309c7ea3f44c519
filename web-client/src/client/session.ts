/**
 * One attached connection, from `Attach` to its end: the user's log, two lanes, resumes,
 * signs of life. It keeps nothing that outlives it; what it learns goes to its listener.
 */
import {
  Code,
  LaneClass,
  MEMBER_PAGE_MAX,
  PING_INTERVAL_MS,
  PROBE_AFTER_MS,
  PROBE_INTERVAL_MS,
  PROBE_PATIENCE_MS,
  RESUME_CURSORS_MAX,
  StreamClass,
} from '../protocol/generated';
import type {
  Bodies,
  Cursor,
  DeliveredSeq,
  Epoch,
  InvitedToRoom,
  Member,
  MemberRole,
  ReadState,
  Receipt,
  ResumedRoom,
  RoomAvatar,
  RoomDetail,
  RoomId,
  RoomInfo,
  UserAvatar,
  UserId,
  UserInfo,
} from '../protocol/generated';
import { decodeBody, decodeDatagram, encodeDatagram } from '../protocol/frame';
import type { Message } from '../protocol/frame';
import { ZERO_ID } from '../protocol/id';
import type { Closed, Connection } from '../transport/transport';
import type { Clock } from './clock';
import type { Established } from './connector';
import { Control } from './control';
import type { AnswerTo, RequestKind } from './control';
import { FrameStream } from './frame_stream';
import { History } from './history';
import { runLane } from './lane';
import type { TakeEntry } from './lane';
import type { OwnEntry } from './own';
import type { HistoryPage, HistoryRequest } from './room_log';
import type { SocialMessage } from './social';

/** Between the death of a lane and its successor. */
const LANE_PAUSE_MS = 500;
/** How long the answers to what is under way may take when the server says goodbye. */
const LAST_ANSWERS_MS_MAX = 1_000;
/** How long the end of the connection may come after the end of control. */
const END_WAIT_MS = 1_000;

export interface SessionListener {
  attached(userEpoch: Epoch, snapshot: boolean): void;
  roomAdded(seq: number, room: RoomInfo): void;
  roomRemoved(seq: number, room: RoomId): void;
  userHead(seq: number): void;
  invited(invitation: InvitedToRoom): void;
  invitationGone(seq: number, room: RoomId): void;
  entry: TakeEntry;
  /** The answer about one room; null when it stands at the head of its log. */
  resumed(room: RoomId, answer: ResumedRoom | null): void;
  /** Others, and what the user says of themselves. */
  social(message: SocialMessage): void;
  /** People who are shown by another name. */
  userNames(users: UserInfo[]): void;
  roundTrip(ms: number): void;
  userAvatars(avatars: UserAvatar[]): void;
  roomAvatars(avatars: RoomAvatar[]): void;
  /** What rooms are, before what names them. */
  roomDetails(rooms: RoomDetail[]): void;
  emojiVersion(version: number): void;
  readStates(states: ReadState[]): void;
  receipts(room: RoomId, receipts: Receipt[]): void;
  /** What the user wants, as the user's own log tells it. */
  own(entry: OwnEntry): void;
  /** A lane was opened again: the rooms it carries must be resumed. */
  laneLost(lane: LaneClass): void;
}

/** A part of a room's members. */
export interface MemberPart {
  members: Member[];
  /** Of these, who is more than a member. */
  roles: MemberRole[];
  more: boolean;
}

export class Session {
  /** Set by `GoAway`: the server will be back, and wants nobody before this pause. */
  reconnectAfterMs: number | null = null;
  private readonly connection: Connection;
  private readonly control: Control;
  private readonly history: History;
  private readonly cancels = new Set<() => void>();
  private heardAtMs: number;
  private probe: { nonce: number; sentAtMs: number } | null = null;
  private nonce = 0;
  /** Requests for history that wait for their page. */
  private pages = 0;
  /** Since when the server owes an answer, if it does. */
  private owedSinceMs = 0;
  /** Roles stand in front of the page that they are of. */
  private roles: MemberRole[] = [];
  private watching = false;
  private suspected = false;
  /** How this side ended it. */
  private over: Closed | null = null;

  constructor(
    established: Established,
    private readonly listener: SessionListener,
    private readonly clock: Clock,
  ) {
    this.connection = established.connection;
    this.heardAtMs = clock.elapsed();
    established.onHeard(this.heard);
    this.control = new Control(established.control);
    this.history = new History(this.connection, this.heard);
  }

  /** Runs to the end of the connection. */
  async run(cursor: { userEpoch: Epoch; userSeq: number }): Promise<Closed> {
    this.connection.onDatagram((bytes) => {
      this.heard();
      const message = decodeBody(decodeDatagram(bytes));
      if (message) this.take(message);
    });
    const control = this.control.run((message) => {
      this.take(message);
    });
    this.request('Attach', cursor, ({ userEpoch, snapshot }) => {
      // Before the answer a lane would be refused: streams may overtake each other.
      void this.keepLane(LaneClass.inView, StreamClass.laneInView);
      void this.keepLane(LaneClass.others, StreamClass.laneOthers);
      this.listener.attached(userEpoch, snapshot);
    }).catch((error: unknown) => {
      this.giveUp(error);
    });
    this.every(PING_INTERVAL_MS, () => {
      this.control.send('Ping', { nonce: 0 });
    });
    this.measure();
    this.every(PROBE_INTERVAL_MS, () => {
      this.measure();
    });
    const lost = await control.then(
      () => 'the server closed the control stream',
      (error: unknown) => String(error),
    );
    // Who has given the server up does not wait for its goodbye.
    if (this.over) return this.over;
    const closed = await Promise.race([
      this.connection.closed,
      new Promise<Closed>((resolve) => {
        this.clock.after(END_WAIT_MS, () => {
          resolve({ code: null, reason: lost });
        });
      }),
    ]);
    this.close(Code.normal, '');
    return closed;
  }

  request<N extends RequestKind>(
    name: N,
    body: Omit<Bodies[N], 'request'>,
    inTurn?: (answer: AnswerTo<N>) => void,
  ): Promise<AnswerTo<N>> {
    this.owe();
    return this.control.request(name, body, inTurn);
  }

  async members(room: RoomId, after: UserId | null): Promise<MemberPart> {
    let roles: MemberRole[] = [];
    const page = await this.request('ListMembers', { room, after, limit: MEMBER_PAGE_MAX }, () => {
      roles = this.roles;
      this.roles = [];
    });
    return { members: page.members, roles, more: page.more };
  }

  page(room: RoomId, request: HistoryRequest): Promise<HistoryPage> {
    return this.pageOf(() => this.history.page(room, request));
  }

  files(room: RoomId, before: number): Promise<HistoryPage> {
    return this.pageOf(() => this.history.files(room, before));
  }

  private async pageOf(ask: () => Promise<HistoryPage>): Promise<HistoryPage> {
    this.owe();
    this.pages += 1;
    try {
      return await ask();
    } finally {
      this.pages -= 1;
    }
  }

  /** A stream for a file, behind everything else. */
  async openFileStream(): Promise<FrameStream> {
    return new FrameStream(await this.connection.open(StreamClass.file), this.heard);
  }

  view(room: RoomId | null, haveSeq: number): void {
    this.control.send('View', { room, haveSeq });
  }

  /** That the user writes, or has stopped; it may be lost. */
  typing(room: RoomId, isTyping: boolean): void {
    this.connection.sendDatagram(encodeDatagram('Typing', { room, user: ZERO_ID, isTyping }));
  }

  /** What has arrived here of private chats; not answered. */
  tellDelivered(rooms: DeliveredSeq[]): void {
    this.control.send('TellDelivered', { rooms });
  }

  /** Sends cursors, the most wanted first, as many frames as it takes. */
  resume(cursors: Cursor[]): void {
    for (let at = 0; at < cursors.length; at += RESUME_CURSORS_MAX) {
      const part = cursors.slice(at, at + RESUME_CURSORS_MAX);
      this.request('Resume', { cursors: part }, ({ rooms }) => {
        const told = new Map(rooms.map((room) => [room.room, room]));
        for (const { room } of part) this.listener.resumed(room, told.get(room) ?? null);
      }).catch((error: unknown) => {
        this.giveUp(error);
      });
    }
  }

  /** Closes the connection unless there is a sign of life soon. */
  suspect(): void {
    if (this.suspected) return;
    this.suspected = true;
    const sinceMs = this.clock.elapsed();
    this.control.send('Ping', { nonce: 0 });
    this.once(PROBE_PATIENCE_MS, () => {
      this.suspected = false;
      if (this.heardAtMs < sinceMs) this.close(Code.timeout, 'the server answers no more');
    });
  }

  /** Whether the server is to say something; any word of it answers for a probe that was lost. */
  private isOwed(): boolean {
    const probed = this.probe !== null && this.heardAtMs <= this.probe.sentAtMs;
    return probed || this.pages > 0 || this.control.isWaiting;
  }

  /**
   * Something is about to be asked. For as long as an answer is owed it is looked whether
   * anything comes: a server may have died with the question, and then nothing is left to
   * send that would find out, and the transport takes half a minute to notice.
   */
  private owe(): void {
    if (!this.isOwed()) this.owedSinceMs = this.clock.elapsed();
    if (this.watching) return;
    this.watching = true;
    const look = (): void => {
      this.watching = this.isOwed();
      if (!this.watching) return;
      const silentMs = this.clock.elapsed() - Math.max(this.heardAtMs, this.owedSinceMs);
      if (silentMs >= PROBE_AFTER_MS) this.suspect();
      this.once(silentMs >= PROBE_AFTER_MS ? PROBE_AFTER_MS : PROBE_AFTER_MS - silentMs, look);
    };
    this.once(PROBE_AFTER_MS, look);
  }

  /** Without this answer the connection is of no use: the next may fare better. */
  private giveUp(error: unknown): void {
    this.close(Code.normal, error instanceof Error ? error.message : String(error));
  }

  /** The server goes, and still answers what it was asked before. */
  private leave(): void {
    const gone = (): void => {
      this.close(Code.normal, 'going away');
    };
    this.once(LAST_ANSWERS_MS_MAX, gone);
    void this.control.idle().then(gone);
  }

  close(code: number, reason: string): void {
    if (this.over) return;
    this.over = { code, reason };
    for (const cancel of this.cancels) cancel();
    this.cancels.clear();
    this.connection.close(code, reason);
  }

  private readonly heard = (): void => {
    this.heardAtMs = this.clock.elapsed();
  };

  private take(message: Message): void {
    switch (message.name) {
      case 'RoomAdded':
        this.listener.roomAdded(message.body.header.seq, message.body.room);
        break;
      case 'RoomRemoved':
        this.listener.roomRemoved(message.body.header.seq, message.body.room);
        break;
      case 'UserHead':
        this.listener.userHead(message.body.seq);
        break;
      case 'Delivered':
      case 'Presence':
      case 'PresenceDetails':
      case 'ProfileAnswer':
      case 'RoomOnline':
      case 'Typing':
        this.listener.social(message);
        break;
      case 'UserNames':
        this.listener.userNames(message.body.users);
        break;
      case 'UserAvatars':
        this.listener.userAvatars(message.body.avatars);
        break;
      case 'RoomAvatars':
        this.listener.roomAvatars(message.body.avatars);
        break;
      case 'InvitedToRoom':
        this.listener.invited(message.body);
        break;
      case 'InvitationGone':
        this.listener.invitationGone(message.body.header.seq, message.body.room);
        break;
      case 'RoomDetails':
        this.listener.roomDetails(message.body.rooms);
        break;
      case 'MemberRoles':
        this.roles = message.body.roles;
        break;
      case 'EmojiVersion':
        this.listener.emojiVersion(message.body.version);
        break;
      case 'ReadStates':
        this.listener.readStates(message.body.states);
        break;
      case 'Receipts':
        this.listener.receipts(message.body.room, message.body.receipts);
        break;
      case 'RoomPreferences':
      case 'Draft':
      case 'ReceiptsHidden':
        this.listener.own(message);
        break;
      case 'Pong':
        if (message.body.nonce === this.probe?.nonce) {
          this.listener.roundTrip(this.clock.elapsed() - this.probe.sentAtMs);
          this.probe = null;
        }
        break;
      case 'GoAway':
        this.reconnectAfterMs = message.body.reconnectAfterMs;
        this.leave();
        break;
      default:
        // A kind that this side does not wait for: of a later version, or lost its asker.
        break;
    }
  }

  private measure(): void {
    this.owe();
    this.nonce = (this.nonce + 1) % 2 ** 32 || 1;
    this.probe = { nonce: this.nonce, sentAtMs: this.clock.elapsed() };
    this.connection.sendDatagram(encodeDatagram('Ping', { nonce: this.nonce }));
  }

  private async keepLane(lane: LaneClass, streamClass: StreamClass): Promise<void> {
    for (let first = true; !this.over; first = false) {
      const ready = (): void => {
        if (!first) this.listener.laneLost(lane);
      };
      await runLane(this.connection, streamClass, lane, this.listener.entry, this.heard, ready).catch(
        () => undefined,
      );
      await new Promise<void>((resolve) => {
        this.once(LANE_PAUSE_MS, resolve);
      });
    }
  }

  private once(pauseMs: number, call: () => void): void {
    if (this.over) return;
    const cancel = this.clock.after(pauseMs, () => {
      this.cancels.delete(cancel);
      call();
    });
    this.cancels.add(cancel);
  }

  private every(periodMs: number, call: () => void): void {
    this.once(periodMs, () => {
      call();
      this.every(periodMs, call);
    });
  }
}
