//! The server's own limits beside those of the wire (`rill_protocol::limits`), of the
//! transports (`transport::limits`) and of the operator (`config::Limits`), and what they
//! come to: the memory that one connection may hold, whatever its peer does.

use rill_protocol::limits::{
    CLIENT_FRAME_BODY_BYTES_MAX, FILE_CHUNK_BYTES_MAX, FRAME_BODY_BYTES_MAX, HELLO_FRAME_BODY_BYTES_MAX,
    LANE_IN_FLIGHT_BYTES_MAX, MUX_MESSAGE_BYTES_MAX, MUX_SEND_BUFFER_BYTES_MAX, PRESENCE_WATCH_MAX,
    REQUESTS_IN_FLIGHT_MAX, ROOMS_PER_USER_MAX, STREAMS_MAX, TEXT_BYTES_MAX,
};

use rill_storage::limits::BLOB_READ_BYTES;

use crate::transport::limits::{
    DATAGRAM_BUFFER_BYTES, MUX_UNREAD_BYTES_MAX, RECEIVE_WINDOW_BYTES, SEND_WINDOW_BYTES, STRANGER_WINDOW_BYTES,
    WEBSOCKET_READ_BUFFER_BYTES,
};

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// Connections of one login at once: a device's windows, and those that were lost and
/// are not known to be. Past it the new one is asked to come again later.
pub const CONNECTIONS_PER_LOGIN_MAX: usize = 64;
/// Frames that wait for the control writer.
pub const CONTROL_FRAMES_WAITING_MAX: usize = 32;
/// The longest answer on control: a page of the directory or of members.
pub const CONTROL_FRAME_BYTES_MAX: usize = 64 * KIB;
/// A write on control ends with the frame that reaches this.
pub const CONTROL_BATCH_BYTES_MAX: usize = 64 * KIB;
/// Pages of history that a connection is being sent at once, over all its streams.
pub const HISTORY_PAGES_AT_ONCE_MAX: usize = 2;

/// How far ahead of what was read a client may send, of one upload ...
pub const UPLOAD_CREDIT_BYTES: u64 = MIB as u64;
/// ... and of all uploads of a connection together, in equal shares. They are always read, so
/// this is what they may have on their way: half of what a connection may, so that the other
/// half is there for chat.
pub const UPLOADS_CREDIT_BYTES: u64 = RECEIVE_WINDOW_BYTES as u64 / 2;

const _: () = assert!(
    UPLOADS_CREDIT_BYTES >= (STREAMS_MAX * FILE_CHUNK_BYTES_MAX) as u64,
    "the share of an upload is less than a chunk, and who sends whole ones gets no further"
);

/// A chunk of an upload that is shorter counts as a frame, unless it is the last.
pub const SHORT_CHUNK_BYTES: usize = 4 * KIB;

/// How old what is remembered of a room, and who is in it, may be before the store is asked
/// again, whatever was heard: for so long a hint that was lost deceives.
pub const REMEMBERED_ROOM_MS: u64 = 2_000;
/// The same for what somebody is called.
pub const REMEMBERED_NAME_MS: u64 = 30_000;
/// Rooms and people of which something is remembered, and hints of whose changes are heard;
/// past it half of them are forgotten.
pub const REMEMBERED_PLACES_MAX: usize = 50_000;
/// Rooms, memberships and names that are remembered, and of one place.
pub const REMEMBERED_FACTS_MAX: usize = 100_000;
pub const REMEMBERED_MEMBERS_MAX: usize = 1_000;

/// Who blocks a user, in pages of a thousand: as many as are honoured where presence is shown.
pub const BLOCKERS_PAGES_MAX: usize = 10;
/// Of these, who is asked whether they still do when the user connects.
pub const BLOCKERS_MENDED_MAX: usize = 100;

