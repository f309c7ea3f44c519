/**
 * The wire protocol as TypeScript. Generated from the Rust types; never edit it.
 * `UPDATE_GENERATED=1 cargo test -p rill-protocol --test typescript` rewrites it.
 * docs/protocol.md says what the messages mean.
 */
import type { Codec, Reader, Writer } from './bincode';

export const VERSION = 1;
export const ALPN = 'rill/1';
export const WEBSOCKET_SUBPROTOCOL = 'rill.v1';
export const WEBSOCKET_PATH = '/rill/v1/ws';
export const WEBTRANSPORT_PATH = '/rill/v1';

export const ROOMS_PER_USER_MAX = 2000;
export const ROOM_MEMBERS_MAX = 100000;
export const TEXT_BYTES_MAX = 16384;
export const BATCH_POSTS_MAX = 50;
export const ROOM_NAME_CHARS_MAX = 64;
export const ROOM_TOPIC_CHARS_MAX = 250;
export const SLOW_MODE_MS_MAX = 21600000;
export const USERNAME_CHARS_MIN = 2;
export const USERNAME_CHARS_MAX = 32;
export const PASSWORD_BYTES_MIN = 8;
export const PASSWORD_BYTES_MAX = 1024;
export const CLIENT_NAME_BYTES_MAX = 128;
export const DISPLAY_NAME_CHARS_MAX = 64;
export const STATUS_CHARS_MAX = 100;
export const STATUS_EMOJI_BYTES_MAX = 64;
export const LANGUAGE_BYTES_MAX = 35;
export const TIME_ZONE_BYTES_MAX = 64;
export const REPORT_REASON_CHARS_MAX = 1000;
export const REPORTS_OPEN_PER_USER_MAX = 20;
export const PEOPLE_PAGE_MAX = 50;
export const FIND_CHARS_MAX = 64;
export const TYPING_INTERVAL_MS = 3000;
export const TYPING_LIFE_MS = 5000;
export const TYPING_MEMBERS_MAX = 200;
export const FILE_NAME_BYTES_MAX = 255;
export const MEDIA_TYPE_BYTES_MAX = 127;
export const WAVEFORM_BYTES_MAX = 128;
export const FILE_CHUNK_BYTES_MAX = 65536;
export const AVATAR_FILE_BYTES_MAX = 16777216;
export const EMOJI_FILE_BYTES_MAX = 4194304;
export const EMOJI_NAME_CHARS_MIN = 2;
export const EMOJI_NAME_CHARS_MAX = 32;
export const EMOJI_MAX = 500;
export const FRAME_BODY_BYTES_MAX = 1048576;
export const CLIENT_FRAME_BODY_BYTES_MAX = 32768;
export const UPLOAD_FRAME_BODY_BYTES_MAX = 65600;
export const HELLO_FRAME_BODY_BYTES_MAX = 1024;
export const DATAGRAM_BYTES_MAX = 1000;
export const RESUME_CURSORS_MAX = 500;
export const UNREAD_COUNT_MAX = 100;
export const MENTIONS_PER_TEXT_MAX = 50;
export const RECEIPTS_PUSHED_MEMBERS_MAX = 100;
export const RECEIPTS_MEMBERS_MAX = 1000;
export const DELIVERED_ROOMS_MAX = 100;
export const DELIVERED_INTERVAL_MS = 1000;
export const RECEIPT_PAGE_MAX = 200;
export const USERS_PER_REQUEST_MAX = 200;
export const PRESENCE_WATCH_MAX = 200;
export const ROOM_ONLINE_INTERVAL_MS = 5000;
export const HISTORY_PAGE_MAX = 100;
export const HISTORY_PAGE_TEXT_BYTES_MAX = 524288;
export const ROOM_PAGE_MAX = 100;
export const MEMBER_PAGE_MAX = 200;
export const RESUME_ENTRIES_MAX = 500;
export const RESUME_TAIL_ENTRIES = 50;
export const STREAMS_MAX = 16;
export const FILE_STREAMS_MAX = 12;
export const REQUESTS_IN_FLIGHT_MAX = 64;
export const LANE_IN_FLIGHT_BYTES_MAX = 65536;
export const REORDER_ENTRIES_MAX = 256;
export const PING_INTERVAL_MS = 15000;
export const PROBE_INTERVAL_MS = 5000;
export const PROBE_AFTER_MS = 500;
export const PROBE_PATIENCE_MS = 4000;
export const DEAD_AFTER_MS = 40000;
export const STUCK_AFTER_MS = 40000;
export const ATTACH_TIMEOUT_MS = 10000;
export const STREAM_HEADER_TIMEOUT_MS = 10000;
export const TICKET_LIFE_MS = 60000;
export const RECONNECT_TICKET_LIFE_MS = 86400000;
export const IDEMPOTENCY_DAYS = 7;
export const MUX_CHUNK_BYTES_MAX = 16384;
export const MUX_STREAM_WINDOW_BYTES = 262144;
export const MUX_BULK_WINDOW_BYTES = 1048576;
export const MUX_CREDIT_STEP_BYTES = 131072;
export const MUX_FILE_WINDOW_BYTES = 786432;
export const MUX_SEND_BUFFER_BYTES_MAX = 65536;
export const MUX_MESSAGE_BYTES_MAX = 65536;
export const MUX_DATAGRAMS_MAX = 64;

/** What a client does about a code. */
export type Action = 'retry' | 'resume' | 'login' | 'stop';

export interface CodeInfo {
  readonly number: number;
  readonly name: string;
  readonly action: Action;
  readonly sentence: string;
}

export const CODES: readonly CodeInfo[] = [
  { number: 0, name: 'normal', action: 'stop', sentence: 'The peer closed in peace.' },
  { number: 1, name: 'going_away', action: 'resume', sentence: 'The server restarts: connect again after the stated pause and resume.' },
  { number: 2, name: 'superseded', action: 'stop', sentence: 'Another transport of the same attempt won: use that one.' },
  { number: 3, name: 'timeout', action: 'resume', sentence: 'Nothing was heard in time: connect again and resume.' },
  { number: 4, name: 'too_slow', action: 'resume', sentence: 'The peer stopped reading: connect again and resume.' },
  { number: 5, name: 'internal', action: 'retry', sentence: 'The server failed; nothing was changed. Try again under the same client id.' },
  { number: 6, name: 'busy', action: 'retry', sentence: 'Too much is waiting: try again under the same client id after a pause.' },
  { number: 7, name: 'store_failed', action: 'retry', sentence: 'The store could not be written. Try again under the same client id; the operator finds the cause in the log.' },
  { number: 8, name: 'rate_limited', action: 'retry', sentence: 'Too many requests from this address or account: wait, then try again under the same client id.' },
  { number: 9, name: 'storage_full', action: 'retry', sentence: 'The server\'s disk is full; nothing was changed. Try again under the same client id once the operator has made space.' },
  { number: 20, name: 'frame_too_long', action: 'stop', sentence: 'A frame or datagram is longer than its limit: send less at once.' },
  { number: 21, name: 'malformed', action: 'stop', sentence: 'Bytes do not decode as the kind they claim: mend the encoder.' },
  { number: 22, name: 'unsupported', action: 'stop', sentence: 'The kind is unknown to this server: speak an older version of the request.' },
  { number: 23, name: 'unexpected_frame', action: 'stop', sentence: 'The kind is known but not allowed here: see the order of frames.' },
  { number: 24, name: 'too_many_streams', action: 'stop', sentence: 'More streams are open than allowed: close some first.' },
  { number: 25, name: 'mux_violation', action: 'stop', sentence: 'A mux frame broke the rules of credit or of a stream\'s states.' },
  { number: 26, name: 'cut_frame', action: 'stop', sentence: 'A stream ended in the middle of a frame.' },
  { number: 40, name: 'hello_required', action: 'stop', sentence: 'The first frame of a connection must be Hello on the control stream.' },
  { number: 41, name: 'bad_ticket', action: 'login', sentence: 'The ticket is unknown, used or expired: ask for a new one, or log in.' },
  { number: 42, name: 'not_logged_in', action: 'login', sentence: 'The session is unknown or ended: log in.' },
  { number: 43, name: 'session_revoked', action: 'login', sentence: 'This session was ended: log in again.' },
  { number: 44, name: 'bad_login', action: 'login', sentence: 'Username or password is wrong.' },
  { number: 45, name: 'foreign_origin', action: 'stop', sentence: 'The page\'s Origin is not one of this server\'s.' },
  { number: 46, name: 'attach_required', action: 'stop', sentence: 'Send Attach before anything else.' },
  { number: 47, name: 'account_disabled', action: 'login', sentence: 'An administrator has disabled this account: ask them.' },
  { number: 48, name: 'registration_closed', action: 'stop', sentence: 'New accounts are made by an administrator only: ask one.' },
  { number: 49, name: 'bad_invitation', action: 'stop', sentence: 'The invitation is missing, unknown, used up or expired: ask for a new one.' },
  { number: 50, name: 'not_administrator', action: 'stop', sentence: 'Only administrators may do this.' },
  { number: 51, name: 'not_encrypted', action: 'stop', sentence: 'This port is not encrypted and only points to HTTPS: send it there, and change what was secret in it.' },
  { number: 52, name: 'not_allowed', action: 'stop', sentence: 'Only who made this, or an administrator, may do this.' },
  { number: 60, name: 'no_such_room', action: 'stop', sentence: 'There is no such room, or it is not open to you.' },
  { number: 61, name: 'not_a_member', action: 'stop', sentence: 'Only members may do this: join the room first.' },
  { number: 62, name: 'empty_text', action: 'stop', sentence: 'A message needs text.' },
  { number: 63, name: 'text_too_long', action: 'stop', sentence: 'A message holds at most 16384 bytes of UTF-8: split it.' },
  { number: 64, name: 'bad_room_name', action: 'stop', sentence: 'A room\'s name has 1 to 64 characters and no control characters.' },
  { number: 65, name: 'bad_username', action: 'stop', sentence: 'A username has 2 to 32 letters, digits, and . _ - between them.' },
  { number: 66, name: 'username_taken', action: 'stop', sentence: 'The username is taken: choose another.' },
  { number: 67, name: 'bad_password', action: 'stop', sentence: 'A password has 8 to 1024 bytes.' },
  { number: 68, name: 'too_many_rooms', action: 'stop', sentence: 'You are in as many rooms as allowed: leave one first.' },
  { number: 69, name: 'room_full', action: 'stop', sentence: 'The room has as many members as allowed.' },
  { number: 70, name: 'too_many', action: 'stop', sentence: 'The request names more than its limit: split it.' },
  { number: 71, name: 'key_reused', action: 'stop', sentence: 'The client id was used for another request: make a new one.' },
  { number: 72, name: 'not_found', action: 'stop', sentence: 'There is no such thing.' },
  { number: 73, name: 'bad_request', action: 'stop', sentence: 'The request is not understood: see docs.' },
  { number: 74, name: 'epoch_changed', action: 'resume', sentence: 'The log was restored: drop what is kept of the room and resume.' },
  { number: 75, name: 'common_password', action: 'stop', sentence: 'The password is among the first that are guessed: choose a longer or rarer one.' },
  { number: 76, name: 'wrong_password', action: 'stop', sentence: 'The current password is wrong.' },
  { number: 77, name: 'last_administrator', action: 'stop', sentence: 'This is the last administrator who can log in: make another one first.' },
  { number: 78, name: 'method_not_allowed', action: 'stop', sentence: 'The path has no such method: the Allow header names those it has.' },
  { number: 80, name: 'file_too_large', action: 'stop', sentence: 'The file is larger than this server takes.' },
  { number: 81, name: 'quota_exceeded', action: 'stop', sentence: 'With this file there were more bytes than you may keep here: delete others, or ask an administrator.' },
  { number: 82, name: 'file_type_refused', action: 'stop', sentence: 'This server does not take files of this type.' },
  { number: 83, name: 'bad_file_name', action: 'stop', sentence: 'A file\'s name has 1 to 255 bytes of UTF-8.' },
  { number: 84, name: 'file_size_wrong', action: 'stop', sentence: 'The file has more or fewer bytes than were declared: send it as a new one.' },
  { number: 85, name: 'file_digest_wrong', action: 'stop', sentence: 'The bytes that came are not those of the digest: send the file as a new one.' },
  { number: 86, name: 'file_offset_wrong', action: 'retry', sentence: 'The chunk does not follow what came before, or goes past the credit: begin the upload again and go on from its offset.' },
  { number: 87, name: 'transfer_taken', action: 'stop', sentence: 'Another stream goes on with this transfer.' },
  { number: 88, name: 'too_many_transfers', action: 'stop', sentence: 'As many transfers as allowed are unfinished: finish or cancel one first.' },
  { number: 89, name: 'transfer_ended', action: 'stop', sentence: 'The transfer was cancelled, has failed or was left too long: send the file as a new one.' },
  { number: 90, name: 'no_such_file', action: 'stop', sentence: 'There is no such file, or it is not open to you.' },
  { number: 91, name: 'file_not_ready', action: 'retry', sentence: 'The file is still on its way or being checked: ask again after a pause.' },
  { number: 92, name: 'file_damaged', action: 'stop', sentence: 'The bytes of this file are missing or damaged on the server: an administrator may have a backup.' },
  { number: 93, name: 'bad_range', action: 'stop', sentence: 'The range begins behind the end of the file.' },
  { number: 94, name: 'bad_image', action: 'stop', sentence: 'This is no image that the server can show.' },
  { number: 95, name: 'bad_emoji_name', action: 'stop', sentence: 'An emoji\'s name has 2 to 32 characters out of a to z, 0 to 9, _ and -.' },
  { number: 96, name: 'emoji_taken', action: 'stop', sentence: 'There is another emoji of this name: choose another, or remove that one first.' },
  { number: 97, name: 'too_many_emoji', action: 'stop', sentence: 'The server has as many emoji as allowed: remove one first.' },
  { number: 100, name: 'role_needed', action: 'stop', sentence: 'Your role in this room does not allow this: ask an admin or the owner.' },
  { number: 101, name: 'banned_from_room', action: 'stop', sentence: 'An admin of this room has banned you from it.' },
  { number: 102, name: 'bad_room_link', action: 'stop', sentence: 'The link is unknown, used up or expired: ask for a new one.' },
  { number: 103, name: 'no_such_member', action: 'stop', sentence: 'Whom this is about is not a member of the room.' },
  { number: 104, name: 'owner_stays', action: 'stop', sentence: 'You own this room: hand it over before you leave.' },
  { number: 105, name: 'room_archived', action: 'stop', sentence: 'The room is archived: nobody posts in it.' },
  { number: 106, name: 'room_closed', action: 'stop', sentence: 'Nothing can be posted here now.' },
  { number: 107, name: 'slow_mode', action: 'retry', sentence: 'The room is slow: send it again under the same client id after the pause.' },
  { number: 108, name: 'too_many_open', action: 'stop', sentence: 'The room has as many open invitations or links as allowed: take some back.' },
  { number: 109, name: 'bad_topic', action: 'stop', sentence: 'A room\'s topic has at most 250 characters and no control characters.' },
  { number: 110, name: 'no_such_message', action: 'stop', sentence: 'There is no such message, or it is not open to you.' },
  { number: 111, name: 'too_many_reports', action: 'stop', sentence: 'As many of your reports as allowed wait for an administrator: let them look first.' },
  { number: 112, name: 'bad_reason', action: 'stop', sentence: 'A report says why, in 1 to 1000 characters.' },
  { number: 113, name: 'room_deleted', action: 'stop', sentence: 'The room is deleted, with all that it held: drop it.' },
  { number: 114, name: 'message_removed', action: 'stop', sentence: 'The message was removed since: it is not posted again.' },
  { number: 120, name: 'no_such_mark', action: 'stop', sentence: 'The room\'s log has no such entry: mark one that is there.' },
  { number: 121, name: 'too_many_drafts', action: 'stop', sentence: 'You have as many drafts as allowed: post or empty one first.' },
  { number: 122, name: 'too_many_mentions', action: 'stop', sentence: 'A message names at most 50 people: name fewer.' },
  { number: 123, name: 'room_too_large', action: 'stop', sentence: 'In a room this large nobody is told how far others have read.' },
  { number: 130, name: 'bad_display_name', action: 'stop', sentence: 'The name that is shown has at most 64 characters, and none that cannot be seen or turns the others around.' },
  { number: 131, name: 'looks_taken', action: 'stop', sentence: 'The name looks like somebody else\'s username: choose another.' },
  { number: 132, name: 'bad_status', action: 'stop', sentence: 'A status has at most 100 characters, and none that cannot be seen; beside it stands one emoji.' },
  { number: 133, name: 'bad_setting', action: 'stop', sentence: 'The language or the time zone is none that is known by its form.' },
  { number: 134, name: 'no_such_user', action: 'stop', sentence: 'There is no such person.' },
  { number: 135, name: 'oneself', action: 'stop', sentence: 'This is for other people, not for oneself.' },
  { number: 136, name: 'too_many_blocks', action: 'stop', sentence: 'You block as many people as allowed: unblock some first.' },
  { number: 137, name: 'cannot_be_reached', action: 'stop', sentence: 'There is no chat with this person now.' },
  { number: 138, name: 'private_chat', action: 'stop', sentence: 'This is a chat of two: nobody runs or leaves it.' },
];

