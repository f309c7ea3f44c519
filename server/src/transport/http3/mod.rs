//! HTTP/3 (RFC 9114): a connection is either plain HTTP/3, whose requests the layer above
//! answers, or it becomes one WebTransport session at its CONNECT.
//!
//! h3 speaks the protocol. From the CONNECT on it is no longer polled, only kept alive for
//! its control and QPACK streams. Requests whose header had come by then are answered to
//! their end beside the session; all others are rejected, so that the client may ask again
//! on another connection.
//!
//! `connection` takes requests and ends the connection, `request` is one request from its
//! header to the end of its answer, `body` and `response` are its two directions, `quic` is
//! quinn as h3 sees it, `measure` bounds what a stream may bring.
//!
//! What is absent: who answers, and with what. That is [`super::Answer`]'s.

mod body;
mod connection;
mod measure;
mod quic;
mod request;
mod response;

pub use body::{Body, BodyError};

pub(super) use connection::Established;
pub(super) use request::Requests;

use super::{Answer, quic::Surroundings, webtransport};

/// HTTP/3's own error codes (RFC 9114, section 8.1, RFC 9297, section 5.2, and the
/// WebTransport draft, section 9.5).
pub(super) mod code {
    pub(in crate::transport) const DATAGRAM_ERROR: u32 = 0x33;
    pub(in crate::transport) const NO_ERROR: u32 = 0x100;
    pub(in crate::transport) const STREAM_CREATION_ERROR: u32 = 0x103;
    pub(in crate::transport) const FRAME_ERROR: u32 = 0x106;
    pub(in crate::transport) const EXCESSIVE_LOAD: u32 = 0x107;
    pub(in crate::transport) const REQUEST_REJECTED: u32 = 0x10B;
    pub(in crate::transport) const REQUEST_CANCELLED: u32 = 0x10C;
    pub(in crate::transport) const BUFFERED_STREAM_REJECTED: u32 = 0x3994_BD84;
}

/// Runs a connection that speaks HTTP/3, to its end.
pub(super) async fn serve<S: Answer>(quic: quinn::Connection, serve: S, mut surroundings: Surroundings) {
    // In a place of its own, which is given back before a session begins.
    match Box::pin(connection::requests(&quic, &serve, &mut surroundings.closing)).await {
        Some(established) => webtransport::run(quic, established, serve, surroundings).await,
        None => quic.close(code::NO_ERROR.into(), b""),
    }
}
