/**
 * A server in memory that speaks the protocol over memory connections, with logs that
 * outlive them. It does what a server does and, on demand, what networks do: it drops
 * connections, holds answers back, sends entries twice or early.
 */
import { Code, Direction, Outcome, PresenceState, StreamClass } from '../protocol/generated';
import type { Bodies, KindName, RoomDetail } from '../protocol/generated';
import { decodeBody, decodeDatagram, encodeDatagram } from '../protocol/frame';
import type { Message } from '../protocol/frame';
import { ZERO_ID } from '../protocol/id';
import { FrameStream } from '../client/frame_stream';
import type { Established } from '../client/connector';
import type { ByteStream } from '../transport/transport';
import { MemoryConnection } from './memory_connection';
import { ScriptedFiles } from './scripted_files';
import { ScriptedPersonal } from './scripted_personal';
import type { OwnName } from './scripted_personal';
import { Link, infoOf } from './scripted_link';
import { ServerRoom, kindOf } from './scripted_room';
import type { Entry } from './scripted_room';
import { testId } from './test_id';

/** A frame of the user's own log without its header, or what stands before one. */
export type UserFrame =
  | ['RoomDetails', Bodies['RoomDetails']]
  | ['InvitedToRoom', Omit<Bodies['InvitedToRoom'], 'header'>]
  | ['InvitationGone', Omit<Bodies['InvitationGone'], 'header'>];

const RESUME_ENTRIES = 500;
const NAMES = new Map<string, string>();
export class ScriptedServer {
  readonly rooms: ServerRoom[] = [];
  readonly user = testId();
  readonly session = testId();
  links: Link[] = [];
  attempts = 0;
  /** Posts are not answered while this is set; they are in the log all the same. */
  muteAccepted = false;
  /** Answers to posts wait here while it is a list. */
  held: (() => void)[] | null = null;
  /** Posts are lost, and everything else is answered. */
  deafToPosts = false;
  /** Nothing is said any more, whatever comes. */
  silent = false;
  /** The server is about to end: posts are refused. */
  leaving = false;
  /** What the next attempts to connect come to. */
  refuse: Error | null = null;
  /** Entries as they are sent: in order, unless a test says otherwise. */
  disorder: (entries: Entry[]) => Entry[] = (entries) => entries;
  readonly requests: Message[] = [];
  /** What the user has said of their writing. */
  readonly typing: Bodies['Typing'][] = [];
  /** Who is in which room; where nothing is said, the user alone. */
  readonly members = new Map<
    string,
    { members: Bodies['MemberPage']['members']; roles: Bodies['MemberRoles']['roles'] }
  >();
  readonly files = new ScriptedFiles({
    post: (start) => {
      const room = this.member(start.room);
      if (!room) return null;
      const { length } = room.log;
      const entry = room.append(this.user, start.text, start.clientId);
      const file = this.files.transfers.get(start.transfer);
      const state = { outcome: 0, code: 0, size: start.size, mediaType: '', image: null };
      entry.file ??= file ?? { start, seq: entry.seq, bytes: new Uint8Array(0), have: 0, state };
      if (room.log.length > length) for (const link of this.links) link.deliver(room);
      return { seq: entry.seq, epoch: room.epoch };
    },
    settle: (file) => {
      const room = this.member(file.start.room);
      if (!room) return;
      const posted = room.log.find(({ seq }) => seq === file.seq);
      if (posted) posted.file = file;
      room.append(this.user, '').settles = file;
      for (const link of this.links) link.deliver(room);
    },
  });
  /** What rooms are, where it is told at all. */
  readonly details = new Map<string, Partial<RoomDetail>>();
  private readonly left = new Set<ServerRoom>();
  private readonly deleted = new Set<ServerRoom>();
  private userSeq = 0;
  /** Entries of the user's own log beside the rooms. */
  private readonly own: { seq: number; send: (link: Link) => void }[] = [];
  readonly personal = new ScriptedPersonal(
    this.user,
    (id) => this.member(id),
    (name, body) => {
      this.tell(name, body);
    },
    (state) => {
      for (const link of this.links) link.send('ReadStates', { states: [state] });
    },
  );

