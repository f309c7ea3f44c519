/** What others do and say beside their messages, and what the user says. Each goes its own way. */
import { Activity } from '../protocol/generated';
import type { Bodies, RoomDetail, RoomId, UserId } from '../protocol/generated';
import { Arrivals } from './arrivals';
import type { Clock } from './clock';
import type { Emitter } from './emitter';
import { OwnProfile } from './own_profile';
import { Presence } from './presence';
import type { Session } from './session';
import { Typing } from './typing';

/** Page to worker. */
export type SocialCommand =
  /** The user writes in a room, or has stopped. */
  | { do: 'typing'; room: RoomId; isTyping: boolean }
  /** Whether somebody sits in front of the page. */
  | { do: 'activity'; isIdle: boolean }
  /** Those of whom the page shows more than a room does; the whole list. */
  | { do: 'look'; users: UserId[] };

/** Server to client, unasked. */
export type SocialMessage =
  | { name: 'Delivered'; body: Bodies['Delivered'] }
  | { name: 'Presence'; body: Bodies['Presence'] }
  | { name: 'PresenceDetails'; body: Bodies['PresenceDetails'] }
  | { name: 'ProfileAnswer'; body: Bodies['ProfileAnswer'] }
  | { name: 'RoomOnline'; body: Bodies['RoomOnline'] }
  | { name: 'Typing'; body: Bodies['Typing'] };

export class Social {
  readonly arrivals: Arrivals;
  readonly presence: Presence;
  readonly typing: Typing;
  readonly profile: OwnProfile;
  private readonly contacts = new Map<RoomId, UserId>();
  private session: Session | null = null;
  private isIdle = false;

  constructor(me: UserId, clock: Clock, emitter: Emitter) {
    this.arrivals = new Arrivals(me, clock, (arrivals) => {
      emitter.emit({ on: 'arrivals', arrivals });
    });
    this.presence = new Presence(clock, (people, all) => {
      emitter.emit({ on: 'presence', people, all });
    });
    this.typing = new Typing(me, clock, (room, users) => {
      emitter.emit({ on: 'typing', room, users });
    });
    this.profile = new OwnProfile((own) => {
      emitter.emit({ on: 'ownProfile', own });
    });
  }

  command(command: SocialCommand): void {
    switch (command.do) {
      case 'typing':
        this.typing.write(command.room, command.isTyping);
        break;
      case 'activity':
        this.isIdle = command.isIdle;
        this.tellActivity();
        break;
      case 'look':
        this.presence.watch('looked', command.users);
        break;
    }
  }

  take(message: SocialMessage): void {
    switch (message.name) {
      case 'Delivered':
        this.arrivals.delivered(message.body.rooms);
        break;
      case 'Presence':
        this.presence.apply(message.body.slots);
        break;
      case 'PresenceDetails':
        this.presence.applyDetails(message.body.people);
        break;
      case 'ProfileAnswer':
        this.profile.take(message.body);
        break;
      case 'Typing':
        this.typing.heard(message.body);
        break;
    }
  }

  /** A connection whose list of rooms is known, or none. */
  connected(session: Session | null): void {
    this.session = session;
    this.arrivals.connected(session);
    this.presence.connected(session);
    this.typing.connected(session);
    // A session begins as one in use.
    if (this.isIdle) this.tellActivity();
  }

  /** With whom the user has a private chat stands in the list of rooms. */
  room({ room, with: contact }: RoomDetail): void {
    if (!contact || this.contacts.get(room) === contact) return;
    this.contacts.set(room, contact);
    this.arrivals.room(room, contact);
    this.presence.watch('contacts', [...this.contacts.values()]);
  }

  gone(room: RoomId): void {
    this.arrivals.gone(room);
    this.typing.gone(room);
    if (this.contacts.delete(room)) this.presence.watch('contacts', [...this.contacts.values()]);
  }

  private tellActivity(): void {
    const activity = this.isIdle ? Activity.idle : Activity.active;
    void this.session?.request('SetActivity', { activity }).catch(() => undefined);
  }
}
