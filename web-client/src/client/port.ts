/**
 * What the page and its worker say to each other. Requests carry a number and get one
 * answer; everything else goes one way. Events of one turn travel in one message, so
 * that a message of one's own changes from "on its way" to "there" in one frame.
 */
import type { ClientId, RoomId, UserId } from '../protocol/generated';
import type { TransportName } from '../transport/transport';
import type { ServerInfo } from './http';
import type {
  Link,
  ListedRoom,
  OutboxItem,
  Person,
  Room,
  RoomMember,
  RoomSummary,
  TimelineEnds,
  TimelinePatch,
} from './model';

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
  | { do: 'reconnect' };

/** Page to worker: what wants an answer. */
export interface Requests {
  create: { ask: { clientId: ClientId; name: string }; answer: Room };
  join: { ask: { clientId: ClientId; room: RoomId }; answer: Room };
  leave: { ask: { clientId: ClientId; room: RoomId }; answer: null };
  directory: { ask: { after: RoomId | null }; answer: { rooms: ListedRoom[]; more: boolean } };
}

export type RequestName = keyof Requests;

/** Worker to page. */
export type Event =
  | { on: 'link'; link: Link }
  /** The session has ended: the person must log in again. */
  | { on: 'login' }
  | { on: 'rooms'; changed: RoomSummary[]; removed: RoomId[]; complete: boolean }
  | { on: 'timeline'; room: RoomId; patch: TimelinePatch; ends: TimelineEnds }
  /** A load that failed: it may be asked for again. */
  | { on: 'loadFailed'; room: RoomId; direction: 'older' | 'newer' }
  /** What waits now, and what was taken since the last time, also if it is gone already. */
  | { on: 'outbox'; items: OutboxItem[]; added: ClientId[] }
  | { on: 'people'; people: Person[] }
  | { on: 'members'; room: RoomId; members: RoomMember[]; total: number };

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