/** Numbers of the codes; a peer may send one that is not here. */
export const Code = {
  normal: 0,
  goingAway: 1,
  superseded: 2,
  timeout: 3,
  tooSlow: 4,
  internal: 5,
  busy: 6,
  storeFailed: 7,
  rateLimited: 8,
  storageFull: 9,
  frameTooLong: 20,
  malformed: 21,
  unsupported: 22,
  unexpectedFrame: 23,
  tooManyStreams: 24,
  muxViolation: 25,
  cutFrame: 26,
  helloRequired: 40,
  badTicket: 41,
  notLoggedIn: 42,
  sessionRevoked: 43,
  badLogin: 44,
  foreignOrigin: 45,
  attachRequired: 46,
  accountDisabled: 47,
  registrationClosed: 48,
  badInvitation: 49,
  notAdministrator: 50,
  notEncrypted: 51,
  notAllowed: 52,
  noSuchRoom: 60,
  notAMember: 61,
  emptyText: 62,
  textTooLong: 63,
  badRoomName: 64,
  badUsername: 65,
  usernameTaken: 66,
  badPassword: 67,
  tooManyRooms: 68,
  roomFull: 69,
  tooMany: 70,
  keyReused: 71,
  notFound: 72,
  badRequest: 73,
  epochChanged: 74,
  commonPassword: 75,
  wrongPassword: 76,
  lastAdministrator: 77,
  methodNotAllowed: 78,
  fileTooLarge: 80,
  quotaExceeded: 81,
  fileTypeRefused: 82,
  badFileName: 83,
  fileSizeWrong: 84,
  fileDigestWrong: 85,
  fileOffsetWrong: 86,
  transferTaken: 87,
  tooManyTransfers: 88,
  transferEnded: 89,
  noSuchFile: 90,
  fileNotReady: 91,
  fileDamaged: 92,
  badRange: 93,
  badImage: 94,
  badEmojiName: 95,
  emojiTaken: 96,
  tooManyEmoji: 97,
  roleNeeded: 100,
  bannedFromRoom: 101,
  badRoomLink: 102,
  noSuchMember: 103,
  ownerStays: 104,
  roomArchived: 105,
  roomClosed: 106,
  slowMode: 107,
  tooManyOpen: 108,
  badTopic: 109,
  noSuchMessage: 110,
  tooManyReports: 111,
  badReason: 112,
  roomDeleted: 113,
  messageRemoved: 114,
  noSuchMark: 120,
  tooManyDrafts: 121,
  tooManyMentions: 122,
  roomTooLarge: 123,
  badDisplayName: 130,
  looksTaken: 131,
  badStatus: 132,
  badSetting: 133,
  noSuchUser: 134,
  oneself: 135,
  tooManyBlocks: 136,
  cannotBeReached: 137,
  privateChat: 138,
} as const;

/** Classes of streams, most urgent first; the mux carries the number. */
export const StreamClass = {
  control: 0,
  laneInView: 1,
  laneOthers: 2,
  history: 3,
  file: 4,
} as const;
export type StreamClass = (typeof StreamClass)[keyof typeof StreamClass];

/** Numbers of the kinds of frames; a peer may send one that is not here. */
export const Kind = {
  Control: 1,
  Lane: 2,
  History: 3,
  Upload: 4,
  Download: 5,
  Hello: 10,
  Welcome: 11,
  Attach: 12,
  Attached: 13,
  Resume: 14,
  Resumed: 15,
  View: 16,
  GoAway: 17,
  Failed: 20,
  Done: 21,
  Post: 22,
  Accepted: 23,
  CreateRoom: 24,
  JoinRoom: 25,
  LeaveRoom: 26,
  RoomAnswer: 27,
  ListRooms: 28,
  RoomPage: 29,
  ListMembers: 30,
  MemberPage: 31,
  GetUsers: 32,
  Users: 33,
  WatchPresence: 34,
  PostBatch: 35,
  AcceptedBatch: 36,
  CreateGroup: 37,
  ChangeRoom: 38,
  ChangeMember: 39,
  DeclineInvitation: 40,
  ListOutside: 41,
  MakeRoomLink: 42,
  ListRoomLinks: 43,
  RevokeRoomLink: 44,
  OpenRoomLink: 45,
  MarkRead: 50,
  MarkUnread: 51,
  Marked: 52,
  SetRoomPreferences: 53,
  SetDraft: 54,
  HideReceipts: 55,
  GetReceipts: 56,
  ReceiptPage: 57,
  TellDelivered: 58,
  Delivered: 59,
  Presence: 60,
  Ping: 61,
  Pong: 62,
  UserAvatars: 63,
  RoomAvatars: 64,
  EmojiVersion: 65,
  ReadStates: 66,
  Receipts: 67,
  PresenceDetails: 68,
  Typing: 69,
  GetMessages: 70,
  MessagePage: 71,
  MessageFiles: 72,
  GetRoomFiles: 73,
  RoomHandle: 80,
  LaneReady: 81,
  StartUpload: 90,
  UploadAt: 91,
  FileChunk: 92,
  EndUpload: 93,
  CancelUpload: 94,
  Uploaded: 95,
  GetFile: 96,
  FileStart: 97,
  RoomDetails: 100,
  MemberRoles: 101,
  OutsidePage: 102,
  RoomLinkMade: 103,
  RoomLinks: 104,
  MessageChanges: 105,
  RemoveMessage: 106,
  Report: 107,
  RoomOnline: 108,
  SetActivity: 110,
  SetStatus: 111,
  SetProfile: 112,
  FindPeople: 113,
  PeoplePage: 114,
  GetProfile: 115,
  ProfileAnswer: 116,
  OpenPrivateChat: 117,
  SetBlock: 118,
  UserNames: 119,
  DeleteRoom: 120,
  EntryCreated: 128,
  EntryPosted: 129,
  EntryJoined: 130,
  EntryLeft: 131,
  EntryHidden: 132,
  EntryErased: 133,
  EntryFile: 134,
  EntryFileSettled: 135,
  EntryAvatar: 136,
  EntryRoomChange: 137,
  EntryMemberChange: 138,
  EntryDeleted: 139,
  EntryRoomDeleted: 140,
  RoomAdded: 192,
  RoomRemoved: 193,
  InvitedToRoom: 194,
  InvitationGone: 195,
  RoomPreferences: 200,
  Draft: 201,
  ReceiptsHidden: 202,
  UserHead: 223,
} as const;
export type KindName = keyof typeof Kind;

/** A later version may send numbers that are not here. */
export type LaneClass = number;
export const LaneClass = {
  inView: 0,
  others: 1,
} as const;

/** A later version may send numbers that are not here. */
export type Outcome = number;
export const Outcome = {
  complete: 0,
  limited: 1,
  epochChanged: 2,
  gone: 3,
} as const;

/** A later version may send numbers that are not here. */
export type Replay = number;
export const Replay = {
  first: 0,
  same: 1,
  different: 2,
} as const;

/** A later version may send numbers that are not here. */
export type PresenceState = number;
export const PresenceState = {
  offline: 0,
  online: 1,
} as const;

/** A later version may send numbers that are not here. */
export type Direction = number;
export const Direction = {
  before: 0,
  after: 1,
} as const;

/** A later version may send numbers that are not here. */
export type MessageKind = number;
export const MessageKind = {
  text: 0,
  created: 1,
  joined: 2,
  left: 3,
  erased: 4,
  file: 5,
  avatar: 6,
  roomChange: 7,
  memberChange: 8,
} as const;

/** A later version may send numbers that are not here. */
export type RoomAccess = number;
export const RoomAccess = {
  public: 0,
  invited: 1,
} as const;

/** A later version may send numbers that are not here. */
export type RoomHistory = number;
export const RoomHistory = {
  start: 0,
  joining: 1,
} as const;

/** A later version may send numbers that are not here. */
export type RoomKind = number;
export const RoomKind = {
  group: 0,
  private: 1,
} as const;

/** A later version may send numbers that are not here. */
export type RoomRole = number;
export const RoomRole = {
  none: 0,
  member: 1,
  admin: 2,
  owner: 3,
} as const;

/** A later version may send numbers that are not here. */
export type RoomSetting = number;
export const RoomSetting = {
  name: 0,
  topic: 1,
  access: 2,
  history: 3,
  slowMode: 4,
  archived: 5,
  linkMade: 6,
  linkGone: 7,
} as const;

/** A later version may send numbers that are not here. */
export type MemberAction = number;
export const MemberAction = {
  invite: 0,
  uninvite: 1,
  remove: 2,
  ban: 3,
  unban: 4,
  promote: 5,
  demote: 6,
  handOver: 7,
} as const;

/** A later version may send numbers that are not here. */
export type OutsideList = number;
export const OutsideList = {
  invited: 0,
  banned: 1,
} as const;

/** A later version may send numbers that are not here. */
export type FileUse = number;
export const FileUse = {
  message: 0,
} as const;

/** A later version may send numbers that are not here. */
export type FileVariant = number;
export const FileVariant = {
  original: 0,
  thumbnail: 1,
  preview: 2,
} as const;

/** A later version may send numbers that are not here. */
export type FileOutcome = number;
export const FileOutcome = {
  pending: 0,
  complete: 1,
  failed: 2,
} as const;

/** A later version may send numbers that are not here. */
export type Availability = number;
export const Availability = {
  available: 0,
  idle: 1,
  doNotDisturb: 2,
} as const;

/** A later version may send numbers that are not here. */
export type Activity = number;
export const Activity = {
  active: 0,
  idle: 1,
} as const;

/** A later version may send numbers that are not here. */
export type Notify = number;
export const Notify = {
  all: 0,
  mentions: 1,
  nothing: 2,
} as const;

