/** What the user says of themselves, the same on every device; who never said anything has none. */
import type { ProfileAnswer, UserId } from '../protocol/generated';
import type { OwnProfile as Own } from './model';

export const nothingSaid = (): Own => ({
  ...{ username: '', chosenName: '', language: '', timeZone: '', isListed: true, showsSeen: true },
  ...{ doNotDisturb: false, emoji: '', text: '', untilMs: 0, blocked: [] as UserId[] },
});

export class OwnProfile {
  /** Whether this connection has said something. */
  private isTold = false;

  constructor(private readonly changed: (own: Own) => void) {}

  attached(): void {
    this.isTold = false;
  }

  take({ profile: { username, language, timeZone }, own }: ProfileAnswer): void {
    if (!own) return;
    this.isTold = true;
    this.changed({ username, language, timeZone, ...own });
  }

  /** Nothing was said up to here: then there is nothing, any more. */
  head(): void {
    if (this.isTold) return;
    this.isTold = true;
    this.changed(nothingSaid());
  }
}