/// Accounts of which the list of people is made in one go.
pub const FIND_PAGE: usize = 500;
/// How old the list of people may be before it is made again beside its use: what was changed at
/// other nodes shows in it after so long at the latest.
pub const FIND_REMAKE_MS: u64 = 5 * 60_000;
/// People whose names have changed and were not looked at again; past it the list is made again.
pub const FIND_CHANGED_MAX: usize = 10_000;

/// Two words of one session that its user writes are at least so far apart.
pub const TYPING_DISTANCE_MS: u64 = 1_000;
/// Who writes, told to one session and not yet sent to it.
pub const TYPING_WAITING_MAX: usize = 64;

/// How often it is looked for large rooms in view whose people are to be counted again.
pub const CROWD_TICK_MS: u64 = 1_000;
/// For how long it counts what another node has said of its part of a large room.
pub const CROWD_ELSEWHERE_MS: u64 = 3 * rill_protocol::limits::ROOM_ONLINE_INTERVAL_MS;

/// Events of the bus that wait for this node; past it they become one: look at everything.
pub const BUS_EVENTS_WAITING_MAX: usize = 65_536;
/// The same for what doorbells bring.
pub const BUS_BYTES_WAITING_MAX: usize = 32 * 1024 * 1024;
/// Hints that wait to be said; what is too much is lost.
pub const BUS_WAITING_MAX: usize = 4_096;
/// Hints that are being said at once.
pub const BUS_SENDING_MAX: usize = 64;
/// Channels asked for in one go.
pub const BUS_CHANNELS_AT_ONCE: usize = 256;
/// Between two tries to reach the bus, doubling.
pub const BUS_RECONNECT_MS: u64 = 100;
pub const BUS_RECONNECT_MS_MAX: u64 = 1_000;
/// How often a node says a word to itself.
pub const BUS_ALIVE_EVERY_MS: u64 = 5_000;
/// A bus on which nothing was heard for so long, not even that, is away.
pub const BUS_SILENT_MS: u64 = 15_000;
/// Nodes that others are told of.
pub const NODES_MAX: usize = 1_000;
/// Reads of the store at once for what other nodes appended.
pub const CATCH_UP_READS_MAX: usize = 32;
/// Entries of one such read, and their text.
pub const CATCH_UP_ENTRIES_MAX: usize = 256;
pub const CATCH_UP_BYTES_MAX: usize = 512 * KIB;
/// Further behind than this, a room is not fed what it missed: its followers read the store.
pub const CATCH_UP_BEHIND_MAX: u64 = 512;
/// How long a doorbell of this node's own may be ahead of the answer that it belongs to.
pub const OWN_DOORBELL_MS: u64 = 20;
/// How long a doorbell, or an own append, may be ahead of what lies in front of it.
pub const EARLY_DOORBELL_MS: u64 = 3;
/// Two looks at one log are at least so far apart.
pub const CATCH_UP_DISTANCE_MS: u64 = 2;
/// Within this time each log is looked at, whatever was heard of it ...
pub const SWEEP_PERIOD_MS: u64 = 5_000;
/// ... unless that were more looks a second.
pub const SWEEP_READS_PER_S_MAX: u64 = 1_000;
/// The sweep looks at a few logs at a time.
pub const SWEEP_TICK_MS: u64 = 100;
/// A look that failed is repeated, later each time.
pub const CATCH_UP_RETRY_MS: u64 = 100;
pub const CATCH_UP_RETRY_MS_MAX: u64 = 5_000;

/// How long a try waits for what all nodes allow together; then its node counts alone.
pub const ALLOWANCES_ASK_MS: u64 = 1_000;
/// Addresses from which somebody has logged in that all nodes remember, the newest ...
pub const KNOWN_IN_COMMON_MAX: u64 = 65_536;
/// ... and for how long.
pub const KNOWN_IN_COMMON_S: u64 = 30 * 24 * 3_600;