export interface Accepted {
  request: number;
  epoch: Epoch;
  seq: number;
  atMs: number;
  replay: Replay;
}

export function readAccepted(input: Reader): Accepted {
  return {
    request: input.u32(),
    epoch: input.id(),
    seq: input.u53(),
    atMs: input.u53(),
    replay: input.u32(),
  };
}

export function writeAccepted(out: Writer, value: Accepted): void {
  out.u32(value.request);
  out.id(value.epoch);
  out.u53(value.seq);
  out.u53(value.atMs);
  out.u32(value.replay);
}

export interface AcceptedBatch {
  request: number;
  epoch: Epoch;
  posts: PlacedPost[];
}

export function readAcceptedBatch(input: Reader): AcceptedBatch {
  return {
    request: input.u32(),
    epoch: input.id(),
    posts: input.list(() => readPlacedPost(input)),
  };
}

export function writeAcceptedBatch(out: Writer, value: AcceptedBatch): void {
  out.u32(value.request);
  out.id(value.epoch);
  out.list(value.posts, (item) => { writePlacedPost(out, item); });
}

export interface Attach {
  request: number;
  userEpoch: Epoch;
  userSeq: number;
}

export function readAttach(input: Reader): Attach {
  return {
    request: input.u32(),
    userEpoch: input.id(),
    userSeq: input.u53(),
  };
}

export function writeAttach(out: Writer, value: Attach): void {
  out.u32(value.request);
  out.id(value.userEpoch);
  out.u53(value.userSeq);
}

export interface Attached {
  request: number;
  userEpoch: Epoch;
  snapshot: boolean;
}

export function readAttached(input: Reader): Attached {
  return {
    request: input.u32(),
    userEpoch: input.id(),
    snapshot: input.bool(),
  };
}

export function writeAttached(out: Writer, value: Attached): void {
  out.u32(value.request);
  out.id(value.userEpoch);
  out.bool(value.snapshot);
}

/** 26 characters of base32. */
export type AttemptId = string;

export interface Avatar {
  version: number;
  isSet: boolean;
}

export function readAvatar(input: Reader): Avatar {
  return {
    version: input.u53(),
    isSet: input.bool(),
  };
}

export function writeAvatar(out: Writer, value: Avatar): void {
  out.u53(value.version);
  out.bool(value.isSet);
}

export interface BatchPost {
  clientId: ClientId;
  text: string;
}

export function readBatchPost(input: Reader): BatchPost {
  return {
    clientId: input.id(),
    text: input.text(),
  };
}

export function writeBatchPost(out: Writer, value: BatchPost): void {
  out.id(value.clientId);
  out.text(value.text);
}

export type CancelUpload = Record<string, never>;

export function readCancelUpload(_input: Reader): CancelUpload {
  return {};
}

export function writeCancelUpload(_out: Writer, _value: CancelUpload): void {
  return;
}

export interface ChangeMember {
  request: number;
  clientId: ClientId;
  room: RoomId;
  user: UserId;
  action: MemberAction;
}

export function readChangeMember(input: Reader): ChangeMember {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    user: input.id(),
    action: input.u32(),
  };
}

export function writeChangeMember(out: Writer, value: ChangeMember): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.id(value.user);
  out.u32(value.action);
}

export interface ChangeRoom {
  request: number;
  clientId: ClientId;
  room: RoomId;
  change: RoomChange;
}

export function readChangeRoom(input: Reader): ChangeRoom {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    change: readRoomChange(input),
  };
}

export function writeChangeRoom(out: Writer, value: ChangeRoom): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  writeRoomChange(out, value.change);
}

/** 26 characters of base32. */
export type ClientId = string;

export interface Control {
  version: number;
}

export function readControl(input: Reader): Control {
  return {
    version: input.u32(),
  };
}

export function writeControl(out: Writer, value: Control): void {
  out.u32(value.version);
}

export interface CreateGroup {
  request: number;
  clientId: ClientId;
  name: string;
  topic: string;
  access: RoomAccess;
  history: RoomHistory;
}

export function readCreateGroup(input: Reader): CreateGroup {
  return {
    request: input.u32(),
    clientId: input.id(),
    name: input.text(),
    topic: input.text(),
    access: input.u32(),
    history: input.u32(),
  };
}

export function writeCreateGroup(out: Writer, value: CreateGroup): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.text(value.name);
  out.text(value.topic);
  out.u32(value.access);
  out.u32(value.history);
}

export interface CreateRoom {
  request: number;
  clientId: ClientId;
  name: string;
}

export function readCreateRoom(input: Reader): CreateRoom {
  return {
    request: input.u32(),
    clientId: input.id(),
    name: input.text(),
  };
}

export function writeCreateRoom(out: Writer, value: CreateRoom): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.text(value.name);
}

export interface Cursor {
  room: RoomId;
  epoch: Epoch;
  seq: number;
  tail: number;
}

export function readCursor(input: Reader): Cursor {
  return {
    room: input.id(),
    epoch: input.id(),
    seq: input.u53(),
    tail: input.u32(),
  };
}

export function writeCursor(out: Writer, value: Cursor): void {
  out.id(value.room);
  out.id(value.epoch);
  out.u53(value.seq);
  out.u32(value.tail);
}

export interface DeclineInvitation {
  request: number;
  clientId: ClientId;
  room: RoomId;
}

export function readDeclineInvitation(input: Reader): DeclineInvitation {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
  };
}

export function writeDeclineInvitation(out: Writer, value: DeclineInvitation): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
}

export interface DeleteRoom {
  request: number;
  clientId: ClientId;
  room: RoomId;
}

export function readDeleteRoom(input: Reader): DeleteRoom {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
  };
}

export function writeDeleteRoom(out: Writer, value: DeleteRoom): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
}

export interface Delivered {
  rooms: DeliveredSeq[];
}

export function readDelivered(input: Reader): Delivered {
  return {
    rooms: input.list(() => readDeliveredSeq(input)),
  };
}

export function writeDelivered(out: Writer, value: Delivered): void {
  out.list(value.rooms, (item) => { writeDeliveredSeq(out, item); });
}

export interface DeliveredSeq {
  room: RoomId;
  seq: number;
}

export function readDeliveredSeq(input: Reader): DeliveredSeq {
  return {
    room: input.id(),
    seq: input.u53(),
  };
}

export function writeDeliveredSeq(out: Writer, value: DeliveredSeq): void {
  out.id(value.room);
  out.u53(value.seq);
}

export interface Done {
  request: number;
}

export function readDone(input: Reader): Done {
  return {
    request: input.u32(),
  };
}

export function writeDone(out: Writer, value: Done): void {
  out.u32(value.request);
}

export type Download = Record<string, never>;

export function readDownload(_input: Reader): Download {
  return {};
}

export function writeDownload(_out: Writer, _value: Download): void {
  return;
}

export interface Draft {
  header: UserEntryHeader;
  room: RoomId;
  text: string;
}

export function readDraft(input: Reader): Draft {
  return {
    header: readUserEntryHeader(input),
    room: input.id(),
    text: input.text(),
  };
}

export function writeDraft(out: Writer, value: Draft): void {
  writeUserEntryHeader(out, value.header);
  out.id(value.room);
  out.text(value.text);
}

export interface EmojiVersion {
  version: number;
}

export function readEmojiVersion(input: Reader): EmojiVersion {
  return {
    version: input.u53(),
  };
}

export function writeEmojiVersion(out: Writer, value: EmojiVersion): void {
  out.u53(value.version);
}

export interface EndUpload {
  digest: FileDigest;
}

export function readEndUpload(input: Reader): EndUpload {
  return {
    digest: input.hex(),
  };
}

export function writeEndUpload(out: Writer, value: EndUpload): void {
  out.hex(value.digest);
}

export interface EntryAvatar {
  header: EntryHeader;
  avatar: Avatar;
}

export function readEntryAvatar(input: Reader): EntryAvatar {
  return {
    header: readEntryHeader(input),
    avatar: readAvatar(input),
  };
}

export function writeEntryAvatar(out: Writer, value: EntryAvatar): void {
  writeEntryHeader(out, value.header);
  writeAvatar(out, value.avatar);
}

export interface EntryCreated {
  header: EntryHeader;
  name: string;
}

export function readEntryCreated(input: Reader): EntryCreated {
  return {
    header: readEntryHeader(input),
    name: input.text(),
  };
}

export function writeEntryCreated(out: Writer, value: EntryCreated): void {
  writeEntryHeader(out, value.header);
  out.text(value.name);
}

export interface EntryDeleted {
  header: EntryHeader;
  target: number;
}

export function readEntryDeleted(input: Reader): EntryDeleted {
  return {
    header: readEntryHeader(input),
    target: input.u53(),
  };
}

export function writeEntryDeleted(out: Writer, value: EntryDeleted): void {
  writeEntryHeader(out, value.header);
  out.u53(value.target);
}

export interface EntryErased {
  header: EntryHeader;
}

export function readEntryErased(input: Reader): EntryErased {
  return {
    header: readEntryHeader(input),
  };
}

export function writeEntryErased(out: Writer, value: EntryErased): void {
  writeEntryHeader(out, value.header);
}

export interface EntryFile {
  header: EntryHeader;
  text: string;
  file: FileInfo;
}

export function readEntryFile(input: Reader): EntryFile {
  return {
    header: readEntryHeader(input),
    text: input.text(),
    file: readFileInfo(input),
  };
}

export function writeEntryFile(out: Writer, value: EntryFile): void {
  writeEntryHeader(out, value.header);
  out.text(value.text);
  writeFileInfo(out, value.file);
}

export interface EntryFileSettled {
  header: EntryHeader;
  target: number;
  state: FileState;
}

export function readEntryFileSettled(input: Reader): EntryFileSettled {
  return {
    header: readEntryHeader(input),
    target: input.u53(),
    state: readFileState(input),
  };
}

export function writeEntryFileSettled(out: Writer, value: EntryFileSettled): void {
  writeEntryHeader(out, value.header);
  out.u53(value.target);
  writeFileState(out, value.state);
}

export interface EntryHeader {
  room: number;
  seq: number;
  atMs: number;
  author: UserId;
  clientId: ClientId;
}

export function readEntryHeader(input: Reader): EntryHeader {
  return {
    room: input.u32(),
    seq: input.u53(),
    atMs: input.u53(),
    author: input.id(),
    clientId: input.id(),
  };
}

export function writeEntryHeader(out: Writer, value: EntryHeader): void {
  out.u32(value.room);
  out.u53(value.seq);
  out.u53(value.atMs);
  out.id(value.author);
  out.id(value.clientId);
}

export interface EntryHidden {
  header: EntryHeader;
}

export function readEntryHidden(input: Reader): EntryHidden {
  return {
    header: readEntryHeader(input),
  };
}

export function writeEntryHidden(out: Writer, value: EntryHidden): void {
  writeEntryHeader(out, value.header);
}

export interface EntryJoined {
  header: EntryHeader;
}

export function readEntryJoined(input: Reader): EntryJoined {
  return {
    header: readEntryHeader(input),
  };
}

export function writeEntryJoined(out: Writer, value: EntryJoined): void {
  writeEntryHeader(out, value.header);
}

export interface EntryLeft {
  header: EntryHeader;
}

export function readEntryLeft(input: Reader): EntryLeft {
  return {
    header: readEntryHeader(input),
  };
}

export function writeEntryLeft(out: Writer, value: EntryLeft): void {
  writeEntryHeader(out, value.header);
}

export interface EntryMemberChange {
  header: EntryHeader;
  change: MemberChange;
}

export function readEntryMemberChange(input: Reader): EntryMemberChange {
  return {
    header: readEntryHeader(input),
    change: readMemberChange(input),
  };
}

export function writeEntryMemberChange(out: Writer, value: EntryMemberChange): void {
  writeEntryHeader(out, value.header);
  writeMemberChange(out, value.change);
}

export interface EntryPosted {
  header: EntryHeader;
  text: string;
}

export function readEntryPosted(input: Reader): EntryPosted {
  return {
    header: readEntryHeader(input),
    text: input.text(),
  };
}

export function writeEntryPosted(out: Writer, value: EntryPosted): void {
  writeEntryHeader(out, value.header);
  out.text(value.text);
}

export interface EntryRoomChange {
  header: EntryHeader;
  change: RoomChange;
}

export function readEntryRoomChange(input: Reader): EntryRoomChange {
  return {
    header: readEntryHeader(input),
    change: readRoomChange(input),
  };
}

export function writeEntryRoomChange(out: Writer, value: EntryRoomChange): void {
  writeEntryHeader(out, value.header);
  writeRoomChange(out, value.change);
}

export interface EntryRoomDeleted {
  header: EntryHeader;
}

export function readEntryRoomDeleted(input: Reader): EntryRoomDeleted {
  return {
    header: readEntryHeader(input),
  };
}

export function writeEntryRoomDeleted(out: Writer, value: EntryRoomDeleted): void {
  writeEntryHeader(out, value.header);
}

/** 26 characters of base32. */
export type Epoch = string;

export interface Failed {
  request: number;
  code: number;
  detail: string;
}

export function readFailed(input: Reader): Failed {
  return {
    request: input.u32(),
    code: input.u32(),
    detail: input.text(),
  };
}

export function writeFailed(out: Writer, value: Failed): void {
  out.u32(value.request);
  out.u32(value.code);
  out.text(value.detail);
}

export interface FileChunk {
  offset: number;
  bytes: Uint8Array;
}

