/**
 * Who is there of those that the page shows, and what they say of the moment. A session watches
 * a bounded number of people: those who are looked at come first, then the members of the room
 * in view, then whoever has appeared last.
 */
import { Availability, PRESENCE_WATCH_MAX, PresenceState } from '../protocol/generated';
import type { PresenceDetail, PresenceSlot, UserId } from '../protocol/generated';
import type { Clock } from './clock';
import type { PersonPresence } from './model';
import type { Session } from './session';

/** Many appear at once: the set is told once they have. */
const WATCH_AFTER_MS = 50;
/** Who has only appeared somewhere can wait. */
const WATCH_SEEN_AFTER_MS = 2_000;

/** Why somebody is watched, the most important first. */
const REASONS = ['looked', 'contacts', 'members', 'seen'] as const;
type Reason = (typeof REASONS)[number];

export class Presence {
  private session: Session | null = null;
  private readonly slots = new Map<UserId, { version: number; online: boolean }>();
  private readonly details = new Map<UserId, PresenceDetail>();
  private readonly wanted = new Map<Reason, readonly UserId[]>();
  /** What the session watches. */
  private watched = new Set<UserId>();
  private due: { atMs: number; cancel: () => void } | null = null;
  /** Another connection: what the last one said counts until this one says something. */
  private isStale = false;

  constructor(
    private readonly clock: Clock,
    private readonly told: (people: PersonPresence[], all: boolean) => void,
  ) {}

  /** A connection, or none. Versions and details are of one connection only. */
  connected(session: Session | null): void {
    this.session = session;
    this.slots.clear();
    this.details.clear();
    this.watched = new Set();
    this.isStale = true;
    if (session) this.later(0);
  }

  watch(reason: Exclude<Reason, 'seen'>, users: readonly UserId[]): void {
    this.wanted.set(reason, users);
    this.later(WATCH_AFTER_MS);
  }

  /** Somebody has appeared: their name and what they say is to stay true. */
  seen(user: UserId): void {
    const before = this.wanted.get('seen') ?? [];
    if (before[0] === user) return;
    const others = before.filter((id) => id !== user);
    this.wanted.set('seen', [user, ...others].slice(0, PRESENCE_WATCH_MAX));
    if (!this.watched.has(user)) this.later(WATCH_SEEN_AFTER_MS);
  }

  apply(slots: readonly PresenceSlot[]): void {
    const fresh = slots.filter(({ user, version }) => (this.slots.get(user)?.version ?? -1) <= version);
    for (const { user, version, state } of fresh) {
      this.slots.set(user, { version, online: state === PresenceState.online });
    }
    this.tell(fresh.map(({ user }) => user));
  }

  applyDetails(details: readonly PresenceDetail[]): void {
    for (const detail of details) this.details.set(detail.user, detail);
    this.tell(details.map(({ user }) => user));
  }

  private tell(users: readonly UserId[]): void {
    if (users.length === 0) return;
    this.told(
      users.map((user) => this.of(user)),
      this.isStale,
    );
    this.isStale = false;
  }

  private of(user: UserId): PersonPresence {
    const detail = this.details.get(user);
    const availability =
      detail?.availability === Availability.doNotDisturb
        ? 'busy'
        : detail?.availability === Availability.idle
          ? 'idle'
          : 'online';
    return {
      id: user,
      online: this.slots.get(user)?.online ?? false,
      availability,
      emoji: detail?.emoji ?? '',
      text: detail?.text ?? '',
      untilMs: detail?.untilMs ?? 0,
      seenMs: detail?.seenMs ?? 0,
    };
  }

  private later(afterMs: number): void {
    // What can wait does not hold up what cannot.
    const dueMs = this.clock.elapsed() + afterMs;
    if (this.due && this.due.atMs <= dueMs) return;
    this.due?.cancel();
    const cancel = this.clock.after(afterMs, () => {
      this.due = null;
      void this.ask();
    });
    this.due = { atMs: dueMs, cancel };
  }

  private async ask(): Promise<void> {
    const { session } = this;
    if (!session) return;
    const all = REASONS.flatMap((reason) => this.wanted.get(reason) ?? []);
    const users = new Set([...new Set(all)].slice(0, PRESENCE_WATCH_MAX));
    if ([...users].every((id) => this.watched.has(id))) return;
    this.watched = users;
    // Nothing is said of those any more: what is known of them grows old.
    for (const id of this.details.keys()) if (!users.has(id)) this.details.delete(id);
    for (const id of this.slots.keys()) if (!users.has(id)) this.slots.delete(id);
    await session.request('WatchPresence', { users: [...users] }).catch(() => undefined);
  }
}
