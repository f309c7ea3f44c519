//! Every limit of the wire, in one place. Units stand last in the names.

/// Rooms one user may be a member of.
pub const ROOMS_PER_USER_MAX: usize = 2_000;
/// Members of one room.
pub const ROOM_MEMBERS_MAX: usize = 100_000;

/// Length of a message's text in UTF-8.
pub const TEXT_BYTES_MAX: usize = 16_384;
/// Messages in one `PostBatch`.
pub const BATCH_POSTS_MAX: usize = 50;
/// Length of a room's name in Unicode scalar values, after trimming.
pub const ROOM_NAME_CHARS_MAX: usize = 64;
/// Length of a room's topic in Unicode scalar values, after trimming.
pub const ROOM_TOPIC_CHARS_MAX: usize = 250;
/// How long a room may make its members wait from one post to the next.
pub const SLOW_MODE_MS_MAX: u32 = 6 * 60 * 60 * 1_000;
/// Length of a username in Unicode scalar values, after normalisation.
pub const USERNAME_CHARS_MIN: usize = 2;
/// See [`USERNAME_CHARS_MIN`].
pub const USERNAME_CHARS_MAX: usize = 32;
/// Length of a password in UTF-8.
pub const PASSWORD_BYTES_MIN: usize = 8;
/// See [`PASSWORD_BYTES_MIN`].
pub const PASSWORD_BYTES_MAX: usize = 1_024;
/// Length of the client's self-description in `Hello`, in UTF-8.
pub const CLIENT_NAME_BYTES_MAX: usize = 128;

/// Length of the name that somebody is shown by, in Unicode scalar values, after trimming.
pub const DISPLAY_NAME_CHARS_MAX: usize = 64;
/// Length of what somebody says of the moment, in Unicode scalar values.
pub const STATUS_CHARS_MAX: usize = 100;
/// Length of the emoji beside it, in UTF-8.
pub const STATUS_EMOJI_BYTES_MAX: usize = 64;
/// Length of a tag of a language.
pub const LANGUAGE_BYTES_MAX: usize = 35;
/// Length of the name of a time zone.
pub const TIME_ZONE_BYTES_MAX: usize = 64;
/// Length of what a report says, in Unicode scalar values, after trimming.
pub const REPORT_REASON_CHARS_MAX: usize = 1_000;
/// Reports of one user that no administrator has closed.
pub const REPORTS_OPEN_PER_USER_MAX: usize = 20;
/// People in one page.
pub const PEOPLE_PAGE_MAX: usize = 50;
/// Length of a text that people are looked for by, in Unicode scalar values.
pub const FIND_CHARS_MAX: usize = 64;
/// A client says at most so often that its user writes in a room.
pub const TYPING_INTERVAL_MS: u64 = 3_000;
/// Who was not said to write for so long has stopped.
pub const TYPING_LIFE_MS: u64 = 5_000;
/// In larger rooms nobody is told who writes.
pub const TYPING_MEMBERS_MAX: usize = 200;

/// Length of a file's name in UTF-8.
pub const FILE_NAME_BYTES_MAX: usize = 255;
/// Length of a media type.
pub const MEDIA_TYPE_BYTES_MAX: usize = 127;
/// Bars of a voice message's waveform.
pub const WAVEFORM_BYTES_MAX: usize = 128;
/// Bytes of a file in one chunk.
pub const FILE_CHUNK_BYTES_MAX: usize = 64 * 1024;

/// An image that is sent to become an avatar.
pub const AVATAR_FILE_BYTES_MAX: usize = 16 << 20;
/// An image that is sent to become an emoji.
pub const EMOJI_FILE_BYTES_MAX: usize = 4 << 20;
/// Length of an emoji's name, in characters of ASCII.
pub const EMOJI_NAME_CHARS_MIN: usize = 2;
/// See [`EMOJI_NAME_CHARS_MIN`].
pub const EMOJI_NAME_CHARS_MAX: usize = 32;
/// Custom emoji of a server.
pub const EMOJI_MAX: usize = 500;

/// A frame's body. The longest legal message is a page of history.
pub const FRAME_BODY_BYTES_MAX: usize = 1 << 20;
/// A frame's body in the direction client to server; the longest is a `Resume`.
pub const CLIENT_FRAME_BODY_BYTES_MAX: usize = 32 * 1024;
/// A frame's body on the stream of an upload: a chunk and what stands before it.
pub const UPLOAD_FRAME_BODY_BYTES_MAX: usize = FILE_CHUNK_BYTES_MAX + 64;
/// A frame's body before `Welcome`.
pub const HELLO_FRAME_BODY_BYTES_MAX: usize = 1_024;
/// A datagram, counted from its kind.
pub const DATAGRAM_BYTES_MAX: usize = 1_000;