/// How often a node looks which logins have ended, for all of its connections: with the
/// reading of what it finds an ended login goes on for 10 s at most.
pub const LOGIN_LOOK_EVERY_MS: u64 = 4_000;
/// Two looks that somebody asked for are at least so far apart.
pub const LOGIN_LOOK_DISTANCE_MS: u64 = 50;
/// Logins that were told and are read again; of more, everybody is.
pub const LOGINS_TOLD_MAX: usize = 16_384;
/// Where any login may have ended, all are read within so many slices of this time.
pub const LOGIN_SLICES: usize = 40;
pub const LOGIN_SLICE_MS: u64 = 100;
/// A connection reads its login again after this time where nobody looks for it ...
pub const LOGIN_REREAD_MS: u64 = 8_000;
/// ... and after this where the node does.
pub const LOGIN_REREAD_WATCHED_MS: u64 = 15 * 60_000;

const _: () = assert!(LOGIN_LOOK_EVERY_MS + LOGIN_SLICES as u64 * LOGIN_SLICE_MS < 10_000 && LOGIN_REREAD_MS < 10_000);

/// How often a node says that it lives, and looks who else does.
pub const BEAT_EVERY_MS: u64 = 5_000;
/// A node that was not heard of for so long is gone: with the look above its users are
/// offline within a minute.
pub const BEAT_LIFE_MS: u64 = 45_000;
/// Presence across nodes does what is due so often.
pub const PRESENCE_TICK_MS: u64 = 500;
/// Users written or asked about in one go.
pub const ATTENDANCE_BATCH_USERS_MAX: usize = 256;
/// Within this time everybody who is watched is asked about again.
pub const ATTENDANCE_REREAD_MS: u64 = 20_000;
/// Within this time everybody who is attached is written again ...
pub const ATTENDANCE_REWRITE_MS: u64 = 20 * 60_000;
/// ... long before it is forgotten.
pub const ATTENDANCE_LIFE_MS: u64 = 60 * 60_000;
/// How long a list of members waits for where they are.
pub const ATTENDANCE_ASK_MS: u64 = 1_000;
/// A watcher is shown what this node knows if the others cannot be asked for so long.
pub const ATTENDANCE_UNKNOWN_MS: u64 = 2_000;

/// A connection's room in the user's own log, as it is sent after `Attach`.
const ROOM_ADDED_BYTES: usize = 512;
/// What a session keeps for each room and each watched user.
const SUBSCRIPTION_BYTES: usize = 64;
/// Keys, timers, tasks, tables of streams.
const STATE_BYTES: usize = 128 * KIB;

/// Over QUIC: windows and datagrams, both ways.
const QUIC_BYTES_MAX: usize = RECEIVE_WINDOW_BYTES as usize + SEND_WINDOW_BYTES as usize + 2 * DATAGRAM_BUFFER_BYTES;
/// Over WebSocket: unread bytes and the message behind them, bytes taken off and not yet
/// cut into frames, what streams wait to send, messages on their way.
const WEBSOCKET_BYTES_MAX: usize = 2 * (MUX_UNREAD_BYTES_MAX + MUX_MESSAGE_BYTES_MAX)
    + STREAMS_MAX * MUX_SEND_BUFFER_BYTES_MAX
    + 3 * MUX_MESSAGE_BYTES_MAX
    + WEBSOCKET_READ_BUFFER_BYTES
    + 2 * DATAGRAM_BUFFER_BYTES;