export function readFileChunk(input: Reader): FileChunk {
  return {
    offset: input.u53(),
    bytes: input.buffer(),
  };
}

export function writeFileChunk(out: Writer, value: FileChunk): void {
  out.u53(value.offset);
  out.buffer(value.bytes);
}

/** 64 hexadecimal digits. */
export type FileDigest = string;

export interface FileInfo {
  transfer: TransferId;
  name: string;
  size: number;
  voice: Voice | null;
}

export function readFileInfo(input: Reader): FileInfo {
  return {
    transfer: input.id(),
    name: input.text(),
    size: input.u53(),
    voice: input.option(() => readVoice(input)),
  };
}

export function writeFileInfo(out: Writer, value: FileInfo): void {
  out.id(value.transfer);
  out.text(value.name);
  out.u53(value.size);
  out.option(value.voice, (item) => { writeVoice(out, item); });
}

export interface FileStart {
  request: number;
  size: number;
  length: number;
  mediaType: string;
}

export function readFileStart(input: Reader): FileStart {
  return {
    request: input.u32(),
    size: input.u53(),
    length: input.u53(),
    mediaType: input.text(),
  };
}

export function writeFileStart(out: Writer, value: FileStart): void {
  out.u32(value.request);
  out.u53(value.size);
  out.u53(value.length);
  out.text(value.mediaType);
}

export interface FileState {
  outcome: FileOutcome;
  code: number;
  size: number;
  mediaType: string;
  image: ImageInfo | null;
}

export function readFileState(input: Reader): FileState {
  return {
    outcome: input.u32(),
    code: input.u32(),
    size: input.u53(),
    mediaType: input.text(),
    image: input.option(() => readImageInfo(input)),
  };
}

export function writeFileState(out: Writer, value: FileState): void {
  out.u32(value.outcome);
  out.u32(value.code);
  out.u53(value.size);
  out.text(value.mediaType);
  out.option(value.image, (item) => { writeImageInfo(out, item); });
}

export interface FindPeople {
  request: number;
  text: string;
  after: UserId | null;
  limit: number;
}

export function readFindPeople(input: Reader): FindPeople {
  return {
    request: input.u32(),
    text: input.text(),
    after: input.option(() => input.id()),
    limit: input.u32(),
  };
}

export function writeFindPeople(out: Writer, value: FindPeople): void {
  out.u32(value.request);
  out.text(value.text);
  out.option(value.after, (item) => { out.id(item); });
  out.u32(value.limit);
}

export interface FoundPerson {
  user: UserId;
  username: string;
  name: string;
}

export function readFoundPerson(input: Reader): FoundPerson {
  return {
    user: input.id(),
    username: input.text(),
    name: input.text(),
  };
}

export function writeFoundPerson(out: Writer, value: FoundPerson): void {
  out.id(value.user);
  out.text(value.username);
  out.text(value.name);
}

export interface GetFile {
  request: number;
  room: RoomId;
  seq: number;
  variant: FileVariant;
  offset: number;
  length: number;
}

export function readGetFile(input: Reader): GetFile {
  return {
    request: input.u32(),
    room: input.id(),
    seq: input.u53(),
    variant: input.u32(),
    offset: input.u53(),
    length: input.u53(),
  };
}

export function writeGetFile(out: Writer, value: GetFile): void {
  out.u32(value.request);
  out.id(value.room);
  out.u53(value.seq);
  out.u32(value.variant);
  out.u53(value.offset);
  out.u53(value.length);
}

export interface GetMessages {
  request: number;
  room: RoomId;
  direction: Direction;
  seq: number;
  limit: number;
}

export function readGetMessages(input: Reader): GetMessages {
  return {
    request: input.u32(),
    room: input.id(),
    direction: input.u32(),
    seq: input.u53(),
    limit: input.u32(),
  };
}

export function writeGetMessages(out: Writer, value: GetMessages): void {
  out.u32(value.request);
  out.id(value.room);
  out.u32(value.direction);
  out.u53(value.seq);
  out.u32(value.limit);
}

export interface GetProfile {
  request: number;
  user: UserId;
}

export function readGetProfile(input: Reader): GetProfile {
  return {
    request: input.u32(),
    user: input.id(),
  };
}

export function writeGetProfile(out: Writer, value: GetProfile): void {
  out.u32(value.request);
  out.id(value.user);
}

export interface GetReceipts {
  request: number;
  room: RoomId;
  after: UserId | null;
  limit: number;
}

export function readGetReceipts(input: Reader): GetReceipts {
  return {
    request: input.u32(),
    room: input.id(),
    after: input.option(() => input.id()),
    limit: input.u32(),
  };
}

export function writeGetReceipts(out: Writer, value: GetReceipts): void {
  out.u32(value.request);
  out.id(value.room);
  out.option(value.after, (item) => { out.id(item); });
  out.u32(value.limit);
}

export interface GetRoomFiles {
  request: number;
  room: RoomId;
  before: number;
  limit: number;
}

export function readGetRoomFiles(input: Reader): GetRoomFiles {
  return {
    request: input.u32(),
    room: input.id(),
    before: input.u53(),
    limit: input.u32(),
  };
}

export function writeGetRoomFiles(out: Writer, value: GetRoomFiles): void {
  out.u32(value.request);
  out.id(value.room);
  out.u53(value.before);
  out.u32(value.limit);
}

export interface GetUsers {
  request: number;
  users: UserId[];
}

export function readGetUsers(input: Reader): GetUsers {
  return {
    request: input.u32(),
    users: input.list(() => input.id()),
  };
}

export function writeGetUsers(out: Writer, value: GetUsers): void {
  out.u32(value.request);
  out.list(value.users, (item) => { out.id(item); });
}

export interface GoAway {
  reconnectAfterMs: number;
}

export function readGoAway(input: Reader): GoAway {
  return {
    reconnectAfterMs: input.u32(),
  };
}

export function writeGoAway(out: Writer, value: GoAway): void {
  out.u32(value.reconnectAfterMs);
}

export interface Hello {
  ticket: Ticket;
  attempt: AttemptId;
  client: string;
}

export function readHello(input: Reader): Hello {
  return {
    ticket: input.hex(),
    attempt: input.id(),
    client: input.text(),
  };
}

export function writeHello(out: Writer, value: Hello): void {
  out.hex(value.ticket);
  out.id(value.attempt);
  out.text(value.client);
}

export interface HideReceipts {
  request: number;
  clientId: ClientId;
  hidden: boolean;
}

export function readHideReceipts(input: Reader): HideReceipts {
  return {
    request: input.u32(),
    clientId: input.id(),
    hidden: input.bool(),
  };
}

export function writeHideReceipts(out: Writer, value: HideReceipts): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.bool(value.hidden);
}

export type History = Record<string, never>;

export function readHistory(_input: Reader): History {
  return {};
}

export function writeHistory(_out: Writer, _value: History): void {
  return;
}

export interface ImageInfo {
  width: number;
  height: number;
  animated: boolean;
  blurHash: string;
}

export function readImageInfo(input: Reader): ImageInfo {
  return {
    width: input.u32(),
    height: input.u32(),
    animated: input.bool(),
    blurHash: input.text(),
  };
}

export function writeImageInfo(out: Writer, value: ImageInfo): void {
  out.u32(value.width);
  out.u32(value.height);
  out.bool(value.animated);
  out.text(value.blurHash);
}

export interface InvitationGone {
  header: UserEntryHeader;
  room: RoomId;
}

export function readInvitationGone(input: Reader): InvitationGone {
  return {
    header: readUserEntryHeader(input),
    room: input.id(),
  };
}

export function writeInvitationGone(out: Writer, value: InvitationGone): void {
  writeUserEntryHeader(out, value.header);
  out.id(value.room);
}

export interface InvitedToRoom {
  header: UserEntryHeader;
  room: RoomInfo;
  by: UserId;
  byName: string;
}

export function readInvitedToRoom(input: Reader): InvitedToRoom {
  return {
    header: readUserEntryHeader(input),
    room: readRoomInfo(input),
    by: input.id(),
    byName: input.text(),
  };
}

export function writeInvitedToRoom(out: Writer, value: InvitedToRoom): void {
  writeUserEntryHeader(out, value.header);
  writeRoomInfo(out, value.room);
  out.id(value.by);
  out.text(value.byName);
}

export interface JoinRoom {
  request: number;
  clientId: ClientId;
  room: RoomId;
}

export function readJoinRoom(input: Reader): JoinRoom {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
  };
}

export function writeJoinRoom(out: Writer, value: JoinRoom): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
}

export interface Lane {
  class: LaneClass;
}

export function readLane(input: Reader): Lane {
  return {
    class: input.u32(),
  };
}

export function writeLane(out: Writer, value: Lane): void {
  out.u32(value.class);
}

export interface LaneReady {
  class: LaneClass;
}

export function readLaneReady(input: Reader): LaneReady {
  return {
    class: input.u32(),
  };
}

export function writeLaneReady(out: Writer, value: LaneReady): void {
  out.u32(value.class);
}

export interface LeaveRoom {
  request: number;
  clientId: ClientId;
  room: RoomId;
}

export function readLeaveRoom(input: Reader): LeaveRoom {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
  };
}

export function writeLeaveRoom(out: Writer, value: LeaveRoom): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
}

export interface Limits {
  textBytesMax: number;
  roomNameCharsMax: number;
  roomsPerUserMax: number;
  historyPageMax: number;
  resumeCursorsMax: number;
  presenceWatchMax: number;
  streamsMax: number;
  requestsInFlightMax: number;
  datagramBytesMax: number;
  pingIntervalMs: number;
  deadAfterMs: number;
}

export function readLimits(input: Reader): Limits {
  return {
    textBytesMax: input.u32(),
    roomNameCharsMax: input.u32(),
    roomsPerUserMax: input.u32(),
    historyPageMax: input.u32(),
    resumeCursorsMax: input.u32(),
    presenceWatchMax: input.u32(),
    streamsMax: input.u32(),
    requestsInFlightMax: input.u32(),
    datagramBytesMax: input.u32(),
    pingIntervalMs: input.u32(),
    deadAfterMs: input.u32(),
  };
}

export function writeLimits(out: Writer, value: Limits): void {
  out.u32(value.textBytesMax);
  out.u32(value.roomNameCharsMax);
  out.u32(value.roomsPerUserMax);
  out.u32(value.historyPageMax);
  out.u32(value.resumeCursorsMax);
  out.u32(value.presenceWatchMax);
  out.u32(value.streamsMax);
  out.u32(value.requestsInFlightMax);
  out.u32(value.datagramBytesMax);
  out.u32(value.pingIntervalMs);
  out.u32(value.deadAfterMs);
}

export interface ListMembers {
  request: number;
  room: RoomId;
  after: UserId | null;
  limit: number;
}

export function readListMembers(input: Reader): ListMembers {
  return {
    request: input.u32(),
    room: input.id(),
    after: input.option(() => input.id()),
    limit: input.u32(),
  };
}

export function writeListMembers(out: Writer, value: ListMembers): void {
  out.u32(value.request);
  out.id(value.room);
  out.option(value.after, (item) => { out.id(item); });
  out.u32(value.limit);
}

export interface ListOutside {
  request: number;
  room: RoomId;
  list: OutsideList;
  after: UserId | null;
  limit: number;
}

export function readListOutside(input: Reader): ListOutside {
  return {
    request: input.u32(),
    room: input.id(),
    list: input.u32(),
    after: input.option(() => input.id()),
    limit: input.u32(),
  };
}

export function writeListOutside(out: Writer, value: ListOutside): void {
  out.u32(value.request);
  out.id(value.room);
  out.u32(value.list);
  out.option(value.after, (item) => { out.id(item); });
  out.u32(value.limit);
}

export interface ListRoomLinks {
  request: number;
  room: RoomId;
}

export function readListRoomLinks(input: Reader): ListRoomLinks {
  return {
    request: input.u32(),
    room: input.id(),
  };
}

export function writeListRoomLinks(out: Writer, value: ListRoomLinks): void {
  out.u32(value.request);
  out.id(value.room);
}

export interface ListRooms {
  request: number;
  after: RoomId | null;
  limit: number;
}

export function readListRooms(input: Reader): ListRooms {
  return {
    request: input.u32(),
    after: input.option(() => input.id()),
    limit: input.u32(),
  };
}

export function writeListRooms(out: Writer, value: ListRooms): void {
  out.u32(value.request);
  out.option(value.after, (item) => { out.id(item); });
  out.u32(value.limit);
}

export interface MakeRoomLink {
  request: number;
  clientId: ClientId;
  room: RoomId;
  lifeS: number;
  usesMax: number;
}

export function readMakeRoomLink(input: Reader): MakeRoomLink {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    lifeS: input.u32(),
    usesMax: input.u32(),
  };
}

export function writeMakeRoomLink(out: Writer, value: MakeRoomLink): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.u32(value.lifeS);
  out.u32(value.usesMax);
}

export interface MarkRead {
  request: number;
  room: RoomId;
  seq: number;
}

export function readMarkRead(input: Reader): MarkRead {
  return {
    request: input.u32(),
    room: input.id(),
    seq: input.u53(),
  };
}

export function writeMarkRead(out: Writer, value: MarkRead): void {
  out.u32(value.request);
  out.id(value.room);
  out.u53(value.seq);
}

export interface MarkUnread {
  request: number;
  clientId: ClientId;
  room: RoomId;
  seq: number;
}

export function readMarkUnread(input: Reader): MarkUnread {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    seq: input.u53(),
  };
}

export function writeMarkUnread(out: Writer, value: MarkUnread): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.u53(value.seq);
}

