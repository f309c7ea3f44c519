/**
 * What a session brings, applied to what is kept: the user's log to the book of rooms,
 * entries to their rooms' tails, answers of resumes, pages of history. Every change for
 * the room in view goes out as a patch of its timeline.
 */
import { LaneClass, MemberAction, Outcome } from '../protocol/generated';
import { ZERO_ID } from '../protocol/id';
import type {
  ClientId,
  Epoch,
  InvitedToRoom,
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
import type { Avatars } from './avatars';
import type { Emitter } from './emitter';
import type { SeenFile } from './files/upload_book';
import type { Uploads } from './files/uploads';
import { Invitations } from './invitations';
import type { Members } from './members';
import type { LogEntry, OutboxItem, TimelinePatch } from './model';
import type { Landed, Outbox } from './outbox';
import type { OwnEntry } from './own';
import type { People } from './people';
import type { Personal } from './personal';
import type { RoomBook, RoomState } from './room_book';
import { LINES_OUT_OF_VIEW_MAX } from './room_log';
import type { HistoryPage } from './room_log';
import type { Session, SessionListener } from './session';
import type { Social, SocialMessage } from './social';
import type { Resumption, TailChange } from './tail';

export class Sync implements SessionListener {
  viewed: RoomId | null = null;
  onRoundTrip: (ms: number) => void = () => undefined;
  /** The list of rooms is known: posts may begin. Once a session. */
  onReady: () => void = () => undefined;
  private readonly invitations = new Invitations((invitations) => {
    this.emitter.emit({ on: 'invitations', invitations });
  });
  private session: Session | null = null;
  private ready = false;
  /** The room in view, once it is shown: before that it is not known where it begins. */
  private opened: RoomId | null = null;
  private opening: symbol | null = null;

  constructor(
    private readonly user: UserId,
    private readonly book: RoomBook,
    private readonly outbox: Outbox,
    private readonly uploads: Uploads,
    private readonly people: People,
    private readonly members: Members,
    private readonly avatars: Avatars,
    private readonly personal: Personal,
    private readonly others: Social,
    private readonly emitter: Emitter,
  ) {
    outbox.shown = (items) => this.landed(items);
    uploads.seen = (room) => this.seenFiles(room);
    outbox.deleted = uploads.deleted = (room) => {
      this.deleted(room, null);
    };
  }

  connected(session: Session | null): void {
    this.session = session;
    this.ready = false;
  }

  get connection(): Session | null {
    return this.session;
  }

  // What the page wants.

  view(room: RoomId | null): void {
    const before = this.viewed && this.book.rooms.get(this.viewed);
    this.viewed = room;
    if (before) before.log.trim(LINES_OUT_OF_VIEW_MAX);
    this.opened = null;
    this.personal.marks.view(room);
    this.members.view(room && this.book.rooms.has(room) ? room : null);
    const state = room && this.book.rooms.get(room);
    // One that was never resumed is shown when it is.
    if (state && state.tail.epoch !== ZERO_ID) void this.open(state);
    if (this.book.complete) this.sendView();
  }

  /** Shows the room in view for the first time: around what was not read yet, else its end. */
  private async open(state: RoomState): Promise<void> {
    const { room, log } = state;
    const { marks } = this.personal;
    // What was thought to be new may be old: then there is nothing that could be waited for.
    const { mark, unread } = marks.of(room.id);
    const isNew = unread > 0;
    if (isNew && this.session && log.misses(mark)) {
      const viewed = Symbol(room.id);
      this.opening = viewed;
      const around = await this.around(room.id, mark).catch(() => null);
      if (this.opening !== viewed || this.viewed !== room.id) return;
      if (around) log.around(mark, around.before, around.after);
    }
    if (this.viewed !== room.id || this.opened === room.id) return;
    this.opened = room.id;
    this.emitter.emit({ on: 'opened', room: room.id, mark: isNew ? mark : null });
    this.show(state, { op: 'reset', lines: [...log.lines] });
  }

  private async around(room: RoomId, mark: number): Promise<{ before: HistoryPage; after: HistoryPage }> {
    if (!this.session) throw new Error('no connection');
    const [before, after] = await Promise.all([
      this.session.page(room, { direction: 'before', seq: mark + 1 }),
      this.session.page(room, { direction: 'after', seq: mark }),
    ]);
    for (const { author } of [...before.lines, ...after.lines]) this.people.want(author);
    return { before, after };
  }

  /** A page further back, or forward to the live tail. Rejects when there is no connection. */
  async load(id: RoomId, direction: 'older' | 'newer'): Promise<void> {
    const state = this.book.rooms.get(id);
    const request = state?.log.request(direction);
    if (!state || !request) return;
    if (!this.session) throw new Error('no connection');
    const page = await this.session.page(id, request);
    for (const line of page.lines) this.people.want(line.author);
    this.show(state, state.log.page(request, page));
    this.settle(id);
  }

  latest(id: RoomId): void {
    const state = this.book.rooms.get(id);
    if (state) this.show(state, state.log.latest());
  }

  trim(id: RoomId, linesMax: number): void {
    const state = this.book.rooms.get(id);
    if (state) this.show(state, state.log.trim(linesMax));
  }

  /** Rooms whose gap did not close by itself fetch it. */
  mendGaps(): void {
    const torn = [...this.book.rooms.values()].filter(({ tail }) => tail.state === 'live' && tail.gap);
    if (torn.length > 0) this.resume(torn);
  }

  // What the session brings.

  attached(userEpoch: Epoch, snapshot: boolean): void {
    this.book.attached(userEpoch, snapshot);
    this.invitations.attached(snapshot);
    this.personal.own.attached(snapshot);
    this.others.profile.attached();
  }

  roomAdded(seq: number, info: RoomInfo): void {
    const fresh = this.book.added(info);
    this.invitations.gone(info.id);
    this.book.passed(seq);
    this.people.know([{ id: info.creator, name: info.creatorName }]);
    const contact = this.book.aboutOf(info.id)?.with ?? null;
    if (contact !== null) this.people.know([{ id: contact, name: info.name }]);
    this.emitter.room(info.id);
    const state = this.book.rooms.get(info.id);
    if (!state) return;
    if (fresh && info.id === this.viewed) {
      this.members.view(info.id);
      this.sendView();
    }
    // Before the list is complete everything is resumed at its end, in frames. Also a room that is
    // known: the user left and is back, and an answer that is on its way may be from between.
    if (this.book.complete && this.session) this.resume([state]);
  }

  roomRemoved(seq: number, room: RoomId): void {
    this.book.removed(room);
    this.book.passed(seq);
    this.forget(room);
    this.emitter.roomRemoved(room);
  }

  userHead(seq: number): void {
    const first =
      !this.book.complete || [...this.book.rooms.values()].some(({ tail }) => tail.state === 'idle');
    this.invitations.head();
    for (const room of this.book.head(seq)) {
      this.forget(room);
      this.emitter.roomRemoved(room);
    }
    this.personal.own.head();
    this.others.profile.head();
    this.emitter.rooms();
    if (first) {
      this.sendView();
      this.resume(this.book.inOrder(this.viewed).filter(({ tail }) => tail.state === 'idle'));
    }
    if (this.ready) return;
    this.ready = true;
    this.onReady();
  }

  readonly entry = (room: RoomId, epoch: Epoch, entry: LogEntry): void => {
    const state = this.book.rooms.get(room);
    if (entry.deletedBy !== undefined) this.deleted(room, entry.deletedBy);
    else if (state) this.change(state, state.tail.offer(epoch, entry));
    // The user's own log is another stream: it may have said first that the room is gone.
    else this.putOut(room, entry);
  };

  resumed(room: RoomId, answer: ResumedRoom | null): void {
    const state = this.book.rooms.get(room);
    if (!state) return;
    if (answer?.outcome === Outcome.gone) {
      this.book.removed(room);
      this.book.ownLogIsBehind();
      this.forget(room);
      this.emitter.roomRemoved(room);
      return;
    }
    this.change(state, state.tail.resumed(answer && resumption(answer)));
    this.personal.marks.resumed(room, answer?.head ?? state.tail.have);
    if (room === this.viewed && this.opened !== room) void this.open(state);
    this.others.arrivals.resumed(room);
    this.others.arrivals.ends(room, state.log.last);
  }

  social(message: SocialMessage): void {
    if (message.name === 'Presence') this.members.apply(message.body.slots);
    if (message.name === 'RoomOnline') this.members.counted(message.body.room, message.body.online);
    this.others.take(message);
  }

  userNames(users: UserInfo[]): void {
    this.people.know(users);
    this.members.renamed(users);
  }

  roundTrip(ms: number): void {
    this.onRoundTrip(ms);
  }

  userAvatars(avatars: UserAvatar[]): void {
    this.avatars.know(avatars.map(({ user: id, avatar }) => ({ id, avatar })));
  }

  roomAvatars(avatars: RoomAvatar[]): void {
    this.avatars.know(avatars.map(({ room: id, avatar }) => ({ id, avatar })));
  }

  emojiVersion(version: number): void {
    this.emitter.emit({ on: 'emoji', version });
  }

  roomDetails(rooms: RoomDetail[]): void {
    for (const about of rooms) {
      this.others.room(about);
      if (this.book.told(about)) this.emitter.room(about.room);
    }
  }

  invited({ header, room, by, byName }: InvitedToRoom): void {
    const { joined: _joined, ...rest } = room;
    const topic = this.book.aboutOf(room.id)?.topic ?? '';
    this.invitations.invited({ room: rest, topic, by, byName, atMs: header.atMs });
    this.people.know([{ id: by, name: byName }]);
    this.book.passed(header.seq);
  }

  invitationGone(seq: number, room: RoomId): void {
    this.invitations.gone(room);
    this.book.passed(seq);
  }

  readStates(states: ReadState[]): void {
    this.personal.marks.states(states);
  }

  receipts(room: RoomId, receipts: Receipt[]): void {
    for (const { user } of receipts) this.people.want(user);
    this.personal.marks.receipts(room, receipts);
    this.others.arrivals.receipts(room, receipts);
  }

  own(entry: OwnEntry): void {
    this.personal.own.entry(entry);
    this.book.passed(entry.body.header.seq);
  }

  laneLost(lane: LaneClass): void {
    const inView = lane === LaneClass.inView;
    this.resume([...this.book.rooms.values()].filter(({ room }) => (room.id === this.viewed) === inView));
  }

  private forget(room: RoomId): void {
    this.personal.gone(room);
    this.others.gone(room);
  }

  private sendView(): void {
    const state = this.viewed === null ? undefined : this.book.rooms.get(this.viewed);
    // A room that is not one's own would be refused.
    this.session?.view(state ? state.room.id : null, state?.tail.have ?? 0);
  }

  private resume(states: RoomState[]): void {
    if (!this.session || states.length === 0) return;
    const cursors = states.map((state) => {
      state.tail.resuming();
      this.personal.marks.resuming(state.room.id);
      this.others.arrivals.resuming(state.room.id);
      return state.cursor(state.room.id === this.viewed);
    });
    this.session.resume(cursors);
  }

  private change(state: RoomState, { reset, applied, resume }: TailChange): void {
    const viewed = state.room.id === this.viewed;
    if (reset === 'limited') this.show(state, state.log.limited(state.tail.base, viewed));
    if (state.log.isInDoubt) void this.lookAgain(state);
    if (reset === 'epoch_changed') {
      this.show(state, state.log.forget(state.tail.base));
      this.others.arrivals.forget(state.room.id);
    }
    if (reset !== 'none')
      this.personal.marks.restarted(state.room.id, state.tail.base, reset === 'epoch_changed');
    if (applied.length > 0) this.append(state, applied);
    else if (reset === 'none' && viewed) this.show(state, { op: 'keep' });
    if (reset !== 'none') this.emitter.room(state.room.id);
    this.settle(state.room.id);
    if (resume) this.resume([state]);
  }

  /**
   * Messages that are shown may have been removed in the part of the log that was left out: they
   * are held against the room's history. What breaks off is begun again with the next change.
   */
  private async lookAgain(state: RoomState): Promise<void> {
    const { session } = this;
    const { room, log } = state;
    if (!session) return;
    log.isInDoubt = false;
    const first = log.lines[0]?.seq ?? 0;
    try {
      for (let before: number | null = (log.lines.at(-1)?.seq ?? 0) + 1; before !== null && before > first;) {
        const page: HistoryPage = await session.page(room.id, { direction: 'before', seq: before });
        this.erase(
          state,
          page.lines.filter(({ kind }) => kind === 'erased').map(({ seq }) => seq),
        );
        before = page.next;
      }
    } catch {
      log.isInDoubt = true;
    }
  }

  private erase(state: RoomState, seqs: number[]): void {
    if (seqs.length === 0) return;
    this.emitter.emit({ on: 'erased', room: state.room.id, seqs });
    this.show(state, state.log.erase(seqs));
  }

  private append(state: RoomState, applied: LogEntry[]): void {
    const erased = applied.flatMap(({ erased: target }) => target ?? []);
    if (erased.length > 0) this.emitter.emit({ on: 'erased', room: state.room.id, seqs: erased });
    this.show(state, state.log.append(applied));
    for (const { line } of applied) if (line) this.book.changed(state.room.id, line, this.user);
    this.personal.marks.entries(state.room.id, applied);
    this.others.arrivals.entries(state.room.id, applied);
    this.others.arrivals.ends(state.room.id, state.log.last);
    this.emitter.room(state.room.id);
    if (state.room.id !== this.viewed && state.log.lines.length > 2 * LINES_OUT_OF_VIEW_MAX) {
      state.log.trim(LINES_OUT_OF_VIEW_MAX);
    }
    for (const entry of applied) {
      const { line, avatar } = entry;
      if (avatar) this.avatars.know([{ id: state.room.id, avatar }]);
      if (!line) continue;
      this.people.want(line.author);
      this.others.typing.stopped(state.room.id, line.author);
      if (line.kind === 'joined' || line.kind === 'left') this.members.stale(state.room.id);
      if (line.done) {
        this.people.know([{ id: line.done.user, name: line.done.name }]);
        this.members.done(state.room.id, line.author, line.done);
      }
      this.putOut(state.room.id, entry);
    }
  }

  /** Somebody has put the user out of the room, where an entry says so. */
  private putOut(room: RoomId, { line }: LogEntry): void {
    if (line?.done?.user !== this.user) return;
    const { action } = line.done;
    const banned = action === MemberAction.ban;
    if (!banned && action !== MemberAction.remove) return;
    const name = this.book.aboutOf(room)?.name ?? '';
    this.people.want(line.author);
    const how = banned ? 'banned' : 'removed';
    this.emitter.emit({ on: 'removal', removal: { room, name, by: line.author, how } });
  }

  /** The room is no more: nothing waits to be sent there, and what somebody wrote for it is let go, too. */
  private deleted(room: RoomId, by: UserId | null): void {
    const name = this.book.aboutOf(room)?.name ?? this.book.rooms.get(room)?.room.name ?? '';
    const who = by === ZERO_ID ? null : by;
    if (who !== null) this.people.want(who);
    this.outbox.forget(room);
    this.uploads.forget(room);
    if (this.book.rooms.has(room)) {
      this.book.removed(room);
      this.forget(room);
      this.emitter.roomRemoved(room);
    }
    this.emitter.emit({ on: 'removal', removal: { room, name, by: who, how: 'deleted' } });
  }

  /** Own messages that their rooms' logs show are on their way no more. */
  private landed(items: OutboxItem[]): Landed[] {
    const lines = new Map<RoomId, Map<ClientId, number>>();
    return items.flatMap((item) => {
      const state = this.book.rooms.get(item.room);
      if (!state) return [];
      const { epoch, have } = state.tail;
      if (item.state === 'sent') {
        // Without an answer to the resume nobody knows whose epoch is the old one.
        const passed = item.epoch === epoch ? (item.seq ?? 0) <= have : state.tail.state === 'live';
        return passed ? [{ item, at: { seq: item.seq ?? 0, epoch: item.epoch ?? epoch } }] : [];
      }
      let own = lines.get(item.room);
      if (!own) lines.set(item.room, (own = state.log.linesOf(this.user)));
      const seq = own.get(item.clientId);
      return seq === undefined ? [] : [{ item, at: { seq, epoch } }];
    });
  }

  /** What is on its way, held against what its room's log shows. */
  private settle(room: RoomId): void {
    this.outbox.settle(room);
    this.uploads.settle(room);
  }

  private seenFiles(room: RoomId): Map<ClientId, SeenFile> {
    const lines = this.book.rooms.get(room)?.log.filesOf(this.user) ?? [];
    return new Map(lines.map(({ clientId, seq, file }) => [clientId, { seq, state: file?.state ?? null }]));
  }

  private show(state: RoomState, patch: TimelinePatch): void {
    if (state.room.id !== this.viewed || state.room.id !== this.opened) return;
    this.emitter.emit({ on: 'timeline', room: state.room.id, patch, ends: state.log.ends });
  }
}

/** An outcome of a later version is taken like the most careful one known. */
function resumption({ outcome, epoch, base }: ResumedRoom): Resumption {
  const known =
    outcome === Outcome.complete ? 'complete' : outcome === Outcome.limited ? 'limited' : 'epoch_changed';
  return { outcome: known, epoch, base };
}
