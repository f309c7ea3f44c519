/**
 * Members of the room in view and who of them is there. The list is read when the room
 * is opened and again when somebody joins or leaves; presence follows by itself.
 */
import { MemberAction, PRESENCE_WATCH_MAX, PresenceState, RoomRole } from '../protocol/generated';
import type { Member, MemberChange, PresenceSlot, RoomId, UserId, UserInfo } from '../protocol/generated';
import type { Clock } from './clock';
import type { RoomMember } from './model';
import type { MemberPart, Session } from './session';

/** Many join at once: the list is read once they have. */
const READ_AFTER_MS = 300;

export interface MemberList {
  members: RoomMember[];
  more: boolean;
  /** Of all members of a large room, as the server counts them. */
  online: number | null;
}

/** A part as the page shows it. */
export function toMembers({ members, roles }: Pick<MemberPart, 'members' | 'roles'>): RoomMember[] {
  const above = new Map(roles.map(({ user, role }) => [user, roleOf(role)]));
  return members.map(({ user: id, name, online }: Member) => ({ id, name, online, ...above.get(id) }));
}

function roleOf(role: RoomRole): Pick<RoomMember, 'role'> {
  if (role === RoomRole.owner) return { role: 'owner' };
  return role === RoomRole.admin ? { role: 'admin' } : {};
}

const NOBODY: MemberList = { members: [], more: false, online: null };

export class Members {
  private session: Session | null = null;
  private room: RoomId | null = null;
  private list: MemberList = NOBODY;
  private readonly presence = new Map<UserId, { version: number; online: boolean }>();
  private cancel: (() => void) | null = null;

  constructor(
    private readonly clock: Clock,
    /** Whose presence is to be told. */
    private readonly watch: (users: UserId[]) => void,
    private readonly changed: (room: RoomId, list: MemberList) => void,
  ) {}

  /** A connection, or none. Versions of presence compare within one connection only. */
  connected(session: Session | null): void {
    this.session = session;
    this.presence.clear();
    this.list = { ...this.list, online: null };
    if (session && this.room) void this.read();
  }

  view(room: RoomId | null): void {
    this.room = room;
    this.presence.clear();
    this.list = NOBODY;
    this.cancel?.();
    if (room && this.session) void this.read();
  }

  /** Somebody joined or left. */
  stale(room: RoomId): void {
    if (room !== this.room) return;
    this.cancel?.();
    this.cancel = this.clock.after(READ_AFTER_MS, () => void this.read());
  }

  /** Something was done to somebody: seen at once, and read anew in a moment. */
  done(room: RoomId, author: UserId, { action, user }: MemberChange): void {
    if (room !== this.room) return;
    const roles: Partial<Record<number, Pick<RoomMember, 'role'>>> = {
      [MemberAction.promote]: { role: 'admin' },
      [MemberAction.demote]: {},
      [MemberAction.handOver]: { role: 'owner' },
    };
    const role = roles[action];
    const isGone = action === MemberAction.remove || action === MemberAction.ban;
    if (!role && !isGone) return;
    const members = this.list.members
      .filter(({ id }) => !isGone || id !== user)
      .map((member): RoomMember => {
        const { role: before, ...rest } = member;
        if (member.id === user && role) return { ...rest, ...role };
        const handsOver = action === MemberAction.handOver && member.id === author && before === 'owner';
        return handsOver ? { ...rest, role: 'admin' } : member;
      });
    this.list = { ...this.list, members };
    this.tell();
    this.stale(room);
  }

  /** Some are shown by another name. */
  renamed(users: readonly UserInfo[]): void {
    const names = new Map(users.map(({ id, name }) => [id, name]));
    if (!this.list.members.some(({ id }) => names.has(id))) return;
    const members = this.list.members.map((member) => ({
      ...member,
      name: names.get(member.id) ?? member.name,
    }));
    this.list = { ...this.list, members };
    this.tell();
  }

  /** How many are online in a room that is too large to say who. */
  counted(room: RoomId, online: number): void {
    if (room !== this.room) return;
    this.list = { ...this.list, online };
    this.tell();
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
      const page = await session.members(room, null);
      if (this.room !== room || this.session !== session) return;
      this.list = { ...this.list, members: toMembers(page), more: page.more };
      this.tell();
      this.watch(page.members.slice(0, PRESENCE_WATCH_MAX).map(({ user }) => user));
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
        online: this.presence.get(member.id)?.online ?? member.online,
      })),
    });
  }
}