export interface Marked {
  request: number;
  state: ReadState;
}

export function readMarked(input: Reader): Marked {
  return {
    request: input.u32(),
    state: readReadState(input),
  };
}

export function writeMarked(out: Writer, value: Marked): void {
  out.u32(value.request);
  writeReadState(out, value.state);
}

export interface Member {
  user: UserId;
  name: string;
  joinedMs: number;
  online: boolean;
}

export function readMember(input: Reader): Member {
  return {
    user: input.id(),
    name: input.text(),
    joinedMs: input.u53(),
    online: input.bool(),
  };
}

export function writeMember(out: Writer, value: Member): void {
  out.id(value.user);
  out.text(value.name);
  out.u53(value.joinedMs);
  out.bool(value.online);
}

export interface MemberChange {
  action: MemberAction;
  user: UserId;
  name: string;
}

export function readMemberChange(input: Reader): MemberChange {
  return {
    action: input.u32(),
    user: input.id(),
    name: input.text(),
  };
}

export function writeMemberChange(out: Writer, value: MemberChange): void {
  out.u32(value.action);
  out.id(value.user);
  out.text(value.name);
}

export interface MemberPage {
  request: number;
  members: Member[];
  more: boolean;
}

export function readMemberPage(input: Reader): MemberPage {
  return {
    request: input.u32(),
    members: input.list(() => readMember(input)),
    more: input.bool(),
  };
}

export function writeMemberPage(out: Writer, value: MemberPage): void {
  out.u32(value.request);
  out.list(value.members, (item) => { writeMember(out, item); });
  out.bool(value.more);
}

export interface MemberRole {
  user: UserId;
  role: RoomRole;
}

export function readMemberRole(input: Reader): MemberRole {
  return {
    user: input.id(),
    role: input.u32(),
  };
}

export function writeMemberRole(out: Writer, value: MemberRole): void {
  out.id(value.user);
  out.u32(value.role);
}

export interface MemberRoles {
  roles: MemberRole[];
}

export function readMemberRoles(input: Reader): MemberRoles {
  return {
    roles: input.list(() => readMemberRole(input)),
  };
}

export function writeMemberRoles(out: Writer, value: MemberRoles): void {
  out.list(value.roles, (item) => { writeMemberRole(out, item); });
}

export interface Message {
  seq: number;
  atMs: number;
  author: UserId;
  clientId: ClientId;
  kind: MessageKind;
  text: string;
  edits: number;
}

export function readMessage(input: Reader): Message {
  return {
    seq: input.u53(),
    atMs: input.u53(),
    author: input.id(),
    clientId: input.id(),
    kind: input.u32(),
    text: input.text(),
    edits: input.u32(),
  };
}

export function writeMessage(out: Writer, value: Message): void {
  out.u53(value.seq);
  out.u53(value.atMs);
  out.id(value.author);
  out.id(value.clientId);
  out.u32(value.kind);
  out.text(value.text);
  out.u32(value.edits);
}

export interface MessageChanges {
  request: number;
  rooms: MessageRoomChange[];
  members: MessageMemberChange[];
}

export function readMessageChanges(input: Reader): MessageChanges {
  return {
    request: input.u32(),
    rooms: input.list(() => readMessageRoomChange(input)),
    members: input.list(() => readMessageMemberChange(input)),
  };
}

export function writeMessageChanges(out: Writer, value: MessageChanges): void {
  out.u32(value.request);
  out.list(value.rooms, (item) => { writeMessageRoomChange(out, item); });
  out.list(value.members, (item) => { writeMessageMemberChange(out, item); });
}

export interface MessageFile {
  seq: number;
  file: FileInfo;
  state: FileState;
}

export function readMessageFile(input: Reader): MessageFile {
  return {
    seq: input.u53(),
    file: readFileInfo(input),
    state: readFileState(input),
  };
}

export function writeMessageFile(out: Writer, value: MessageFile): void {
  out.u53(value.seq);
  writeFileInfo(out, value.file);
  writeFileState(out, value.state);
}

export interface MessageFiles {
  request: number;
  files: MessageFile[];
}

export function readMessageFiles(input: Reader): MessageFiles {
  return {
    request: input.u32(),
    files: input.list(() => readMessageFile(input)),
  };
}

export function writeMessageFiles(out: Writer, value: MessageFiles): void {
  out.u32(value.request);
  out.list(value.files, (item) => { writeMessageFile(out, item); });
}

export interface MessageMemberChange {
  seq: number;
  change: MemberChange;
}

export function readMessageMemberChange(input: Reader): MessageMemberChange {
  return {
    seq: input.u53(),
    change: readMemberChange(input),
  };
}

export function writeMessageMemberChange(out: Writer, value: MessageMemberChange): void {
  out.u53(value.seq);
  writeMemberChange(out, value.change);
}

export interface MessagePage {
  request: number;
  epoch: Epoch;
  asOf: number;
  messages: Message[];
  next: number | null;
}

export function readMessagePage(input: Reader): MessagePage {
  return {
    request: input.u32(),
    epoch: input.id(),
    asOf: input.u53(),
    messages: input.list(() => readMessage(input)),
    next: input.option(() => input.u53()),
  };
}

export function writeMessagePage(out: Writer, value: MessagePage): void {
  out.u32(value.request);
  out.id(value.epoch);
  out.u53(value.asOf);
  out.list(value.messages, (item) => { writeMessage(out, item); });
  out.option(value.next, (item) => { out.u53(item); });
}

export interface MessageRoomChange {
  seq: number;
  change: RoomChange;
}

export function readMessageRoomChange(input: Reader): MessageRoomChange {
  return {
    seq: input.u53(),
    change: readRoomChange(input),
  };
}

export function writeMessageRoomChange(out: Writer, value: MessageRoomChange): void {
  out.u53(value.seq);
  writeRoomChange(out, value.change);
}

export interface OpenPrivateChat {
  request: number;
  user: UserId;
}

export function readOpenPrivateChat(input: Reader): OpenPrivateChat {
  return {
    request: input.u32(),
    user: input.id(),
  };
}

export function writeOpenPrivateChat(out: Writer, value: OpenPrivateChat): void {
  out.u32(value.request);
  out.id(value.user);
}

export interface OpenRoomLink {
  request: number;
  clientId: ClientId;
  text: string;
  join: boolean;
}

export function readOpenRoomLink(input: Reader): OpenRoomLink {
  return {
    request: input.u32(),
    clientId: input.id(),
    text: input.text(),
    join: input.bool(),
  };
}

export function writeOpenRoomLink(out: Writer, value: OpenRoomLink): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.text(value.text);
  out.bool(value.join);
}

export interface OutsidePage {
  request: number;
  people: Outsider[];
  more: boolean;
}

export function readOutsidePage(input: Reader): OutsidePage {
  return {
    request: input.u32(),
    people: input.list(() => readOutsider(input)),
    more: input.bool(),
  };
}

export function writeOutsidePage(out: Writer, value: OutsidePage): void {
  out.u32(value.request);
  out.list(value.people, (item) => { writeOutsider(out, item); });
  out.bool(value.more);
}

export interface Outsider {
  user: UserId;
  name: string;
  by: UserId;
  byName: string;
  atMs: number;
}

export function readOutsider(input: Reader): Outsider {
  return {
    user: input.id(),
    name: input.text(),
    by: input.id(),
    byName: input.text(),
    atMs: input.u53(),
  };
}

export function writeOutsider(out: Writer, value: Outsider): void {
  out.id(value.user);
  out.text(value.name);
  out.id(value.by);
  out.text(value.byName);
  out.u53(value.atMs);
}

export interface OwnSettings {
  chosenName: string;
  isListed: boolean;
  showsSeen: boolean;
  doNotDisturb: boolean;
  emoji: string;
  text: string;
  untilMs: number;
  blocked: UserId[];
}

export function readOwnSettings(input: Reader): OwnSettings {
  return {
    chosenName: input.text(),
    isListed: input.bool(),
    showsSeen: input.bool(),
    doNotDisturb: input.bool(),
    emoji: input.text(),
    text: input.text(),
    untilMs: input.u53(),
    blocked: input.list(() => input.id()),
  };
}

export function writeOwnSettings(out: Writer, value: OwnSettings): void {
  out.text(value.chosenName);
  out.bool(value.isListed);
  out.bool(value.showsSeen);
  out.bool(value.doNotDisturb);
  out.text(value.emoji);
  out.text(value.text);
  out.u53(value.untilMs);
  out.list(value.blocked, (item) => { out.id(item); });
}

export interface PeoplePage {
  request: number;
  people: FoundPerson[];
  more: boolean;
}

export function readPeoplePage(input: Reader): PeoplePage {
  return {
    request: input.u32(),
    people: input.list(() => readFoundPerson(input)),
    more: input.bool(),
  };
}

export function writePeoplePage(out: Writer, value: PeoplePage): void {
  out.u32(value.request);
  out.list(value.people, (item) => { writeFoundPerson(out, item); });
  out.bool(value.more);
}

export interface Ping {
  nonce: number;
}

export function readPing(input: Reader): Ping {
  return {
    nonce: input.u32(),
  };
}

export function writePing(out: Writer, value: Ping): void {
  out.u32(value.nonce);
}

export interface PlacedPost {
  seq: number;
  atMs: number;
  replay: Replay;
}

export function readPlacedPost(input: Reader): PlacedPost {
  return {
    seq: input.u53(),
    atMs: input.u53(),
    replay: input.u32(),
  };
}

export function writePlacedPost(out: Writer, value: PlacedPost): void {
  out.u53(value.seq);
  out.u53(value.atMs);
  out.u32(value.replay);
}

export interface Pong {
  nonce: number;
  nowMs: number;
}

export function readPong(input: Reader): Pong {
  return {
    nonce: input.u32(),
    nowMs: input.u53(),
  };
}

export function writePong(out: Writer, value: Pong): void {
  out.u32(value.nonce);
  out.u53(value.nowMs);
}

export interface Post {
  request: number;
  room: RoomId;
  clientId: ClientId;
  text: string;
}

export function readPost(input: Reader): Post {
  return {
    request: input.u32(),
    room: input.id(),
    clientId: input.id(),
    text: input.text(),
  };
}

export function writePost(out: Writer, value: Post): void {
  out.u32(value.request);
  out.id(value.room);
  out.id(value.clientId);
  out.text(value.text);
}

export interface PostBatch {
  request: number;
  room: RoomId;
  posts: BatchPost[];
}

export function readPostBatch(input: Reader): PostBatch {
  return {
    request: input.u32(),
    room: input.id(),
    posts: input.list(() => readBatchPost(input)),
  };
}

export function writePostBatch(out: Writer, value: PostBatch): void {
  out.u32(value.request);
  out.id(value.room);
  out.list(value.posts, (item) => { writeBatchPost(out, item); });
}

export interface Presence {
  slots: PresenceSlot[];
}

export function readPresence(input: Reader): Presence {
  return {
    slots: input.list(() => readPresenceSlot(input)),
  };
}

export function writePresence(out: Writer, value: Presence): void {
  out.list(value.slots, (item) => { writePresenceSlot(out, item); });
}

export interface PresenceDetail {
  user: UserId;
  availability: Availability;
  emoji: string;
  text: string;
  untilMs: number;
  seenMs: number;
}

export function readPresenceDetail(input: Reader): PresenceDetail {
  return {
    user: input.id(),
    availability: input.u32(),
    emoji: input.text(),
    text: input.text(),
    untilMs: input.u53(),
    seenMs: input.u53(),
  };
}

export function writePresenceDetail(out: Writer, value: PresenceDetail): void {
  out.id(value.user);
  out.u32(value.availability);
  out.text(value.emoji);
  out.text(value.text);
  out.u53(value.untilMs);
  out.u53(value.seenMs);
}

export interface PresenceDetails {
  people: PresenceDetail[];
}

export function readPresenceDetails(input: Reader): PresenceDetails {
  return {
    people: input.list(() => readPresenceDetail(input)),
  };
}

export function writePresenceDetails(out: Writer, value: PresenceDetails): void {
  out.list(value.people, (item) => { writePresenceDetail(out, item); });
}

export interface PresenceSlot {
  user: UserId;
  version: number;
  state: PresenceState;
}

export function readPresenceSlot(input: Reader): PresenceSlot {
  return {
    user: input.id(),
    version: input.u53(),
    state: input.u32(),
  };
}

export function writePresenceSlot(out: Writer, value: PresenceSlot): void {
  out.id(value.user);
  out.u53(value.version);
  out.u32(value.state);
}

export interface Profile {
  user: UserId;
  username: string;
  name: string;
  language: string;
  timeZone: string;
}

export function readProfile(input: Reader): Profile {
  return {
    user: input.id(),
    username: input.text(),
    name: input.text(),
    language: input.text(),
    timeZone: input.text(),
  };
}

export function writeProfile(out: Writer, value: Profile): void {
  out.id(value.user);
  out.text(value.username);
  out.text(value.name);
  out.text(value.language);
  out.text(value.timeZone);
}

export interface ProfileAnswer {
  request: number;
  profile: Profile;
  own: OwnSettings | null;
}

export function readProfileAnswer(input: Reader): ProfileAnswer {
  return {
    request: input.u32(),
    profile: readProfile(input),
    own: input.option(() => readOwnSettings(input)),
  };
}

export function writeProfileAnswer(out: Writer, value: ProfileAnswer): void {
  out.u32(value.request);
  writeProfile(out, value.profile);
  out.option(value.own, (item) => { writeOwnSettings(out, item); });
}

