/**
 * What the page and its worker say to each other. Requests carry a number and get one
 * answer; everything else goes one way. Events of one turn travel in one message, so
 * that a message of one's own changes from "on its way" to "there" in one frame.
 */
import type { ClientId, FileVariant, Receipt, RoomId, TransferId, UserId } from '../protocol/generated';
import type { TransportName } from '../transport/transport';
import type { AvatarOf } from './avatars';
import type { FileCommand } from './files/transfers';
import type { GroupRequests } from './groups';
import type { ServerInfo } from './http';
import type {
  DownloadProgress,
  Invitation,
  Line,
  Link,
  ListedRoom,
  OutboxItem,
  OwnProfile,
  Person,
  PersonPresence,
  Removal,
  Room,
  RoomArrivals,
  RoomMark,
  RoomMember,
  RoomSummary,
  RoomWishes,
  TimelineEnds,
  TimelinePatch,
  Upload,
} from './model';
import type { ModerationRequests } from './moderation';
import type { PersonalCommand } from './personal';
import type { ProfileRequests } from './profiles';
import type { SocialCommand } from './social';

/** What the server said about itself, and when: the page has asked before the worker is there. */
export interface KnownServer {
  server: ServerInfo;
  atMs: number;
}

/** Page to worker: what is to be done. */
export type Command =
  | { do: 'start'; user: UserId; forced: TransportName | null; ios: boolean; server: KnownServer | null }
  /** The room on the screen, or none. */
  | { do: 'view'; room: RoomId | null }
  | { do: 'send'; item: OutboxItem }
  | { do: 'retry'; clientId: ClientId }
  | { do: 'remove'; clientId: ClientId }
  | { do: 'load'; room: RoomId; direction: 'older' | 'newer' }
  /** Show the live end of the room. */
  | { do: 'latest'; room: RoomId }
  /** The end of the room is on the screen and the page holds more than it needs. */
  | { do: 'trim'; room: RoomId }
  /** The network may have changed, or the page came back: look at once. */
  | { do: 'wake' }
  /** The person asks to connect now. */
  | { do: 'reconnect' }
  | FileCommand
  | PersonalCommand
  | SocialCommand;

/** Page to worker: what wants an answer. */
export interface Requests extends GroupRequests, ModerationRequests, ProfileRequests {
  join: { ask: { clientId: ClientId; room: RoomId }; answer: Room };
  leave: { ask: { clientId: ClientId; room: RoomId }; answer: null };
  /** The bytes of a message's file; it waits for a connection. */
  file: { ask: { room: RoomId; seq: number; variant: FileVariant }; answer: Blob };
  /** The room's messages that have a file, below a seq; of the newest page the last comes first. */
  roomFiles: { ask: { room: RoomId; before: number | null }; answer: { files: Line[]; next: number | null } };
  /** An entry, and what is behind it, is to be unread. */
  markUnread: { ask: { clientId: ClientId; room: RoomId; seq: number }; answer: null };
  /** How far the others have read a room in which nobody is told. */
  receipts: { ask: { room: RoomId }; answer: Receipt[] };
  directory: { ask: { after: RoomId | null }; answer: { rooms: ListedRoom[]; more: boolean } };
}

export type RequestName = keyof Requests;

/** Worker to page. */
export type Event =
  | { on: 'link'; link: Link }
  /** The session has ended: the person must log in again. */
  | { on: 'login' }
  | { on: 'rooms'; changed: RoomSummary[]; removed: RoomId[]; complete: boolean }
  /** The room in view is about to be shown: what is behind `mark` was not read before; null if all was. */
  | { on: 'opened'; room: RoomId; mark: number | null }
  | { on: 'timeline'; room: RoomId; patch: TimelinePatch; ends: TimelineEnds }
  /** Messages that are removed: what is held of them elsewhere goes, too. */
  | { on: 'erased'; room: RoomId; seqs: number[] }
  /** A load that failed: it may be asked for again. */
  | { on: 'loadFailed'; room: RoomId; direction: 'older' | 'newer' }
  /** What waits now, and what was taken since the last time, also if it is gone already. */
  | { on: 'outbox'; items: OutboxItem[]; added: ClientId[] }
  /** Files on their way to the server, and what was taken since the last time, also if it is gone already. */
  | { on: 'uploads'; uploads: Upload[]; added: TransferId[] }
  /** Files that are being fetched to be kept; the whole list. */
  | { on: 'downloads'; downloads: DownloadProgress[] }
  | { on: 'people'; people: Person[] }
  /** Pictures of people and rooms that are new, or gone. */
  | { on: 'avatars'; avatars: AvatarOf[] }
  /** The server's own emoji: another number, another list. */
  | { on: 'emoji'; version: number }
  | { on: 'marks'; marks: RoomMark[] }
  /** How far others have read the room in view, all that is known. */
  | { on: 'receipts'; room: RoomId; receipts: Receipt[] }
  | { on: 'wishes'; rooms: RoomWishes[] }
  /** Another device's draft; it is older than a later revision of the page's own. */
  | { on: 'draft'; room: RoomId; text: string; revision: number }
  | { on: 'draftKept'; room: RoomId; revision: number }
  /** The rooms that have drafts, all of them. */
  | { on: 'drafts'; rooms: RoomId[] }
  | { on: 'receiptsHidden'; hidden: boolean }
  | { on: 'members'; room: RoomId; members: RoomMember[]; total: number; online: number | null }
  /** Invitations that are neither accepted nor declined; the whole list. */
  | { on: 'invitations'; invitations: Invitation[] }
  /** Who is there of those that are watched; `all`: nothing is known of anybody else any more. */
  | { on: 'presence'; people: PersonPresence[]; all: boolean }
  /** How far a private chat has come at the other one. */
  | { on: 'arrivals'; arrivals: RoomArrivals }
  /** Who writes in a room now. */
  | { on: 'typing'; room: RoomId; users: UserId[] }
  | { on: 'ownProfile'; own: OwnProfile }
  /** Somebody has put the user out of a room, or deleted it. */
  | { on: 'removal'; removal: Removal };

/** The detail of what a person has called off, wherever in the page: it is no failure. */
export const CALLED_OFF = 'called off';

export interface PortError {
  code: number | null;
  detail: string;
}

export type ToWorker =
  Command | { [N in RequestName]: { do: 'ask'; id: number; name: N; ask: Requests[N]['ask'] } }[RequestName];

export type ToPage =
  | { events: Event[] }
  | { answer: number; value: Requests[RequestName]['answer'] }
  | { answer: number; error: PortError };
