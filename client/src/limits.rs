//! Every bound of the client, in one place. Those of the wire are in
//! [`rill_protocol::limits`].

use rill_protocol::limits;
use std::time::Duration;

/// Events that wait for the application. While they are this many no entry is read,
/// so that a slow application slows the server's writer and not this machine's memory.
pub const EVENTS_MAX: usize = 1_024;
/// Events that a session holds beyond the channel before it stops reading lanes.
pub const EVENTS_PENDING_MAX: usize = 256;
/// Commands of handles that wait for the session.
pub const COMMANDS_MAX: usize = 256;
/// Requests that wait for a connection or for their turn.
pub const REQUESTS_WAITING_MAX: usize = 256;
/// Requests in flight; below the server's bound, so that resumes always find room.
pub const REQUESTS_IN_FLIGHT_MAX: usize = rill_protocol::limits::REQUESTS_IN_FLIGHT_MAX - 8;
/// Posts that wait for their ack, over all rooms.
pub const OUTBOX_POSTS_MAX: usize = 4_096;
/// Bytes of a persistent outbox that are read back.
pub const OUTBOX_FILE_BYTES_MAX: u64 = 256 << 20;

/// What the system takes of a TCP connection beyond what it can send (`TCP_NOTSENT_LOWAT`, tcp(7)):
/// what waits longer waits with the mux, which knows what goes first.
pub const TCP_UNSENT_BYTES_MAX: u32 = 64 * 1024;

/// Uploads that the file of uploads holds.
pub const UPLOADS_KEPT_MAX: usize = 1_000;
/// Bytes of it that are read back.
pub const UPLOADS_FILE_BYTES_MAX: u64 = 64 << 20;
/// Uploads that run at once, and downloads, at most.
pub const TRANSFERS_AT_ONCE_MAX: usize = limits::FILE_STREAMS_MAX;
/// The same, unless the configuration says otherwise.
pub const TRANSFERS_AT_ONCE: usize = 3;
/// Read of a file, or written to one, at once.
pub const FILE_BLOCK_BYTES_MAX: usize = 512 * 1024;
/// Blocks of one file that wait, beside the one that is read or written.
pub const FILE_BLOCKS_MAX: usize = 2;
/// Frames of an upload that are made ahead of the transport, each of two parts.
pub const FILE_FRAMES_WAITING_MAX: usize = 4;
/// Up to this length a file is read before it is sent, in case its bytes need not travel.
pub const HASH_AHEAD_BYTES_MAX: u64 = 32 << 20;
/// Names of which one is free, behind a name that is taken.
pub const NUMBERED_NAMES_MAX: u32 = 10_000;
/// Files of one room that are kept in mind.
pub const ROOM_FILES_MAX: usize = 1_000;

/// From the first packet to an open transport, all addresses together.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// The head start of one address over the next (RFC 8305 calls for 250 ms).
pub const ADDRESS_STAGGER: Duration = Duration::from_millis(250);
/// Addresses of one host that are tried.
pub const ADDRESSES_MAX: usize = 8;
/// How long the first transport is tried alone, where there is another to fall back to; as in the page.
pub const FALLBACK_AFTER: Duration = Duration::from_millis(300);
/// From `Hello` to `Welcome`.
pub const WELCOME_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a close may take to reach the peer.
pub const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// One request to the JSON API.
pub const HTTP_TIMEOUT: Duration = Duration::from_secs(20);
/// Bytes of one answer of the JSON API.
pub const HTTP_ANSWER_BYTES_MAX: u64 = 1 << 20;

/// QUIC: silence after which the path counts as dead. A killed server says nothing
/// on UDP, so this and not the protocol's 40 s decides how soon a client moves on that only
/// listens. It counts from the first sign of life that is sent into the silence (RFC 9000,
/// section 10.1), and so comes behind [`QUIC_KEEP_ALIVE`]: 10 s together, about what it
/// takes a page that measures the round trip.
pub const QUIC_IDLE_TIMEOUT: Duration = Duration::from_secs(6);
/// QUIC: an own sign of life, with time inside [`QUIC_IDLE_TIMEOUT`] to be said again.
pub const QUIC_KEEP_ALIVE: Duration = Duration::from_secs(4);
/// QUIC: what a round trip is taken for before one was measured. A first packet to a server
/// that is just being restarted is said again after three of these; RFC 9002 (section
/// 6.2.2) recommends 333 ms, which would cost a second.
pub const QUIC_INITIAL_ROUND_TRIP: Duration = Duration::from_millis(100);
/// Silence of the server while a request waits for its answer, after which it is pinged.
pub const PROBE_AFTER: Duration = Duration::from_millis(limits::PROBE_AFTER_MS);
/// Silence behind any ping, after which a server is given up that may be alive: the next
/// connection finds out.
pub const PROBE_PATIENCE: Duration = Duration::from_millis(limits::PROBE_PATIENCE_MS);
/// QUIC: credit of one stream towards this client.
pub const QUIC_STREAM_WINDOW_BYTES: u32 = 1 << 20;
/// QUIC: credit of the connection towards this client.
pub const QUIC_WINDOW_BYTES: u32 = 8 << 20;
/// QUIC: bytes this client has sent and not seen acked.
pub const QUIC_SEND_WINDOW_BYTES: u64 = 4 << 20;
/// QUIC: what the system may hold of packets for this client, each way.
pub const UDP_BUFFER_BYTES: usize = 4 << 20;
/// Bytes taken from a stream at once.
pub const READ_CHUNK_BYTES_MAX: usize = 64 * 1024;

/// The shortest and the longest pause before a connection is tried again.
pub const RECONNECT_PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(20));
/// The same for a request that the server asked to repeat.
pub const RETRY_PAUSE: (Duration, Duration) = (Duration::from_millis(200), Duration::from_secs(10));
/// A connection that lived this long makes the next pause short again.
pub const STABLE_AFTER: Duration = Duration::from_secs(5);
/// Failed tries that count at most behind a shorter one on which the session was online.
pub const TRIES_BEHIND_ONLINE_MAX: u32 = 1;
/// Tickets asked of the JSON API at once.
pub const TICKETS_AT_ONCE: u32 = 1;