export interface ReadState {
  room: RoomId;
  mark: number;
  version: number;
  asOf: number;
  unread: number;
  mentions: number;
}

export function readReadState(input: Reader): ReadState {
  return {
    room: input.id(),
    mark: input.u53(),
    version: input.u53(),
    asOf: input.u53(),
    unread: input.u32(),
    mentions: input.u32(),
  };
}

export function writeReadState(out: Writer, value: ReadState): void {
  out.id(value.room);
  out.u53(value.mark);
  out.u53(value.version);
  out.u53(value.asOf);
  out.u32(value.unread);
  out.u32(value.mentions);
}

export interface ReadStates {
  states: ReadState[];
}

export function readReadStates(input: Reader): ReadStates {
  return {
    states: input.list(() => readReadState(input)),
  };
}

export function writeReadStates(out: Writer, value: ReadStates): void {
  out.list(value.states, (item) => { writeReadState(out, item); });
}

export interface Receipt {
  user: UserId;
  seq: number;
}

export function readReceipt(input: Reader): Receipt {
  return {
    user: input.id(),
    seq: input.u53(),
  };
}

export function writeReceipt(out: Writer, value: Receipt): void {
  out.id(value.user);
  out.u53(value.seq);
}

export interface ReceiptPage {
  request: number;
  receipts: Receipt[];
  next: UserId | null;
}

export function readReceiptPage(input: Reader): ReceiptPage {
  return {
    request: input.u32(),
    receipts: input.list(() => readReceipt(input)),
    next: input.option(() => input.id()),
  };
}

export function writeReceiptPage(out: Writer, value: ReceiptPage): void {
  out.u32(value.request);
  out.list(value.receipts, (item) => { writeReceipt(out, item); });
  out.option(value.next, (item) => { out.id(item); });
}

export interface Receipts {
  room: RoomId;
  receipts: Receipt[];
}

export function readReceipts(input: Reader): Receipts {
  return {
    room: input.id(),
    receipts: input.list(() => readReceipt(input)),
  };
}

export function writeReceipts(out: Writer, value: Receipts): void {
  out.id(value.room);
  out.list(value.receipts, (item) => { writeReceipt(out, item); });
}

export interface ReceiptsHidden {
  header: UserEntryHeader;
  hidden: boolean;
}

export function readReceiptsHidden(input: Reader): ReceiptsHidden {
  return {
    header: readUserEntryHeader(input),
    hidden: input.bool(),
  };
}

export function writeReceiptsHidden(out: Writer, value: ReceiptsHidden): void {
  writeUserEntryHeader(out, value.header);
  out.bool(value.hidden);
}

export interface RemoveMessage {
  request: number;
  clientId: ClientId;
  room: RoomId;
  seq: number;
}

export function readRemoveMessage(input: Reader): RemoveMessage {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    seq: input.u53(),
  };
}

export function writeRemoveMessage(out: Writer, value: RemoveMessage): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.u53(value.seq);
}

export interface Report {
  request: number;
  clientId: ClientId;
  user: UserId;
  message: ReportedMessage | null;
  reason: string;
}

export function readReport(input: Reader): Report {
  return {
    request: input.u32(),
    clientId: input.id(),
    user: input.id(),
    message: input.option(() => readReportedMessage(input)),
    reason: input.text(),
  };
}

export function writeReport(out: Writer, value: Report): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.user);
  out.option(value.message, (item) => { writeReportedMessage(out, item); });
  out.text(value.reason);
}

export interface ReportedMessage {
  room: RoomId;
  seq: number;
}

export function readReportedMessage(input: Reader): ReportedMessage {
  return {
    room: input.id(),
    seq: input.u53(),
  };
}

export function writeReportedMessage(out: Writer, value: ReportedMessage): void {
  out.id(value.room);
  out.u53(value.seq);
}

export interface Resume {
  request: number;
  cursors: Cursor[];
}

export function readResume(input: Reader): Resume {
  return {
    request: input.u32(),
    cursors: input.list(() => readCursor(input)),
  };
}

export function writeResume(out: Writer, value: Resume): void {
  out.u32(value.request);
  out.list(value.cursors, (item) => { writeCursor(out, item); });
}

export interface Resumed {
  request: number;
  unchanged: number;
  rooms: ResumedRoom[];
}

export function readResumed(input: Reader): Resumed {
  return {
    request: input.u32(),
    unchanged: input.u32(),
    rooms: input.list(() => readResumedRoom(input)),
  };
}

export function writeResumed(out: Writer, value: Resumed): void {
  out.u32(value.request);
  out.u32(value.unchanged);
  out.list(value.rooms, (item) => { writeResumedRoom(out, item); });
}

export interface ResumedRoom {
  room: RoomId;
  outcome: Outcome;
  epoch: Epoch;
  base: number;
  head: number;
}

export function readResumedRoom(input: Reader): ResumedRoom {
  return {
    room: input.id(),
    outcome: input.u32(),
    epoch: input.id(),
    base: input.u53(),
    head: input.u53(),
  };
}

export function writeResumedRoom(out: Writer, value: ResumedRoom): void {
  out.id(value.room);
  out.u32(value.outcome);
  out.id(value.epoch);
  out.u53(value.base);
  out.u53(value.head);
}

export interface RevokeRoomLink {
  request: number;
  clientId: ClientId;
  room: RoomId;
  link: string;
}

export function readRevokeRoomLink(input: Reader): RevokeRoomLink {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    link: input.text(),
  };
}

export function writeRevokeRoomLink(out: Writer, value: RevokeRoomLink): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.text(value.link);
}

export interface RoomAdded {
  header: UserEntryHeader;
  room: RoomInfo;
}

export function readRoomAdded(input: Reader): RoomAdded {
  return {
    header: readUserEntryHeader(input),
    room: readRoomInfo(input),
  };
}

export function writeRoomAdded(out: Writer, value: RoomAdded): void {
  writeUserEntryHeader(out, value.header);
  writeRoomInfo(out, value.room);
}

export interface RoomAnswer {
  request: number;
  room: RoomInfo;
}

export function readRoomAnswer(input: Reader): RoomAnswer {
  return {
    request: input.u32(),
    room: readRoomInfo(input),
  };
}

export function writeRoomAnswer(out: Writer, value: RoomAnswer): void {
  out.u32(value.request);
  writeRoomInfo(out, value.room);
}

export interface RoomAvatar {
  room: RoomId;
  avatar: Avatar;
}

export function readRoomAvatar(input: Reader): RoomAvatar {
  return {
    room: input.id(),
    avatar: readAvatar(input),
  };
}

export function writeRoomAvatar(out: Writer, value: RoomAvatar): void {
  out.id(value.room);
  writeAvatar(out, value.avatar);
}

export interface RoomAvatars {
  avatars: RoomAvatar[];
}

export function readRoomAvatars(input: Reader): RoomAvatars {
  return {
    avatars: input.list(() => readRoomAvatar(input)),
  };
}

export function writeRoomAvatars(out: Writer, value: RoomAvatars): void {
  out.list(value.avatars, (item) => { writeRoomAvatar(out, item); });
}

export interface RoomChange {
  setting: RoomSetting;
  text: string;
  value: number;
}

export function readRoomChange(input: Reader): RoomChange {
  return {
    setting: input.u32(),
    text: input.text(),
    value: input.u32(),
  };
}

export function writeRoomChange(out: Writer, value: RoomChange): void {
  out.u32(value.setting);
  out.text(value.text);
  out.u32(value.value);
}

export interface RoomDetail {
  room: RoomId;
  kind: RoomKind;
  with: UserId | null;
  name: string;
  topic: string;
  access: RoomAccess;
  history: RoomHistory;
  members: number;
  owner: UserId;
  role: RoomRole;
  slowModeMs: number;
  archived: boolean;
  closed: boolean;
}

export function readRoomDetail(input: Reader): RoomDetail {
  return {
    room: input.id(),
    kind: input.u32(),
    with: input.option(() => input.id()),
    name: input.text(),
    topic: input.text(),
    access: input.u32(),
    history: input.u32(),
    members: input.u32(),
    owner: input.id(),
    role: input.u32(),
    slowModeMs: input.u32(),
    archived: input.bool(),
    closed: input.bool(),
  };
}

export function writeRoomDetail(out: Writer, value: RoomDetail): void {
  out.id(value.room);
  out.u32(value.kind);
  out.option(value.with, (item) => { out.id(item); });
  out.text(value.name);
  out.text(value.topic);
  out.u32(value.access);
  out.u32(value.history);
  out.u32(value.members);
  out.id(value.owner);
  out.u32(value.role);
  out.u32(value.slowModeMs);
  out.bool(value.archived);
  out.bool(value.closed);
}

export interface RoomDetails {
  rooms: RoomDetail[];
}

export function readRoomDetails(input: Reader): RoomDetails {
  return {
    rooms: input.list(() => readRoomDetail(input)),
  };
}

export function writeRoomDetails(out: Writer, value: RoomDetails): void {
  out.list(value.rooms, (item) => { writeRoomDetail(out, item); });
}

export interface RoomHandle {
  handle: number;
  room: RoomId;
  epoch: Epoch;
}

export function readRoomHandle(input: Reader): RoomHandle {
  return {
    handle: input.u32(),
    room: input.id(),
    epoch: input.id(),
  };
}

export function writeRoomHandle(out: Writer, value: RoomHandle): void {
  out.u32(value.handle);
  out.id(value.room);
  out.id(value.epoch);
}

/** 26 characters of base32. */
export type RoomId = string;

export interface RoomInfo {
  id: RoomId;
  name: string;
  creator: UserId;
  creatorName: string;
  createdMs: number;
  members: number;
  joined: boolean;
}

export function readRoomInfo(input: Reader): RoomInfo {
  return {
    id: input.id(),
    name: input.text(),
    creator: input.id(),
    creatorName: input.text(),
    createdMs: input.u53(),
    members: input.u32(),
    joined: input.bool(),
  };
}

export function writeRoomInfo(out: Writer, value: RoomInfo): void {
  out.id(value.id);
  out.text(value.name);
  out.id(value.creator);
  out.text(value.creatorName);
  out.u53(value.createdMs);
  out.u32(value.members);
  out.bool(value.joined);
}

export interface RoomLinkInfo {
  id: string;
  by: UserId;
  byName: string;
  createdMs: number;
  expiresMs: number;
  usesMax: number;
  uses: number;
}

export function readRoomLinkInfo(input: Reader): RoomLinkInfo {
  return {
    id: input.text(),
    by: input.id(),
    byName: input.text(),
    createdMs: input.u53(),
    expiresMs: input.u53(),
    usesMax: input.u32(),
    uses: input.u32(),
  };
}

export function writeRoomLinkInfo(out: Writer, value: RoomLinkInfo): void {
  out.text(value.id);
  out.id(value.by);
  out.text(value.byName);
  out.u53(value.createdMs);
  out.u53(value.expiresMs);
  out.u32(value.usesMax);
  out.u32(value.uses);
}

export interface RoomLinkMade {
  request: number;
  link: RoomLinkInfo;
  text: string;
}

export function readRoomLinkMade(input: Reader): RoomLinkMade {
  return {
    request: input.u32(),
    link: readRoomLinkInfo(input),
    text: input.text(),
  };
}

export function writeRoomLinkMade(out: Writer, value: RoomLinkMade): void {
  out.u32(value.request);
  writeRoomLinkInfo(out, value.link);
  out.text(value.text);
}

export interface RoomLinks {
  request: number;
  links: RoomLinkInfo[];
}

export function readRoomLinks(input: Reader): RoomLinks {
  return {
    request: input.u32(),
    links: input.list(() => readRoomLinkInfo(input)),
  };
}

export function writeRoomLinks(out: Writer, value: RoomLinks): void {
  out.u32(value.request);
  out.list(value.links, (item) => { writeRoomLinkInfo(out, item); });
}

export interface RoomOnline {
  room: RoomId;
  online: number;
}

export function readRoomOnline(input: Reader): RoomOnline {
  return {
    room: input.id(),
    online: input.u32(),
  };
}

export function writeRoomOnline(out: Writer, value: RoomOnline): void {
  out.id(value.room);
  out.u32(value.online);
}

export interface RoomPage {
  request: number;
  rooms: RoomInfo[];
  more: boolean;
}

export function readRoomPage(input: Reader): RoomPage {
  return {
    request: input.u32(),
    rooms: input.list(() => readRoomInfo(input)),
    more: input.bool(),
  };
}

export function writeRoomPage(out: Writer, value: RoomPage): void {
  out.u32(value.request);
  out.list(value.rooms, (item) => { writeRoomInfo(out, item); });
  out.bool(value.more);
}

export interface RoomPreferences {
  header: UserEntryHeader;
  room: RoomId;
  notify: Notify;
  pinned: boolean;
  archived: boolean;
}

export function readRoomPreferences(input: Reader): RoomPreferences {
  return {
    header: readUserEntryHeader(input),
    room: input.id(),
    notify: input.u32(),
    pinned: input.bool(),
    archived: input.bool(),
  };
}

export function writeRoomPreferences(out: Writer, value: RoomPreferences): void {
  writeUserEntryHeader(out, value.header);
  out.id(value.room);
  out.u32(value.notify);
  out.bool(value.pinned);
  out.bool(value.archived);
}

export interface RoomRemoved {
  header: UserEntryHeader;
  room: RoomId;
}

export function readRoomRemoved(input: Reader): RoomRemoved {
  return {
    header: readUserEntryHeader(input),
    room: input.id(),
  };
}