/// What a stream of downloads holds: what was read, and what is read ahead. What an upload holds
/// before it is on disk is bounded for all connections together
/// ([`crate::files::service::limits::UPLOADS_AT_ONCE_MAX`]).
const DOWNLOAD_BYTES_MAX: usize = 2 * BLOB_READ_BYTES;
/// What the session holds above either.
const SESSION_BYTES_MAX: usize = (STREAMS_MAX + REQUESTS_IN_FLIGHT_MAX) * CLIENT_FRAME_BODY_BYTES_MAX
    + (CONTROL_FRAMES_WAITING_MAX + 2) * CONTROL_FRAME_BYTES_MAX
    + CONTROL_BATCH_BYTES_MAX
    + ROOMS_PER_USER_MAX * (ROOM_ADDED_BYTES + SUBSCRIPTION_BYTES)
    + PRESENCE_WATCH_MAX * SUBSCRIPTION_BYTES
    + 2 * (LANE_IN_FLIGHT_BYTES_MAX + TEXT_BYTES_MAX + KIB)
    + HISTORY_PAGES_AT_ONCE_MAX * FRAME_BODY_BYTES_MAX
    + STREAMS_MAX * DOWNLOAD_BYTES_MAX;

const fn longer(a: usize, b: usize) -> usize {
    if a > b { a } else { b }
}

/// The memory of one connection whose user is known, whatever they send and however
/// little they read. One that is used as it is meant to be holds a hundredth of it.
pub const CONNECTION_MEMORY_BYTES_MAX: usize =
    longer(QUIC_BYTES_MAX, WEBSOCKET_BYTES_MAX) + SESSION_BYTES_MAX + STATE_BYTES;
/// The same before it is known whose it is.
pub const STRANGER_MEMORY_BYTES_MAX: usize = STRANGER_WINDOW_BYTES as usize
    + 3 * MUX_MESSAGE_BYTES_MAX
    + WEBSOCKET_READ_BUFFER_BYTES
    + HELLO_FRAME_BODY_BYTES_MAX
    + 2 * DATAGRAM_BUFFER_BYTES
    + STATE_BYTES;

const _: () = assert!(CONNECTION_MEMORY_BYTES_MAX <= 21 * MIB, "a connection may hold more than operators are told");
const _: () = assert!(STRANGER_MEMORY_BYTES_MAX <= 768 * KIB, "a stranger may hold more than operators are told");

/// Images on their way to become avatars or emoji, of all users: each is held whole.
pub const PICTURE_BODIES_MAX: usize = 4;
/// How long one waits for its place, and has to come in.
pub const PICTURE_WAIT_MS: u64 = 10_000;
pub const PICTURE_BODY_MS: u64 = 60_000;
/// How much of one that is too large is heard, so that its sender is told why.
pub const PICTURE_HEARD_BYTES_MAX: usize = 64 * MIB;
/// How often the sessions of one of several nodes look at the avatars and emoji that they show,
/// whatever the bus said; in so many parts, so that the store is not asked for all of them in one
/// moment; and the pause between two parts when some of what the bus said is known to be lost.
pub const PICTURES_LOOK_MS: u64 = 60_000;
pub const PICTURES_LOOK_PARTS: u64 = 60;
pub const PICTURES_DOUBT_PAUSE_MS: u64 = 50;
/// Sessions that follow a room in which marks are shown: of more it is not asked who they are.
pub const RECEIPT_SESSIONS_MAX: usize = 4 * rill_protocol::limits::RECEIPTS_PUSHED_MEMBERS_MAX;
/// Names that are looked for in one text.
pub const MENTION_LOOKS_MAX: usize = 64;
/// The same where a message is removed, of all that may have been a name in it: by each `@` there
/// are several.
pub const PERHAPS_LOOKS_MAX: usize = 4 * MENTION_LOOKS_MAX;
/// Rooms of which a session has said what has arrived and that is not noted yet.
pub const ARRIVALS_WAITING_MAX: usize = 2 * rill_protocol::limits::DELIVERED_ROOMS_MAX;
/// Two times at which that is noted are at least so far apart.
pub const ARRIVALS_DISTANCE_MS: u64 = 200;
/// Rooms whose states one session asks for before it writes what it knows.
pub const READ_STATES_AT_ONCE_MAX: usize = 64;
/// Users whose avatars one session asks for before it writes what it knows.
pub const PICTURES_AT_ONCE_MAX: usize = 16;
