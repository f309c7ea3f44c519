/**
 * What the sync logic keeps and what the page shows. Plain data: it crosses the
 * worker's port by structured clone.
 */
import type { ClientId, Epoch, RoomId, UserId } from '../protocol/generated';
import type { Fallback } from '../transport/race';
import type { TransportName } from '../transport/transport';

/** One line of a conversation. */
export interface Line {
  seq: number;
  atMs: number;
  author: UserId;
  clientId: ClientId;
  kind: 'text' | 'created' | 'joined' | 'left' | 'erased';
  /** What was said; for `created` the room's name; else empty. */
  text: string;
  /**
   * The first line of a page of history: it begins a group of its own, so that its
   * height stays what it is when an older page comes above it.
   */
  pageStart?: true;
}

/** An entry of a room's log; what a person cannot see has no line. */
export interface LogEntry {
  seq: number;
  line: Line | null;
}

export interface Room {
  id: RoomId;
  name: string;
  creator: UserId;
  creatorName: string;
  createdMs: number;
  members: number;
}

/** A room in the directory. */
export interface ListedRoom extends Room {
  joined: boolean;
}

/** A room in the list of one's own. */
export interface RoomSummary extends Room {
  /** The newest line, for the preview. */
  last: Line | null;
}

export interface Person {
  id: UserId;
  name: string;
}

export interface RoomMember extends Person {
  online: boolean;
}

/** A message of one's own that is not yet seen in the room's log. */
export interface OutboxItem {
  clientId: ClientId;
  room: RoomId;
  text: string;
  createdMs: number;
  state: 'waiting' | 'sent' | 'failed';
  /** Why it failed. */
  code?: number;
  /** Too old to be sent unasked: an earlier try may have arrived, and nobody knows any more. */
  old?: true;
  /** Where it stands in the log, once it is sent. */
  seq?: number;
  epoch?: Epoch;
}

export interface Link {
  /** `restarting`: the server said that it is back in a moment. */
  phase: 'connecting' | 'online' | 'restarting' | 'offline' | 'stopped';
  transport: TransportName | null;
  fallback: Fallback | null;
  rttMs: number | null;
  /** Why there is no connection, for the chip's details. */
  error: { code: number | null; detail: string } | null;
}

/** The whole conversation as the page shows it, or a change of it. */
export type TimelinePatch =
  | { op: 'reset'; lines: Line[] }
  | { op: 'append'; lines: Line[] }
  | { op: 'prepend'; lines: Line[] }
  | { op: 'keep' };

export interface TimelineEnds {
  /** Older lines may be asked for. */
  older: boolean;
  /** There are newer lines that are not shown: the live tail was cut off. */
  newer: boolean;
}