export function writeRoomRemoved(out: Writer, value: RoomRemoved): void {
  writeUserEntryHeader(out, value.header);
  out.id(value.room);
}

/** 26 characters of base32. */
export type SessionId = string;

export interface SetActivity {
  request: number;
  activity: Activity;
}

export function readSetActivity(input: Reader): SetActivity {
  return {
    request: input.u32(),
    activity: input.u32(),
  };
}

export function writeSetActivity(out: Writer, value: SetActivity): void {
  out.u32(value.request);
  out.u32(value.activity);
}

export interface SetBlock {
  request: number;
  user: UserId;
  isBlocked: boolean;
}

export function readSetBlock(input: Reader): SetBlock {
  return {
    request: input.u32(),
    user: input.id(),
    isBlocked: input.bool(),
  };
}

export function writeSetBlock(out: Writer, value: SetBlock): void {
  out.u32(value.request);
  out.id(value.user);
  out.bool(value.isBlocked);
}

export interface SetDraft {
  request: number;
  clientId: ClientId;
  room: RoomId;
  text: string;
}

export function readSetDraft(input: Reader): SetDraft {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    text: input.text(),
  };
}

export function writeSetDraft(out: Writer, value: SetDraft): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.text(value.text);
}

export interface SetProfile {
  request: number;
  chosenName: string;
  language: string;
  timeZone: string;
  isListed: boolean;
  showsSeen: boolean;
}

export function readSetProfile(input: Reader): SetProfile {
  return {
    request: input.u32(),
    chosenName: input.text(),
    language: input.text(),
    timeZone: input.text(),
    isListed: input.bool(),
    showsSeen: input.bool(),
  };
}

export function writeSetProfile(out: Writer, value: SetProfile): void {
  out.u32(value.request);
  out.text(value.chosenName);
  out.text(value.language);
  out.text(value.timeZone);
  out.bool(value.isListed);
  out.bool(value.showsSeen);
}

export interface SetRoomPreferences {
  request: number;
  clientId: ClientId;
  room: RoomId;
  notify: Notify | null;
  pinned: boolean | null;
  archived: boolean | null;
}

export function readSetRoomPreferences(input: Reader): SetRoomPreferences {
  return {
    request: input.u32(),
    clientId: input.id(),
    room: input.id(),
    notify: input.option(() => input.u32()),
    pinned: input.option(() => input.bool()),
    archived: input.option(() => input.bool()),
  };
}

export function writeSetRoomPreferences(out: Writer, value: SetRoomPreferences): void {
  out.u32(value.request);
  out.id(value.clientId);
  out.id(value.room);
  out.option(value.notify, (item) => { out.u32(item); });
  out.option(value.pinned, (item) => { out.bool(item); });
  out.option(value.archived, (item) => { out.bool(item); });
}

export interface SetStatus {
  request: number;
  doNotDisturb: boolean;
  emoji: string;
  text: string;
  untilMs: number;
}

export function readSetStatus(input: Reader): SetStatus {
  return {
    request: input.u32(),
    doNotDisturb: input.bool(),
    emoji: input.text(),
    text: input.text(),
    untilMs: input.u53(),
  };
}

export function writeSetStatus(out: Writer, value: SetStatus): void {
  out.u32(value.request);
  out.bool(value.doNotDisturb);
  out.text(value.emoji);
  out.text(value.text);
  out.u53(value.untilMs);
}

export interface StartUpload {
  transfer: TransferId;
  fileUse: FileUse;
  room: RoomId;
  clientId: ClientId;
  name: string;
  mediaType: string;
  size: number;
  text: string;
  voice: Voice | null;
  digest: FileDigest | null;
}

export function readStartUpload(input: Reader): StartUpload {
  return {
    transfer: input.id(),
    fileUse: input.u32(),
    room: input.id(),
    clientId: input.id(),
    name: input.text(),
    mediaType: input.text(),
    size: input.u53(),
    text: input.text(),
    voice: input.option(() => readVoice(input)),
    digest: input.option(() => input.hex()),
  };
}

export function writeStartUpload(out: Writer, value: StartUpload): void {
  out.id(value.transfer);
  out.u32(value.fileUse);
  out.id(value.room);
  out.id(value.clientId);
  out.text(value.name);
  out.text(value.mediaType);
  out.u53(value.size);
  out.text(value.text);
  out.option(value.voice, (item) => { writeVoice(out, item); });
  out.option(value.digest, (item) => { out.hex(item); });
}

export interface TellDelivered {
  rooms: DeliveredSeq[];
}

export function readTellDelivered(input: Reader): TellDelivered {
  return {
    rooms: input.list(() => readDeliveredSeq(input)),
  };
}

export function writeTellDelivered(out: Writer, value: TellDelivered): void {
  out.list(value.rooms, (item) => { writeDeliveredSeq(out, item); });
}

/** 64 hexadecimal digits. */
export type Ticket = string;

/** 26 characters of base32. */
export type TransferId = string;

export interface Typing {
  room: RoomId;
  user: UserId;
  isTyping: boolean;
}

export function readTyping(input: Reader): Typing {
  return {
    room: input.id(),
    user: input.id(),
    isTyping: input.bool(),
  };
}

export function writeTyping(out: Writer, value: Typing): void {
  out.id(value.room);
  out.id(value.user);
  out.bool(value.isTyping);
}

export type Upload = Record<string, never>;

export function readUpload(_input: Reader): Upload {
  return {};
}

export function writeUpload(_out: Writer, _value: Upload): void {
  return;
}

export interface UploadAt {
  epoch: Epoch;
  seq: number;
  offset: number;
  credit: number;
}

export function readUploadAt(input: Reader): UploadAt {
  return {
    epoch: input.id(),
    seq: input.u53(),
    offset: input.u53(),
    credit: input.u53(),
  };
}

export function writeUploadAt(out: Writer, value: UploadAt): void {
  out.id(value.epoch);
  out.u53(value.seq);
  out.u53(value.offset);
  out.u53(value.credit);
}

export interface Uploaded {
  epoch: Epoch;
  seq: number;
  state: FileState;
}

export function readUploaded(input: Reader): Uploaded {
  return {
    epoch: input.id(),
    seq: input.u53(),
    state: readFileState(input),
  };
}

export function writeUploaded(out: Writer, value: Uploaded): void {
  out.id(value.epoch);
  out.u53(value.seq);
  writeFileState(out, value.state);
}

export interface UserAvatar {
  user: UserId;
  avatar: Avatar;
}

export function readUserAvatar(input: Reader): UserAvatar {
  return {
    user: input.id(),
    avatar: readAvatar(input),
  };
}

export function writeUserAvatar(out: Writer, value: UserAvatar): void {
  out.id(value.user);
  writeAvatar(out, value.avatar);
}

export interface UserAvatars {
  avatars: UserAvatar[];
}

export function readUserAvatars(input: Reader): UserAvatars {
  return {
    avatars: input.list(() => readUserAvatar(input)),
  };
}

export function writeUserAvatars(out: Writer, value: UserAvatars): void {
  out.list(value.avatars, (item) => { writeUserAvatar(out, item); });
}

export interface UserEntryHeader {
  seq: number;
  atMs: number;
}

export function readUserEntryHeader(input: Reader): UserEntryHeader {
  return {
    seq: input.u53(),
    atMs: input.u53(),
  };
}

export function writeUserEntryHeader(out: Writer, value: UserEntryHeader): void {
  out.u53(value.seq);
  out.u53(value.atMs);
}

export interface UserHead {
  seq: number;
}

export function readUserHead(input: Reader): UserHead {
  return {
    seq: input.u53(),
  };
}

export function writeUserHead(out: Writer, value: UserHead): void {
  out.u53(value.seq);
}

/** 26 characters of base32. */
export type UserId = string;

export interface UserInfo {
  id: UserId;
  name: string;
}

export function readUserInfo(input: Reader): UserInfo {
  return {
    id: input.id(),
    name: input.text(),
  };
}

export function writeUserInfo(out: Writer, value: UserInfo): void {
  out.id(value.id);
  out.text(value.name);
}

export interface UserNames {
  users: UserInfo[];
}

export function readUserNames(input: Reader): UserNames {
  return {
    users: input.list(() => readUserInfo(input)),
  };
}

export function writeUserNames(out: Writer, value: UserNames): void {
  out.list(value.users, (item) => { writeUserInfo(out, item); });
}

export interface Users {
  request: number;
  users: UserInfo[];
}

export function readUsers(input: Reader): Users {
  return {
    request: input.u32(),
    users: input.list(() => readUserInfo(input)),
  };
}

export function writeUsers(out: Writer, value: Users): void {
  out.u32(value.request);
  out.list(value.users, (item) => { writeUserInfo(out, item); });
}

export interface View {
  room: RoomId | null;
  haveSeq: number;
}

export function readView(input: Reader): View {
  return {
    room: input.option(() => input.id()),
    haveSeq: input.u53(),
  };
}

export function writeView(out: Writer, value: View): void {
  out.option(value.room, (item) => { out.id(item); });
  out.u53(value.haveSeq);
}

export interface Voice {
  durationMs: number;
  waveform: Uint8Array;
}

export function readVoice(input: Reader): Voice {
  return {
    durationMs: input.u32(),
    waveform: input.buffer(),
  };
}

export function writeVoice(out: Writer, value: Voice): void {
  out.u32(value.durationMs);
  out.buffer(value.waveform);
}

export interface WatchPresence {
  request: number;
  users: UserId[];
}

export function readWatchPresence(input: Reader): WatchPresence {
  return {
    request: input.u32(),
    users: input.list(() => input.id()),
  };
}

export function writeWatchPresence(out: Writer, value: WatchPresence): void {
  out.u32(value.request);
  out.list(value.users, (item) => { out.id(item); });
}

export interface Welcome {
  user: UserId;
  name: string;
  session: SessionId;
  ticket: Ticket;
  server: string;
  nowMs: number;
  limits: Limits;
}

export function readWelcome(input: Reader): Welcome {
  return {
    user: input.id(),
    name: input.text(),
    session: input.id(),
    ticket: input.hex(),
    server: input.text(),
    nowMs: input.u53(),
    limits: readLimits(input),
  };
}

export function writeWelcome(out: Writer, value: Welcome): void {
  out.id(value.user);
  out.text(value.name);
  out.id(value.session);
  out.hex(value.ticket);
  out.text(value.server);
  out.u53(value.nowMs);
  writeLimits(out, value.limits);
}

/** The body of each kind, by name. */
export interface Bodies {
  Control: Control;
  Lane: Lane;
  History: History;
  Upload: Upload;
  Download: Download;
  Hello: Hello;
  Welcome: Welcome;
  Attach: Attach;
  Attached: Attached;
  Resume: Resume;
  Resumed: Resumed;
  View: View;
  GoAway: GoAway;
  Failed: Failed;
  Done: Done;
  Post: Post;
  Accepted: Accepted;
  CreateRoom: CreateRoom;
  JoinRoom: JoinRoom;
  LeaveRoom: LeaveRoom;
  RoomAnswer: RoomAnswer;
  ListRooms: ListRooms;
  RoomPage: RoomPage;
  ListMembers: ListMembers;
  MemberPage: MemberPage;
  GetUsers: GetUsers;
  Users: Users;
  WatchPresence: WatchPresence;
  PostBatch: PostBatch;
  AcceptedBatch: AcceptedBatch;
  CreateGroup: CreateGroup;
  ChangeRoom: ChangeRoom;
  ChangeMember: ChangeMember;
  DeclineInvitation: DeclineInvitation;
  ListOutside: ListOutside;
  MakeRoomLink: MakeRoomLink;
  ListRoomLinks: ListRoomLinks;
  RevokeRoomLink: RevokeRoomLink;
  OpenRoomLink: OpenRoomLink;
  MarkRead: MarkRead;
  MarkUnread: MarkUnread;
  Marked: Marked;
  SetRoomPreferences: SetRoomPreferences;
  SetDraft: SetDraft;
  HideReceipts: HideReceipts;
  GetReceipts: GetReceipts;
  ReceiptPage: ReceiptPage;
  TellDelivered: TellDelivered;
  Delivered: Delivered;
  Presence: Presence;
  Ping: Ping;
  Pong: Pong;
  UserAvatars: UserAvatars;
  RoomAvatars: RoomAvatars;
  EmojiVersion: EmojiVersion;
  ReadStates: ReadStates;
  Receipts: Receipts;
  PresenceDetails: PresenceDetails;
  Typing: Typing;
  GetMessages: GetMessages;
  MessagePage: MessagePage;
  MessageFiles: MessageFiles;
  GetRoomFiles: GetRoomFiles;
  RoomHandle: RoomHandle;
  LaneReady: LaneReady;
  StartUpload: StartUpload;
  UploadAt: UploadAt;
  FileChunk: FileChunk;
  EndUpload: EndUpload;
  CancelUpload: CancelUpload;
  Uploaded: Uploaded;
  GetFile: GetFile;
  FileStart: FileStart;
  RoomDetails: RoomDetails;
  MemberRoles: MemberRoles;
  OutsidePage: OutsidePage;
  RoomLinkMade: RoomLinkMade;
  RoomLinks: RoomLinks;
  MessageChanges: MessageChanges;
  RemoveMessage: RemoveMessage;
  Report: Report;
  RoomOnline: RoomOnline;
  SetActivity: SetActivity;
  SetStatus: SetStatus;
  SetProfile: SetProfile;
  FindPeople: FindPeople;
  PeoplePage: PeoplePage;
  GetProfile: GetProfile;
  ProfileAnswer: ProfileAnswer;
  OpenPrivateChat: OpenPrivateChat;
  SetBlock: SetBlock;
  UserNames: UserNames;
  DeleteRoom: DeleteRoom;
  EntryCreated: EntryCreated;
  EntryPosted: EntryPosted;
  EntryJoined: EntryJoined;
  EntryLeft: EntryLeft;
  EntryHidden: EntryHidden;
  EntryErased: EntryErased;
  EntryFile: EntryFile;
  EntryFileSettled: EntryFileSettled;
  EntryAvatar: EntryAvatar;
  EntryRoomChange: EntryRoomChange;
  EntryMemberChange: EntryMemberChange;
  EntryDeleted: EntryDeleted;
  EntryRoomDeleted: EntryRoomDeleted;
  RoomAdded: RoomAdded;
  RoomRemoved: RoomRemoved;
  InvitedToRoom: InvitedToRoom;
  InvitationGone: InvitationGone;
  RoomPreferences: RoomPreferences;
  Draft: Draft;
  ReceiptsHidden: ReceiptsHidden;
  UserHead: UserHead;
}

