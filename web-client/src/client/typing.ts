/**
 * Who writes in which room. One's own writing is told once in a while; of somebody else nothing
 * is kept longer than it is true.
 */
import { TYPING_INTERVAL_MS, TYPING_LIFE_MS } from '../protocol/generated';
import type { RoomId, Typing as TypingSignal, UserId } from '../protocol/generated';
import type { Clock } from './clock';
import type { Session } from './session';

/** A server passes no more on: who sends and goes on at once is heard a moment later. */
const SAY_EVERY_MS = 1_100;
/** More are "several people" all the same. */
const WRITING_MAX = 20;

export class Typing {
  private session: Session | null = null;
  private readonly rooms = new Map<RoomId, Map<UserId, () => void>>();
  /** Where the user writes, as the server was told, or is about to be. */
  private said: RoomId | null = null;
  private saidAtMs = -Infinity;
  private cancel: (() => void) | null = null;

  constructor(
    private readonly me: UserId,
    private readonly clock: Clock,
    private readonly changed: (room: RoomId, users: UserId[]) => void,
  ) {}

  connected(session: Session | null): void {
    this.session = session;
    this.said = null;
    this.cancel?.();
    this.cancel = null;
    if (!session) for (const room of [...this.rooms.keys()]) this.gone(room);
  }

  /** The user writes, or has stopped. */
  write(room: RoomId, isTyping: boolean): void {
    if (this.said !== null && (!isTyping || this.said !== room)) {
      // What was not said yet needs not be taken back.
      if (this.cancel) this.cancel();
      else this.session?.typing(this.said, false);
      this.cancel = null;
      this.said = null;
    }
    if (!isTyping || this.cancel) return;
    const isNews = this.said !== room;
    this.said = room;
    const waitMs = this.saidAtMs + (isNews ? SAY_EVERY_MS : TYPING_INTERVAL_MS) - this.clock.elapsed();
    if (waitMs <= 0) this.say(room);
    else if (isNews) {
      this.cancel = this.clock.after(waitMs, () => {
        this.cancel = null;
        this.say(room);
      });
    }
  }

  private say(room: RoomId): void {
    this.saidAtMs = this.clock.elapsed();
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