  /** What the client's connector does. */
  readonly connector = {
    attempt: (): Promise<Established> => {
      this.attempts += 1;
      if (this.refuse) return Promise.reject(this.refuse);
      const connection = new MemoryConnection('websocket');
      const link = new Link(connection, this);
      let heard = (): void => undefined;
      this.links.push(link);
      connection.onOpened = ({ stream, streamClass }) => void this.serve(link, stream, streamClass);
      connection.onPeerDatagram = (bytes) => {
        const message = decodeBody(decodeDatagram(bytes));
        if (message?.name === 'Typing') this.typing.push(message.body);
        if (message?.name === 'Ping' && !this.silent) {
          connection.peerDatagram(encodeDatagram('Pong', { nonce: message.body.nonce, nowMs: 0 }));
        }
      };
      return connection.open(StreamClass.control).then((stream) => ({
        connection,
        control: new FrameStream(stream, () => {
          heard();
        }),
        welcome: this.welcome(),
        fallback: null,
        onHeard: (call) => {
          heard = call;
        },
      }));
    },
  };

  room(name: string): ServerRoom {
    const room = new ServerRoom(name, this.user);
    this.rooms.push(room);
    this.userSeq += 1;
    for (const link of this.links) {
      link.send('RoomAdded', { header: { seq: this.userSeq, atMs: 0 }, room: room.info });
      link.send('UserHead', { seq: this.userSeq });
    }
    return room;
  }

  /** An entry of the user's own log. */
  tell<N extends OwnName>(name: N, body: Omit<Bodies[N], 'header'>): void {
    this.userSeq += 1;
    const header = { seq: this.userSeq, atMs: 0 };
    const send = (link: Link): void => {
      link.send(name, { header, ...body } as Bodies[N]);
    };
    this.own.push({ seq: this.userSeq, send });
    for (const link of this.links) {
      send(link);
      link.send('UserHead', { seq: this.userSeq });
    }
  }

  /** The user is no member any more. */
  leave(room: ServerRoom): void {
    this.left.add(room);
    this.userSeq += 1;
    for (const link of this.links) {
      link.cursors.delete(room.info.id);
      link.send('RoomRemoved', { header: { seq: this.userSeq, atMs: 0 }, room: room.info.id });
      link.send('UserHead', { seq: this.userSeq });
    }
  }

  /** Somebody deletes the room; `unheard`: no lane says so, only the list of those who come later. */
  delete(room: ServerRoom, author: string, unheard = false): void {
    Object.assign(room.append(author, ''), { isEnd: true });
    if (!unheard) for (const link of this.links) link.deliver(room);
    this.deleted.add(room);
    this.leave(room);
  }

  rejoin(room: ServerRoom): void {
    this.left.delete(room);
    this.userSeq += 1;
    for (const link of this.links) {
      link.send('RoomAdded', { header: { seq: this.userSeq, atMs: 0 }, room: room.info });
      link.send('UserHead', { seq: this.userSeq });
    }
  }

  /** Somebody says something. */
  post(room: ServerRoom, author: string, text: string): void {
    room.append(author, text);
    for (const link of this.links) link.deliver(room);
    if (text.includes('@me')) this.personal.push(this.personal.state(room));
  }

  /** Somebody removes a message. */
  erase(room: ServerRoom, author: string, target: number): void {
    const message = room.log.find(({ seq }) => seq === target);
    if (!message) throw new Error(`there is no message ${String(target)}`);
    delete message.file;
    Object.assign(message, { text: '', isErased: true });
    Object.assign(room.append(author, ''), { erases: target });
    for (const link of this.links) link.deliver(room);
  }

  /** Somebody changes the room, or does something to somebody. */
  act(room: ServerRoom, author: string, what: Pick<Entry, 'change' | 'done'>): void {
    Object.assign(room.append(author, what.change?.text ?? what.done?.name ?? ''), what);
    for (const link of this.links) link.deliver(room);
  }

  /** An entry of the user's own log. */
  tellUser(...frames: UserFrame[]): void {
    this.userSeq += 1;
    const header = { seq: this.userSeq, atMs: 0 };
    for (const link of this.links) {
      for (const [name, body] of frames) link.send(name, { header, ...body } as never);
      link.send('UserHead', { seq: this.userSeq });
    }
  }

