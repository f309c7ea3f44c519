/** What belongs to the user alone: marks, wishes, drafts. Each goes its own way to the page. */
import type { Clock } from './clock';
import type { Emitter } from './emitter';
import type { RoomWishes } from './model';
import { Marks } from './marks';
import { Own } from './own';
import type { RoomId, UserId } from '../protocol/generated';
import type { Session } from './session';

/** Page to worker. */
export type PersonalCommand =
  /** The person has seen the room up to here. */
  | { do: 'read'; room: RoomId; seq: number }
  | { do: 'wish'; room: RoomId; change: Partial<Omit<RoomWishes, 'room'>> }
  /** What stands in a room's field now; the revision counts the page's changes of it. */
  | { do: 'draft'; room: RoomId; text: string; revision: number }
  | { do: 'hideReceipts'; hidden: boolean };

export class Personal {
  readonly marks: Marks;
  readonly own: Own;

  constructor(user: UserId, clock: Clock, emitter: Emitter) {
    this.marks = new Marks(user, clock, {
      marked: (room) => {
        emitter.mark(room);
      },
      receipts: (room, receipts) => {
        emitter.emit({ on: 'receipts', room, receipts });
      },
    });
    this.own = new Own(clock, {
      wishes: (rooms) => {
        if (rooms.length > 0) emitter.emit({ on: 'wishes', rooms });
      },
      draft: (room, text, revision) => {
        emitter.emit({ on: 'draft', room, text, revision });
      },
      draftKept: (room, revision) => {
        emitter.emit({ on: 'draftKept', room, revision });
      },
      drafts: (rooms) => {
        emitter.emit({ on: 'drafts', rooms });
      },
      hidden: (hidden) => {
        emitter.emit({ on: 'receiptsHidden', hidden });
      },
    });
  }

  command(command: PersonalCommand): void {
    switch (command.do) {
      case 'read':
        this.marks.read(command.room, command.seq);
        break;
      case 'wish':
        this.own.want(command.room, command.change);
        break;
      case 'draft':
        this.own.draft(command.room, command.text, command.revision);
        break;
      case 'hideReceipts':
        this.own.hide(command.hidden);
        break;
    }
  }

  /** A connection whose list of rooms is known, or none. */
  connected(session: Session | null): void {
    this.marks.connected(session);
    this.own.connected(session);
  }

  gone(room: RoomId): void {
    this.marks.gone(room);
    this.own.gone(room);
  }
}
