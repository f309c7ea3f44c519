/** The rooms of the user, as the user's own log tells them, each with what is kept of it. */
import type { Cursor, Epoch, RoomId, RoomInfo } from '../protocol/generated';
import { ZERO_ID } from '../protocol/id';
import type { Room, RoomSummary } from './model';
import { RoomLog } from './room_log';
import { Tail } from './tail';

/** Entries wanted of a room at first sight: enough to fill the screen, or one preview. */
const TAIL_IN_VIEW = 50;
const TAIL_ELSEWHERE = 10;

export class RoomState {
  readonly tail = new Tail();
  readonly log = new RoomLog();

  constructor(public room: Room) {}

  summary(): RoomSummary {
    return { ...this.room, last: this.log.last };
  }

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
  /** Rooms that the snapshot in progress has named. */
  private named: Set<RoomId> | null = null;

  attached(userEpoch: Epoch, snapshot: boolean): void {
    this.userEpoch = userEpoch;
    this.named = snapshot ? new Set() : null;
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