  /** Something that nobody asked for, to every connection. */
  say<N extends KindName>(name: N, body: Bodies[N]): void {
    for (const link of this.links) link.send(name, body);
  }

  /** Every connection ends. */
  drop(code: number | null): void {
    for (const { connection } of this.links.splice(0)) connection.drop(code);
  }

  private welcome(): Bodies['Welcome'] {
    const limits = { dead_after: 0 } as never as Bodies['Welcome']['limits'];
    return {
      user: this.user,
      name: 'me',
      session: this.session,
      ticket: '',
      server: 'scripted',
      nowMs: 0,
      limits: { ...limits, deadAfterMs: 40_000 },
    };
  }

  private async serve(link: Link, stream: ByteStream, streamClass: StreamClass): Promise<void> {
    if (streamClass === StreamClass.control) link.control = stream;
    await new FrameStream(stream)
      .each((frame) => {
        const message = decodeBody(frame);
        if (message) this.take(link, stream, message);
      })
      .catch(() => undefined);
  }

  private take(link: Link, stream: ByteStream, message: Message): void {
    this.requests.push(message);
    if (this.silent) return;
    switch (message.name) {
      case 'Ping':
        link.send('Pong', { nonce: message.body.nonce, nowMs: 0 });
        break;
      case 'Lane':
        link.lanes[message.body.class] = stream;
        link.send('LaneReady', { class: message.body.class }, stream);
        for (const room of this.rooms) link.deliver(room);
        break;
      case 'Attach':
        this.attach(link, message.body);
        break;
      case 'View':
        link.viewed = message.body.room;
        if (message.body.room && link.cursors.has(message.body.room)) {
          link.cursors.set(message.body.room, message.body.haveSeq);
        }
        for (const room of this.rooms) link.deliver(room);
        break;
      case 'Resume':
        this.resume(link, message.body);
        break;
      case 'Post':
        this.accept(link, message.body);
        break;
      case 'GetMessages':
        this.page(link, message.body, stream);
        break;
      case 'GetRoomFiles': {
        const { request, room, before, limit } = message.body;
        const of = { request, room, direction: Direction.before, seq: before, limit };
        this.page(link, of, stream, ({ file }) => file !== undefined);
        break;
      }
      case 'GetUsers': {
        const { request, users } = message.body;
        link.send('Users', {
          request,
          users: users.map((id) => ({ id, name: NAMES.get(id) ?? `name ${id}` })),
        });
        break;
      }
      case 'ListMembers': {
        const member = { user: this.user, name: 'me', joinedMs: 0, online: false };
        const { request, room } = message.body;
        const listed = this.members.get(room) ?? { members: [member], roles: [] };
        if (listed.roles.length > 0) link.send('MemberRoles', { roles: listed.roles });
        link.send('MemberPage', { request, members: listed.members, more: false });
        break;
      }
      case 'WatchPresence':
        link.send('Done', { request: message.body.request });
        link.send('Presence', {
          slots: message.body.users.map((user) => ({ user, version: 1, state: PresenceState.online })),
        });
        break;
      case 'SetActivity':
      case 'DeleteRoom':
      case 'RemoveMessage':
      case 'Report':
        link.send('Done', { request: message.body.request });
        break;
      case 'CreateGroup':
        link.send('RoomAnswer', { request: message.body.request, room: this.room(message.body.name).info });
        break;
      default:
        if (
          this.personal.take(message, (name, body) => {
            link.send(name, body);
          })
        )
          break;
        void this.files.take(stream, message);
        break;
    }
  }

  member(id: string): ServerRoom | undefined {
    return this.rooms.find((room) => room.info.id === id && !this.left.has(room));
  }

  private attach(link: Link, { request, userEpoch, userSeq }: Bodies['Attach']): void {
    const snapshot = userEpoch === ZERO_ID;
    link.send('Attached', { request, userEpoch: this.session, snapshot });
    this.rooms.forEach((room, at) => {
      const seq = at + 1;
      const detail = this.details.get(room.info.id);
      if (detail) link.send('RoomDetails', { rooms: [room.detail(detail)] });
      if (snapshot || seq > userSeq) link.send('RoomAdded', { header: { seq, atMs: 0 }, room: room.info });
    });
    for (const { seq, send } of this.own) if (snapshot || seq > userSeq) send(link);
    link.send('UserHead', { seq: this.userSeq });
  }

