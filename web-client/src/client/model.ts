/**
 * What the sync logic keeps and what the page shows. Plain data: it crosses the
 * worker's port by structured clone.
 */
import type {
  Avatar,
  ClientId,
  Epoch,
  FileInfo,
  FileState,
  MemberChange,
  Notify,
  RoomChange,
  RoomDetail,
  RoomId,
  TransferId,
  UserId,
  Voice,
} from '../protocol/generated';
import type { Fallback } from '../transport/race';
import type { TransportName } from '../transport/transport';

/** One line of a conversation. */
export interface Line {
  seq: number;
  atMs: number;
  author: UserId;
  clientId: ClientId;
  kind: 'text' | 'file' | 'created' | 'joined' | 'left' | 'avatar' | 'erased' | 'room' | 'member';
  /** What was said; for `file` what stands beside it; for `created` the room's name; else empty. */
  text: string;
  /** Of `file`. */
  file?: LineFile;
  /** Of `room`: what was changed. */
  change?: RoomChange;
  /** Of `member`: what was done to whom. */
  done?: MemberChange;
  /**
   * The first line of a page of history: it begins a group of its own, so that its
   * height stays what it is when an older page comes above it.
   */
  pageStart?: true;
}

/** A file as its message shows it. */
export interface LineFile extends FileInfo {
  state: FileState;
}

/** An entry of a room's log; what a person cannot see has no line. */
export interface LogEntry {
  seq: number;
  line: Line | null;
  /** What the entry says about a file of an earlier one. */
  settled?: { target: number; state: FileState };
  /** The message that the entry removes. */
  erased?: number;
  /** The room is deleted, by this one: nothing follows, and what is missing never comes. */
  deletedBy?: UserId;
  /** The room's picture from here on. */
  avatar?: Avatar;
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
  topic?: string;
}

/** A room in the list of one's own. */
export interface RoomSummary extends Room {
  /** The newest line, for the preview. */
  last: Line | null;
  /** What it is, and what the user is in it; nothing as long as nobody has told. */
  about?: RoomDetail;
}

/** A room that somebody has invited the user to. */
export interface Invitation {
  room: Room;
  topic: string;
  by: UserId;
  byName: string;
  atMs: number;
}

/** A room that is the user's no more, by what somebody else did. */
export interface Removal {
  room: RoomId;
  name: string;
  /** Null where it is not known: of a room that was deleted meanwhile, or by whoever runs the server. */
  by: UserId | null;
  how: 'removed' | 'banned' | 'deleted';
}

/** How the user stands in a room. */
export interface RoomMark {
  room: RoomId;
  /** The last entry that was read. */
  mark: number;
  /** Both are counted to 100. */
  unread: number;
  mentions: number;
}

/** Up to where a private chat has come at the other one; what is read has arrived, too. */
export interface RoomArrivals {
  room: RoomId;
  delivered: number;
  read: number;
}

/** What the user wants of a room. */
export interface RoomWishes {
  room: RoomId;
  notify: Notify;
  pinned: boolean;
  archived: boolean;
}

export interface Person {
  id: UserId;
  name: string;
}

/** Somebody whom a text finds. */
export interface FoundPerson extends Person {
  username: string;
}

/** Whether somebody is there, and what they say of the moment. */
export interface PersonPresence {
  id: UserId;
  online: boolean;
  /** Of who is online. */
  availability: 'online' | 'idle' | 'busy';
  emoji: string;
  text: string;
  /** When `busy`, `emoji` and `text` are over; 0 for never. */
  untilMs: number;
  /** When they were there last; 0 if they do not show it. */
  seenMs: number;
}

/** What the user says of themselves, and whom they do not want to hear. */
export interface OwnProfile {
  username: string;
  chosenName: string;
  language: string;
  timeZone: string;
  isListed: boolean;
  showsSeen: boolean;
  doNotDisturb: boolean;
  emoji: string;
  text: string;
  untilMs: number;
  blocked: UserId[];
}

export interface RoomMember extends Person {
  online: boolean;
  /** Who is more than a member. */
  role?: 'admin' | 'owner';
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

/** A file of one's own on its way, from the moment it is chosen. */
export interface Upload {
  transfer: TransferId;
  clientId: ClientId;
  room: RoomId;
  name: string;
  mediaType: string;
  size: number;
  text: string;
  createdMs: number;
  /**
   * `queued`: its turn comes. `sending`: bytes are under way. `checking`: the server has
   * them all. `fileNeeded`: the page has not the file any more, or cannot read it.
   */
  state: 'queued' | 'sending' | 'checking' | 'paused' | 'cancelling' | 'failed' | 'fileNeeded';
  /** Bytes that are safely on the server's disk. */
  durableBytes: number;
  bytesPerSecond: number | null;
  /** Why it failed. */
  code?: number | null;
  /** Where its message stands, once it does. */
  seq?: number;
  /** Of a picture, as it is shown. */
  width?: number;
  height?: number;
  /** It was spoken in the page. */
  voice?: Voice;
  /** The file that was chosen again is not the one that was being sent. */
  otherFile?: true;
  /** The file was moved or changed while it was being sent. */
  unreadable?: true;
}

/** A file that was just chosen. */
export interface NewUpload extends Omit<
  Upload,
  'state' | 'durableBytes' | 'bytesPerSecond' | 'size' | 'code'
> {
  file: Blob;
}

/** A file that is being fetched to be kept, as far as it is there. */
export interface DownloadProgress {
  room: RoomId;
  seq: number;
  bytes: number;
  size: number;
  bytesPerSecond: number | null;
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
  /** `changed` replaces lines by their seq, before the others are appended. */
  | { op: 'append'; lines: Line[]; changed?: Line[] }
  | { op: 'prepend'; lines: Line[] }
  | { op: 'change'; changed: Line[] }
  | { op: 'keep' };

export interface TimelineEnds {
  /** Older lines may be asked for. */
  older: boolean;
  /** There are newer lines that are not shown: the live tail was cut off. */
  newer: boolean;
}
