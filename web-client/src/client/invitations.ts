/** Rooms that others have invited the user to, as the user's own log tells them. */
import type { RoomId } from '../protocol/generated';
import type { Invitation } from './model';

export class Invitations {
  private readonly open = new Map<RoomId, Invitation>();
  /** Those that the snapshot in progress has named. */
  private named: Set<RoomId> | null = null;

  constructor(private readonly changed: (invitations: Invitation[]) => void) {}

  attached(snapshot: boolean): void {
    this.named = snapshot ? new Set() : null;
  }

  /** One that is there already is replaced. */
  invited(invitation: Invitation): void {
    const { id } = invitation.room;
    this.named?.add(id);
    this.open.delete(id);
    this.open.set(id, invitation);
    this.tell();
  }

  gone(room: RoomId): void {
    if (this.open.delete(room)) this.tell();
  }

  /** The log was told to its end: what a snapshot did not name is not there any more. */
  head(): void {
    const { named } = this;
    this.named = null;
    const gone = named ? [...this.open.keys()].filter((id) => !named.has(id)) : [];
    for (const id of gone) this.open.delete(id);
    if (gone.length > 0) this.tell();
  }

  /** The newest first. */
  private tell(): void {
    this.changed([...this.open.values()].reverse());
  }
}
