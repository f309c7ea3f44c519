/**
 * Who has which picture: versions only, as the connection and the rooms' logs tell them in any
 * order. The picture itself is the browser's business, under an address that names its version.
 */
import type { Avatar, RoomId, UserId } from '../protocol/generated';

/** Pictures remembered; past it the oldest go, and are told of again with their owners. */
const AVATARS_MAX = 20_000;

export interface AvatarOf {
  id: UserId | RoomId;
  avatar: Avatar;
}

export class Avatars {
  private readonly known = new Map<UserId | RoomId, number>();

  constructor(private readonly learnt: (avatars: AvatarOf[]) => void) {}

  /** What is older than what is known is ignored. */
  know(avatars: readonly AvatarOf[]): void {
    const fresh = avatars.filter(({ id, avatar }) => avatar.version > (this.known.get(id) ?? 0));
    for (const { id, avatar } of fresh) {
      this.known.delete(id);
      this.known.set(id, avatar.version);
    }
    for (const oldest of this.known.keys()) {
      if (this.known.size <= AVATARS_MAX) break;
      this.known.delete(oldest);
    }
    if (fresh.length > 0) this.learnt(fresh);
  }
}