export const CODECS: { readonly [N in KindName]: Codec<Bodies[N]> } = {
  Control: { read: readControl, write: writeControl },
  Lane: { read: readLane, write: writeLane },
  History: { read: readHistory, write: writeHistory },
  Upload: { read: readUpload, write: writeUpload },
  Download: { read: readDownload, write: writeDownload },
  Hello: { read: readHello, write: writeHello },
  Welcome: { read: readWelcome, write: writeWelcome },
  Attach: { read: readAttach, write: writeAttach },
  Attached: { read: readAttached, write: writeAttached },
  Resume: { read: readResume, write: writeResume },
  Resumed: { read: readResumed, write: writeResumed },
  View: { read: readView, write: writeView },
  GoAway: { read: readGoAway, write: writeGoAway },
  Failed: { read: readFailed, write: writeFailed },
  Done: { read: readDone, write: writeDone },
  Post: { read: readPost, write: writePost },
  Accepted: { read: readAccepted, write: writeAccepted },
  CreateRoom: { read: readCreateRoom, write: writeCreateRoom },
  JoinRoom: { read: readJoinRoom, write: writeJoinRoom },
  LeaveRoom: { read: readLeaveRoom, write: writeLeaveRoom },
  RoomAnswer: { read: readRoomAnswer, write: writeRoomAnswer },
  ListRooms: { read: readListRooms, write: writeListRooms },
  RoomPage: { read: readRoomPage, write: writeRoomPage },
  ListMembers: { read: readListMembers, write: writeListMembers },
  MemberPage: { read: readMemberPage, write: writeMemberPage },
  GetUsers: { read: readGetUsers, write: writeGetUsers },
  Users: { read: readUsers, write: writeUsers },
  WatchPresence: { read: readWatchPresence, write: writeWatchPresence },
  PostBatch: { read: readPostBatch, write: writePostBatch },
  AcceptedBatch: { read: readAcceptedBatch, write: writeAcceptedBatch },
  CreateGroup: { read: readCreateGroup, write: writeCreateGroup },
  ChangeRoom: { read: readChangeRoom, write: writeChangeRoom },
  ChangeMember: { read: readChangeMember, write: writeChangeMember },
  DeclineInvitation: { read: readDeclineInvitation, write: writeDeclineInvitation },
  ListOutside: { read: readListOutside, write: writeListOutside },
  MakeRoomLink: { read: readMakeRoomLink, write: writeMakeRoomLink },
  ListRoomLinks: { read: readListRoomLinks, write: writeListRoomLinks },
  RevokeRoomLink: { read: readRevokeRoomLink, write: writeRevokeRoomLink },
  OpenRoomLink: { read: readOpenRoomLink, write: writeOpenRoomLink },
  MarkRead: { read: readMarkRead, write: writeMarkRead },
  MarkUnread: { read: readMarkUnread, write: writeMarkUnread },
  Marked: { read: readMarked, write: writeMarked },
  SetRoomPreferences: { read: readSetRoomPreferences, write: writeSetRoomPreferences },
  SetDraft: { read: readSetDraft, write: writeSetDraft },
  HideReceipts: { read: readHideReceipts, write: writeHideReceipts },
  GetReceipts: { read: readGetReceipts, write: writeGetReceipts },
  ReceiptPage: { read: readReceiptPage, write: writeReceiptPage },
  TellDelivered: { read: readTellDelivered, write: writeTellDelivered },
  Delivered: { read: readDelivered, write: writeDelivered },
  Presence: { read: readPresence, write: writePresence },
  Ping: { read: readPing, write: writePing },
  Pong: { read: readPong, write: writePong },
  UserAvatars: { read: readUserAvatars, write: writeUserAvatars },
  RoomAvatars: { read: readRoomAvatars, write: writeRoomAvatars },
  EmojiVersion: { read: readEmojiVersion, write: writeEmojiVersion },
  ReadStates: { read: readReadStates, write: writeReadStates },
  Receipts: { read: readReceipts, write: writeReceipts },
  PresenceDetails: { read: readPresenceDetails, write: writePresenceDetails },
  Typing: { read: readTyping, write: writeTyping },
  GetMessages: { read: readGetMessages, write: writeGetMessages },
  MessagePage: { read: readMessagePage, write: writeMessagePage },
  MessageFiles: { read: readMessageFiles, write: writeMessageFiles },
  GetRoomFiles: { read: readGetRoomFiles, write: writeGetRoomFiles },
  RoomHandle: { read: readRoomHandle, write: writeRoomHandle },
  LaneReady: { read: readLaneReady, write: writeLaneReady },
  StartUpload: { read: readStartUpload, write: writeStartUpload },
  UploadAt: { read: readUploadAt, write: writeUploadAt },
  FileChunk: { read: readFileChunk, write: writeFileChunk },
  EndUpload: { read: readEndUpload, write: writeEndUpload },
  CancelUpload: { read: readCancelUpload, write: writeCancelUpload },
  Uploaded: { read: readUploaded, write: writeUploaded },
  GetFile: { read: readGetFile, write: writeGetFile },
  FileStart: { read: readFileStart, write: writeFileStart },
  RoomDetails: { read: readRoomDetails, write: writeRoomDetails },
  MemberRoles: { read: readMemberRoles, write: writeMemberRoles },
  OutsidePage: { read: readOutsidePage, write: writeOutsidePage },
  RoomLinkMade: { read: readRoomLinkMade, write: writeRoomLinkMade },
  RoomLinks: { read: readRoomLinks, write: writeRoomLinks },
  MessageChanges: { read: readMessageChanges, write: writeMessageChanges },
  RemoveMessage: { read: readRemoveMessage, write: writeRemoveMessage },
  Report: { read: readReport, write: writeReport },
  RoomOnline: { read: readRoomOnline, write: writeRoomOnline },
  SetActivity: { read: readSetActivity, write: writeSetActivity },
  SetStatus: { read: readSetStatus, write: writeSetStatus },
  SetProfile: { read: readSetProfile, write: writeSetProfile },
  FindPeople: { read: readFindPeople, write: writeFindPeople },
  PeoplePage: { read: readPeoplePage, write: writePeoplePage },
  GetProfile: { read: readGetProfile, write: writeGetProfile },
  ProfileAnswer: { read: readProfileAnswer, write: writeProfileAnswer },
  OpenPrivateChat: { read: readOpenPrivateChat, write: writeOpenPrivateChat },
  SetBlock: { read: readSetBlock, write: writeSetBlock },
  UserNames: { read: readUserNames, write: writeUserNames },
  DeleteRoom: { read: readDeleteRoom, write: writeDeleteRoom },
  EntryCreated: { read: readEntryCreated, write: writeEntryCreated },
  EntryPosted: { read: readEntryPosted, write: writeEntryPosted },
  EntryJoined: { read: readEntryJoined, write: writeEntryJoined },
  EntryLeft: { read: readEntryLeft, write: writeEntryLeft },
  EntryHidden: { read: readEntryHidden, write: writeEntryHidden },
  EntryErased: { read: readEntryErased, write: writeEntryErased },
  EntryFile: { read: readEntryFile, write: writeEntryFile },
  EntryFileSettled: { read: readEntryFileSettled, write: writeEntryFileSettled },
  EntryAvatar: { read: readEntryAvatar, write: writeEntryAvatar },
  EntryRoomChange: { read: readEntryRoomChange, write: writeEntryRoomChange },
  EntryMemberChange: { read: readEntryMemberChange, write: writeEntryMemberChange },
  EntryDeleted: { read: readEntryDeleted, write: writeEntryDeleted },
  EntryRoomDeleted: { read: readEntryRoomDeleted, write: writeEntryRoomDeleted },
  RoomAdded: { read: readRoomAdded, write: writeRoomAdded },
  RoomRemoved: { read: readRoomRemoved, write: writeRoomRemoved },
  InvitedToRoom: { read: readInvitedToRoom, write: writeInvitedToRoom },
  InvitationGone: { read: readInvitationGone, write: writeInvitationGone },
  RoomPreferences: { read: readRoomPreferences, write: writeRoomPreferences },
  Draft: { read: readDraft, write: writeDraft },
  ReceiptsHidden: { read: readReceiptsHidden, write: writeReceiptsHidden },
  UserHead: { read: readUserHead, write: writeUserHead },
};

/** The name of each kind, by number. */
export const KIND_NAMES: ReadonlyMap<number, KindName> = new Map([
  [1, 'Control'],
  [2, 'Lane'],
  [3, 'History'],
  [4, 'Upload'],
  [5, 'Download'],
  [10, 'Hello'],
  [11, 'Welcome'],
  [12, 'Attach'],
  [13, 'Attached'],
  [14, 'Resume'],
  [15, 'Resumed'],
  [16, 'View'],
  [17, 'GoAway'],
  [20, 'Failed'],
  [21, 'Done'],
  [22, 'Post'],
  [23, 'Accepted'],
  [24, 'CreateRoom'],
  [25, 'JoinRoom'],
  [26, 'LeaveRoom'],
  [27, 'RoomAnswer'],
  [28, 'ListRooms'],
  [29, 'RoomPage'],
  [30, 'ListMembers'],
  [31, 'MemberPage'],
  [32, 'GetUsers'],
  [33, 'Users'],
  [34, 'WatchPresence'],
  [35, 'PostBatch'],
  [36, 'AcceptedBatch'],
  [37, 'CreateGroup'],
  [38, 'ChangeRoom'],
  [39, 'ChangeMember'],
  [40, 'DeclineInvitation'],
  [41, 'ListOutside'],
  [42, 'MakeRoomLink'],
  [43, 'ListRoomLinks'],
  [44, 'RevokeRoomLink'],
  [45, 'OpenRoomLink'],
  [50, 'MarkRead'],
  [51, 'MarkUnread'],
  [52, 'Marked'],
  [53, 'SetRoomPreferences'],
  [54, 'SetDraft'],
  [55, 'HideReceipts'],
  [56, 'GetReceipts'],
  [57, 'ReceiptPage'],
  [58, 'TellDelivered'],
  [59, 'Delivered'],
  [60, 'Presence'],
  [61, 'Ping'],
  [62, 'Pong'],
  [63, 'UserAvatars'],
  [64, 'RoomAvatars'],
  [65, 'EmojiVersion'],
  [66, 'ReadStates'],
  [67, 'Receipts'],
  [68, 'PresenceDetails'],
  [69, 'Typing'],
  [70, 'GetMessages'],
  [71, 'MessagePage'],
  [72, 'MessageFiles'],
  [73, 'GetRoomFiles'],
  [80, 'RoomHandle'],
  [81, 'LaneReady'],
  [90, 'StartUpload'],
  [91, 'UploadAt'],
  [92, 'FileChunk'],
  [93, 'EndUpload'],
  [94, 'CancelUpload'],
  [95, 'Uploaded'],
  [96, 'GetFile'],
  [97, 'FileStart'],
  [100, 'RoomDetails'],
  [101, 'MemberRoles'],
  [102, 'OutsidePage'],
  [103, 'RoomLinkMade'],
  [104, 'RoomLinks'],
  [105, 'MessageChanges'],
  [106, 'RemoveMessage'],
  [107, 'Report'],
  [108, 'RoomOnline'],
  [110, 'SetActivity'],
  [111, 'SetStatus'],
  [112, 'SetProfile'],
  [113, 'FindPeople'],
  [114, 'PeoplePage'],
  [115, 'GetProfile'],
  [116, 'ProfileAnswer'],
  [117, 'OpenPrivateChat'],
  [118, 'SetBlock'],
  [119, 'UserNames'],
  [120, 'DeleteRoom'],
  [128, 'EntryCreated'],
  [129, 'EntryPosted'],
  [130, 'EntryJoined'],
  [131, 'EntryLeft'],
  [132, 'EntryHidden'],
  [133, 'EntryErased'],
  [134, 'EntryFile'],
  [135, 'EntryFileSettled'],
  [136, 'EntryAvatar'],
  [137, 'EntryRoomChange'],
  [138, 'EntryMemberChange'],
  [139, 'EntryDeleted'],
  [140, 'EntryRoomDeleted'],
  [192, 'RoomAdded'],
  [193, 'RoomRemoved'],
  [194, 'InvitedToRoom'],
  [195, 'InvitationGone'],
  [200, 'RoomPreferences'],
  [201, 'Draft'],
  [202, 'ReceiptsHidden'],
  [223, 'UserHead'],
]);
