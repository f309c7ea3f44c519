//! The limits of the transports, in one place. What both ends must know is in
//! `rill_protocol::limits`.

use rill_protocol::limits::{self, ATTACH_TIMEOUT_MS, AVATAR_FILE_BYTES_MAX, DATAGRAM_BYTES_MAX, STREAMS_MAX};

/// QUIC handshakes under way at once; more are refused.
pub const HANDSHAKES_MAX: usize = 1_024;
/// From this many on, a client must first show that it hears us at its address.
pub const HANDSHAKES_BEFORE_RETRY: usize = 64;
/// QUIC handshakes that wait in the endpoint before anybody looks at them.
pub const HANDSHAKES_WAITING_MAX: usize = 4_096;
/// TCP connections that the system holds until we take them; it may grant fewer (`somaxconn`, listen(2)).
/// Of those beyond it nobody hears, and they try again after seconds.
pub const CONNECTIONS_WAITING_MAX: u32 = 4_096;
/// From a client's first packet to the end of the handshake.
pub const HANDSHAKE_TIMEOUT_MS: u64 = ATTACH_TIMEOUT_MS;
/// From the end of an HTTP/3 connection's handshake to its first request, or its
/// WebTransport session.
pub const CONNECT_TIMEOUT_MS: u64 = ATTACH_TIMEOUT_MS;
/// Body of one HTTP request, whichever version brings it. The longest is a post of
/// 16 KiB, escaped as JSON.
pub const REQUEST_BODY_BYTES_MAX: usize = 128 * 1024;
/// One frame of HTTP/3 that is not of a body: a request's header, or settings. Also the
/// capsules of a session in its life, which say little.
pub const HTTP3_FRAME_BYTES_MAX: usize = 64 * 1024;
/// Everything that a request's stream may bring. A body that is too long is let in far
/// enough to be refused with a code.
pub const HTTP3_REQUEST_BYTES_MAX: usize = AVATAR_FILE_BYTES_MAX + HTTP3_FRAME_BYTES_MAX;
/// Requests of one HTTP/3 connection that are answered at once; later ones wait.
pub const HTTP3_REQUESTS_MAX: usize = STREAMS_MAX;
/// Streams that one HTTP/3 connection may open without a request that can be read.
pub const HTTP3_REFUSED_MAX: usize = 100;
/// Without a request an HTTP/3 connection ends.
pub const HTTP3_IDLE_TIMEOUT_MS: u64 = 30_000;
/// From a request's header to the head of its answer.
pub const HTTP3_ANSWER_TIMEOUT_MS: u64 = 60_000;
/// For a client to take [`HTTP3_PIECE_BYTES`] of an answer.
pub const HTTP3_STALL_TIMEOUT_MS: u64 = 20_000;
/// An answer is written in pieces of this length.
pub const HTTP3_PIECE_BYTES: usize = 16 * 1024;
/// Header fields of one HTTP/3 request.
pub const REQUEST_HEADER_BYTES_MAX: u64 = 16 * 1024;
/// From our close to the end of the connection, should the peer not answer.
pub const CLOSE_TIMEOUT_MS: u64 = 2_000;
/// Before a WebTransport session's close is sent. Chromium loses the code, and may crash
/// the page, when a stream ends at the same moment.
pub const CLOSE_PAUSE_MS: u64 = 50;
/// From a close that was told to the end of its connection or endpoint, for what is still
/// under way.
pub const CLOSE_GRACE_MS: u64 = 500;

/// One-way streams of a client: HTTP/3's control and two of QPACK, and a few more,
/// because a client may open streams of kinds that we refuse.
pub const UNI_STREAMS_MAX: u32 = 8;
/// Bytes that a client may send on one stream before we read.
pub const STREAM_WINDOW_BYTES: u32 = 256 * 1024;
/// Bytes that a client may send on all its streams before we read. Uploads may have half of it under
/// way (`crate::limits::UPLOADS_CREDIT_BYTES`); the rest is everything else's.
pub const RECEIVE_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// Bytes of all streams of a mux that may lie unread before its messages are held back.
pub const MUX_UNREAD_BYTES_MAX: usize = 1024 * 1024;
/// The same before it is known who the client is.
pub const STRANGER_WINDOW_BYTES: u32 = 64 * 1024;
/// Bytes we hold that a client has not acknowledged. All streams share it, and who
/// waits for it is served last come, first served: so it holds the longest page of
/// history that a client may leave unread, and lanes beside it.
pub const SEND_WINDOW_BYTES: u64 = 2 * 1024 * 1024;
/// Of these what files may fill: so much ...
pub const FILE_SEND_WINDOW_BYTES_MIN: u64 = 512 * 1024;
/// ... and more where the way is long ...
pub const FILE_SEND_BYTES_PER_MS: u64 = 100 * 1024;
/// ... but what is left holds lanes and a page of history.
pub const FILE_SEND_WINDOW_BYTES_MAX: u64 = SEND_WINDOW_BYTES * 3 / 4;
/// A file that has filled its part goes on when so much of it is free, not with every
/// acknowledgement.
pub const FILE_SEND_STEP_BYTES: u64 = 128 * 1024;
/// Datagrams that wait, each way; the oldest is dropped.
pub const DATAGRAM_BUFFER_BYTES: usize = 64 * DATAGRAM_BYTES_MAX;
/// The UDP socket's buffers. The system may grant less.
pub const UDP_BUFFER_BYTES: usize = 4 * 1024 * 1024;
/// Packets that are taken out of those buffers while the endpoint is late.
pub const UDP_BACKLOG_BYTES_MAX: usize = 16 * 1024 * 1024;
/// The endpoint is late when it has not read all packets for so long.
pub const UDP_LATE_MS: u64 = 2;
/// So many looks with nothing late, and nobody looks until a packet comes.
pub const UDP_QUIET_LOOKS: u32 = 500;

/// What the system takes of a TCP connection beyond what it can send (`TCP_NOTSENT_LOWAT`, tcp(7)).
pub const TCP_UNSENT_BYTES_MAX: u32 = 64 * 1024;
/// A WebSocket's read buffer: small, because idle connections are many.
pub const WEBSOCKET_READ_BUFFER_BYTES: usize = 4_096;
/// Messages of a WebSocket that are looked at in a second; the rest waits in TCP. Each
/// costs work, however short it is, and so does one that means nothing.
pub const WEBSOCKET_MESSAGES_PER_SECOND_MAX: u32 = 5_000;
/// One that brings so many bytes of streams does not count as a message: its bytes count, as
/// credit. A fast upload is more chunks in a second than there may be messages.
pub const WEBSOCKET_MESSAGE_WORTH_BYTES: usize = limits::MUX_CHUNK_BYTES_MAX / 2;
/// A WebSocket's close reason (RFC 6455, section 5.5, less the code).
pub const WEBSOCKET_REASON_BYTES_MAX: usize = 123;
/// A WebTransport or QUIC close reason.
pub const REASON_BYTES_MAX: usize = 1_024;