  private resume(link: Link, { request, cursors }: Bodies['Resume']): void {
    const rooms: Bodies['Resumed']['rooms'] = [];
    const touched: ServerRoom[] = [];
    for (const { room: id, epoch, seq, tail } of cursors) {
      const room = this.member(id);
      if (!room) {
        rooms.push({ room: id, outcome: Outcome.gone, epoch: ZERO_ID, base: 0, head: 0 });
        continue;
      }
      const head = room.log.length;
      const base = Math.max(0, head - tail);
      const known = epoch === room.epoch && seq <= head;
      const limited = epoch === ZERO_ID || (known && head - seq > RESUME_ENTRIES);
      const outcome = limited ? Outcome.limited : known ? Outcome.complete : Outcome.epochChanged;
      const start = outcome === Outcome.complete ? seq : base;
      link.cursors.set(id, start);
      touched.push(room);
      if (outcome !== Outcome.complete || seq !== head) {
        rooms.push({ room: id, outcome, epoch: room.epoch, base: start, head });
      }
    }
    // Lanes are other streams than control: entries may well come before the answer.
    for (const room of touched) link.deliver(room);
    const states = touched.map((room) => this.personal.state(room)).filter(({ unread }) => unread > 0);
    if (states.length > 0) link.send('ReadStates', { states });
    link.send('Resumed', { request, unchanged: cursors.length - rooms.length, rooms });
  }

  private accept(link: Link, { request, room: id, clientId, text }: Bodies['Post']): void {
    const room = this.member(id);
    if (this.deafToPosts) return;
    if (this.leaving || !room) {
      const isDeleted = [...this.deleted].some(({ info }) => info.id === id);
      const code = isDeleted ? Code.roomDeleted : Code.notAMember;
      link.send('Failed', { request, code: this.leaving ? Code.goingAway : code, detail: '' });
      return;
    }
    const { seq } = room.append(this.user, text, clientId);
    for (const other of this.links) other.deliver(room);
    if (this.muteAccepted) return;
    const answer = (): void => {
      link.send('Accepted', { request, epoch: room.epoch, seq, atMs: seq, replay: 0 });
    };
    if (this.held) this.held.push(answer);
    else answer();
  }

  private page(
    link: Link,
    { request, room: id, direction, seq, limit }: Bodies['GetMessages'],
    stream: ByteStream,
    wanted: (entry: Entry) => boolean = ({ settles, erases }) => !settles && erases === undefined,
  ): void {
    const room = this.rooms.find(({ info }) => info.id === id);
    const log = (room?.log ?? []).filter(wanted);
    const before = direction === Direction.before;
    const found = before
      ? log.filter((entry) => entry.seq < seq).slice(-limit)
      : log.filter((entry) => entry.seq > seq).slice(0, limit);
    const edge = before ? found[0]?.seq : found.at(-1)?.seq;
    const more = edge !== undefined && (before ? edge > (log[0]?.seq ?? 1) : edge < (log.at(-1)?.seq ?? 0));
    const files = found.flatMap(({ seq: at, file }) =>
      file ? [{ seq: at, file: infoOf(file), state: file.state }] : [],
    );
    if (files.length > 0) link.send('MessageFiles', { request, files }, stream);
    const rooms = found.flatMap(({ seq: at, change }) => (change ? [{ seq: at, change }] : []));
    const members = found.flatMap(({ seq: at, done }) => (done ? [{ seq: at, change: done }] : []));
    if (rooms.length + members.length > 0) link.send('MessageChanges', { request, rooms, members }, stream);
    const body: Bodies['MessagePage'] = {
      request,
      epoch: room?.epoch ?? ZERO_ID,
      asOf: room?.log.length ?? 0,
      messages: found.map((entry) => ({
        ...entry,
        atMs: entry.seq,
        kind: kindOf(entry),
        edits: 0,
      })),
      next: more ? edge : null,
    };
    link.send('MessagePage', body, stream);
  }
}