/// Cursors in one `Resume`.
pub const RESUME_CURSORS_MAX: usize = 500;
/// Unread posts and mentions of a room are counted so far.
pub const UNREAD_COUNT_MAX: u64 = 100;
/// People that one text may name.
pub const MENTIONS_PER_TEXT_MAX: usize = 50;
/// Members of a room in which everybody is told how far the others have read.
pub const RECEIPTS_PUSHED_MEMBERS_MAX: usize = 100;
/// Members of a room in which it can be asked.
pub const RECEIPTS_MEMBERS_MAX: usize = 1_000;
/// Rooms in one `TellDelivered`.
pub const DELIVERED_ROOMS_MAX: usize = 100;
/// A client tells what has arrived at most this often.
pub const DELIVERED_INTERVAL_MS: u64 = 1_000;
/// Receipts in one page.
pub const RECEIPT_PAGE_MAX: usize = 200;
/// Users named by one `GetUsers`.
pub const USERS_PER_REQUEST_MAX: usize = 200;
/// Users watched by one session's `WatchPresence`.
pub const PRESENCE_WATCH_MAX: usize = 200;
/// How often a session is told at most how many are online in a room that has more members than it
/// may watch users.
pub const ROOM_ONLINE_INTERVAL_MS: u64 = 5_000;
/// Messages in one page of history.
pub const HISTORY_PAGE_MAX: usize = 100;
/// Text in one page of history; a page ends early when it is reached.
pub const HISTORY_PAGE_TEXT_BYTES_MAX: usize = 512 * 1024;
/// Rooms in one page of the directory.
pub const ROOM_PAGE_MAX: usize = 100;
/// Members in one page.
pub const MEMBER_PAGE_MAX: usize = 200;
/// Entries that a resume replays; past it the client gets a new base.
pub const RESUME_ENTRIES_MAX: u64 = 500;
/// Entries above the new base when a resume is limited.
pub const RESUME_TAIL_ENTRIES: u64 = 50;

/// Streams a client may have open at once, the control stream included.
pub const STREAMS_MAX: usize = 16;
/// Of these files may have so many, which leaves control, two lanes and history theirs: uploads
/// of one user that a server takes at once.
pub const FILE_STREAMS_MAX: usize = STREAMS_MAX - 4;
/// Requests of one session that wait for their answer.
pub const REQUESTS_IN_FLIGHT_MAX: usize = 64;
/// Bytes written to one lane and not yet taken by the transport.
pub const LANE_IN_FLIGHT_BYTES_MAX: usize = 64 * 1024;
/// Entries a client holds back while it waits for an earlier one.
pub const REORDER_ENTRIES_MAX: usize = 256;

/// A client's ping period.
pub const PING_INTERVAL_MS: u64 = 15_000;
/// How often a page measures the round trip.
pub const PROBE_INTERVAL_MS: u64 = 5_000;
/// Silence of a server that owes an answer, after which a client pings it.
pub const PROBE_AFTER_MS: u64 = 500;
/// Silence behind a ping, after which a client gives the connection up: far more than any
/// round trip and than a server's busiest moment.
pub const PROBE_PATIENCE_MS: u64 = 4_000;
/// A peer that was silent for this long is dead.
pub const DEAD_AFTER_MS: u64 = 40_000;
/// A client that takes nothing of a lane, or of its answers, for this long is sent away.
pub const STUCK_AFTER_MS: u64 = 40_000;
/// From the transport's handshake to `Attach`.
pub const ATTACH_TIMEOUT_MS: u64 = 10_000;
/// From the opening of a stream to the end of its first frame.
pub const STREAM_HEADER_TIMEOUT_MS: u64 = 10_000;
/// Life of a ticket from `POST /api/v1/tickets`.
pub const TICKET_LIFE_MS: u64 = 60_000;
/// Life of the ticket that `Welcome` carries.
pub const RECONNECT_TICKET_LIFE_MS: u64 = 24 * 60 * 60 * 1000;
/// How long a client id protects from a second entry.
pub const IDEMPOTENCY_DAYS: u32 = 7;

/// One data frame of the WebSocket mux.
pub const MUX_CHUNK_BYTES_MAX: usize = 16 * 1024;
/// Credit of a mux stream before the first grant.
pub const MUX_STREAM_WINDOW_BYTES: u64 = 256 * 1024;
/// Credit that history and file streams of a mux share before the first grant.
pub const MUX_BULK_WINDOW_BYTES: u64 = 1024 * 1024;
/// Credit is granted in steps of at least this: half of a stream's window.
pub const MUX_CREDIT_STEP_BYTES: u64 = MUX_STREAM_WINDOW_BYTES / 2;
/// The part of [`MUX_BULK_WINDOW_BYTES`] that file streams may hold together: all but what one
/// stream of history may.
pub const MUX_FILE_WINDOW_BYTES: u64 = MUX_BULK_WINDOW_BYTES - MUX_STREAM_WINDOW_BYTES;
/// Bytes a mux stream holds that were written and not yet sent.
pub const MUX_SEND_BUFFER_BYTES_MAX: usize = 64 * 1024;
/// One WebSocket message: any number of whole mux frames.
pub const MUX_MESSAGE_BYTES_MAX: usize = 64 * 1024;
/// Datagrams that wait in a mux, each way; the oldest is dropped.
pub const MUX_DATAGRAMS_MAX: usize = 64;
