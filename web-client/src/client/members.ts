/**
 * Members of the room in view and who of them is there. The list is read when the room
 * is opened and again when somebody joins or leaves; presence follows by itself.
 */
import { MEMBER_PAGE_MAX, PRESENCE_WATCH_MAX, PresenceState } from '../protocol/generated';
import type { Member, PresenceSlot, RoomId, UserId } from '../protocol/generated';
import type { Clock } from './clock';
import type { Session } from './session';

/** Many join at once: the list is read once they have. */
const READ_AFTER_MS = 300;

export interface MemberList {
  members: Member[];
  more: boolean;
}

export class Members {
  private session: Session | null = null;
  private room: RoomId | null = null;
  private list: MemberList = { members: [], more: false };
  private readonly presence = new Map<UserId, { version: number; online: boolean }>();
  private cancel: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    private readonly changed: (room: RoomId, list: MemberList) => void,
  ) {}

  /** A connection, or none. Versions of presence compare within one connection only. */
  connected(session: Session | null): void {
    this.session = session;
    this.presence.clear();
    if (session && this.room) void this.read();
  }

  view(room: RoomId | null): void {
    this.room = room;
    this.presence.clear();
    this.list = { members: [], more: false };
    this.cancel?.();
    if (room && this.session) void this.read();
  }

  /** Somebody joined or left. */
  stale(room: RoomId): void {
    if (room !== this.room) return;
    this.cancel?.();
    this.cancel = this.clock.after(READ_AFTER_MS, () => void this.read());
  }

  apply(slots: PresenceSlot[]): void {
    let any = false;
    for (const { user, version, state } of slots) {
      const known = this.presence.get(user);
      if (known && known.version > version) continue;
      this.presence.set(user, { version, online: state === PresenceState.online });
      any = true;
    }
    if (any) this.tell();
  }

  private async read(): Promise<void> {
    const { session, room } = this;
    if (!session || !room) return;
    try {
      const page = await session.request('ListMembers', { room, after: null, limit: MEMBER_PAGE_MAX });
      if (this.room !== room || this.session !== session) return;
      this.list = { members: page.members, more: page.more };
      this.tell();
      const users = page.members.slice(0, PRESENCE_WATCH_MAX).map(({ user }) => user);
      await session.request('WatchPresence', { users });
    } catch {
      // No member any more, or no connection: what follows tells.
    }
  }

  private tell(): void {
    if (!this.room || this.list.members.length === 0) return;
    this.changed(this.room, {
      ...this.list,
      members: this.list.members.map((member) => ({
        ...member,
        online: this.presence.get(member.user)?.online ?? member.online,
      })),
    });
  }
}
