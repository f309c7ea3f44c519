/**
 * Who writes in which room. One's own writing is told once in a while; of somebody else nothing
 * is kept longer than it is true.
 */
import { TYPING_INTERVAL_MS, TYPING_LIFE_MS } from '../protocol/generated';
import type { RoomId, Typing as TypingSignal, UserId } from '../protocol/generated';
import type { Clock } from './clock';
import type { Session } from './session';

/** More are "several people" all the same. */
const WRITING_MAX = 20;

export class Typing {
  private session: Session | null = null;
  private readonly rooms = new Map<RoomId, Map<UserId, () => void>>();
  /** What was told last of the user's own writing. */
  private said: { room: RoomId; atMs: number } | null = null;

  constructor(
    private readonly me: UserId,
    private readonly clock: Clock,
    private readonly changed: (room: RoomId, users: UserId[]) => void,
  ) {}

  connected(session: Session | null): void {
    this.session = session;
    this.said = null;
    if (!session) for (const room of [...this.rooms.keys()]) this.gone(room);
  }

  /** The user writes, or has stopped. */
  write(room: RoomId, isTyping: boolean): void {
    if (this.said && (!isTyping || this.said.room !== room)) {
      this.session?.typing(this.said.room, false);
      this.said = null;
    }
    if (!isTyping) return;
    const nowMs = this.clock.elapsed();
    if (this.said && nowMs - this.said.atMs < TYPING_INTERVAL_MS) return;
    this.said = { room, atMs: nowMs };
    this.session?.typing(room, true);
  }

  heard({ room, user, isTyping }: TypingSignal): void {
    if (user === this.me) return;
    if (!isTyping) {
      this.stopped(room, user);
      return;
    }
    let writing = this.rooms.get(room);
    if (!writing) this.rooms.set(room, (writing = new Map()));
    const before = writing.get(user);
    if (!before && writing.size >= WRITING_MAX) return;
    before?.();
    writing.set(
      user,
      this.clock.after(TYPING_LIFE_MS, () => {
        this.stopped(room, user);
      }),
    );
    if (!before) this.tell(room);
  }

  /** Also whose message has come. */
  stopped(room: RoomId, user: UserId): void {
    const writing = this.rooms.get(room);
    const cancel = writing?.get(user);
    if (!writing || !cancel) return;
    cancel();
    writing.delete(user);
    if (writing.size === 0) this.rooms.delete(room);
    this.tell(room);
  }

  gone(room: RoomId): void {
    const writing = this.rooms.get(room);
    if (!writing) return;
    for (const cancel of writing.values()) cancel();
    this.rooms.delete(room);
    this.tell(room);
  }

  private tell(room: RoomId): void {
    this.changed(room, [...(this.rooms.get(room)?.keys() ?? [])]);
  }
}
