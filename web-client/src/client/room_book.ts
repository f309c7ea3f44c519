/** The rooms of the user, as the user's own log tells them, each with what is kept of it. */
import type { Cursor, Epoch, RoomDetail, RoomId, RoomInfo, UserId } from '../protocol/generated';
import { ZERO_ID } from '../protocol/id';
import type { Line, Person, Room, RoomSummary } from './model';
import { changedBy } from './room_about';
import { RoomLog } from './room_log';
import { Tail } from './tail';

/** Entries wanted of a room at first sight: enough to fill the screen, or one preview. */
const TAIL_IN_VIEW = 50;
const TAIL_ELSEWHERE = 10;
/** Rooms of others of which it is kept what they are: a few pages of the directory. */
const STRANGE_ROOMS_MAX = 1_000;

export class RoomState {
  readonly tail = new Tail();
  readonly log = new RoomLog();

  constructor(public room: Room) {}

  cursor(inView: boolean): Cursor {
    const { epoch, have } = this.tail;
    return { room: this.room.id, epoch, seq: have, tail: inView ? TAIL_IN_VIEW : TAIL_ELSEWHERE };
  }
}

export class RoomBook {
  readonly rooms = new Map<RoomId, RoomState>();
  userEpoch: Epoch = ZERO_ID;
  userSeq = 0;
  /** Whether the list has been told to its end once. */
  complete = false;
  /** What rooms are, also those that the user is not in. */
  private readonly about = new Map<RoomId, RoomDetail>();
  /** Rooms that the snapshot in progress has named. */
  private named: Set<RoomId> | null = null;

  attached(userEpoch: Epoch, snapshot: boolean): void {
    this.userEpoch = userEpoch;
    this.named = snapshot ? new Set() : null;
  }

  /** What a room is now; answers whether it is one of the user's. */
  told(about: RoomDetail): boolean {
    const state = this.rooms.get(about.room);
    // Those of the user stay; of the others the oldest go, and are told of again when they are named.
    this.about.delete(about.room);
    this.about.set(about.room, about);
    if (this.about.size > this.rooms.size + STRANGE_ROOMS_MAX) {
      const strange = [...this.about.keys()].find((id) => !this.rooms.has(id));
      if (strange) this.about.delete(strange);
    }
    // A private chat has no name of its own.
    const name = about.with === null ? about.name : state?.room.name;
    if (state) state.room = { ...state.room, name: name ?? '', members: about.members };
    return state !== undefined;
  }

  /** The chats of two with these people are called by them; answers which have another name now. */
  renamed(people: readonly Person[]): RoomId[] {
    const names = new Map(people.map(({ id, name }) => [id, name]));
    return [...this.rooms.values()].flatMap((state) => {
      const contact = this.about.get(state.room.id)?.with ?? null;
      // Who is gone is called as before.
      const name = (contact !== null && names.get(contact)) || state.room.name;
      if (name === state.room.name) return [];
      state.room = { ...state.room, name };
      return [state.room.id];
    });
  }

  aboutOf(id: RoomId): RoomDetail | null {
    return this.about.get(id) ?? null;
  }

  /** A line of the room's log may change what the room is. */
  changed(id: RoomId, line: Line, me: UserId): void {
    const about = this.about.get(id);
    const now = about && changedBy(about, line, me);
    if (now && now !== about) this.told(now);
  }

  summary(id: RoomId): RoomSummary | null {
    const state = this.rooms.get(id);
    if (!state) return null;
    const about = this.about.get(id);
    return { ...state.room, last: state.log.last, ...(about ? { about } : {}) };
  }

  /** Answers whether the room was not in the list. */
  added(info: RoomInfo): boolean {
    const { joined: _joined, ...room } = info;
    this.named?.add(room.id);
    const state = this.rooms.get(room.id);
    if (state) state.room = room;
    else this.rooms.set(room.id, new RoomState(room));
    return !state;
  }

  /** A live entry of the user's log; those of a snapshot count only with its end. */
  passed(seq: number): void {
    if (!this.named) this.userSeq = Math.max(this.userSeq, seq);
  }

  removed(id: RoomId): void {
    this.rooms.delete(id);
  }

  /**
   * A room is gone, and the user's own log has not said so: of one that is put back to before that,
   * nothing would follow behind the cursor. The next `Attach` asks for all of it.
   */
  ownLogIsBehind(): void {
    this.userEpoch = ZERO_ID;
  }

  /** Everything up to `seq` was told; answers which rooms a snapshot did not name. */
  head(seq: number): RoomId[] {
    this.userSeq = seq;
    this.complete = true;
    const { named } = this;
    this.named = null;
    const gone = named ? [...this.rooms.keys()].filter((id) => !named.has(id)) : [];
    for (const id of gone) this.rooms.delete(id);
    return gone;
  }

  /** The connection is gone. */
  suspend(): void {
    this.named = null;
    for (const { tail } of this.rooms.values()) tail.suspend();
  }

  /** The room in view first, then the liveliest. */
  inOrder(viewed: RoomId | null): RoomState[] {
    const rank = ({ room, log }: RoomState): number =>
      room.id === viewed ? Infinity : Math.max(log.last?.atMs ?? 0, room.createdMs);
    return [...this.rooms.values()].sort((a, b) => rank(b) - rank(a));
  }
}
