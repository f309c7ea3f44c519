//! The first bytes of a stream, which say whose it is.

use crate::transport::{http3::code, quic::Codes};
use quinn::{RecvStream, SendStream, VarInt};
use rill_protocol::{Code, limits::STREAM_HEADER_TIMEOUT_MS};
use std::time::Duration;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _},
    time::timeout,
};
use web_transport_proto::{Frame, StreamUni};

/// The stream if it is the session's, its header read; otherwise it is refused.
pub(super) async fn bidi(
    mut send: SendStream,
    mut recv: RecvStream,
    session_id: u64,
) -> Option<(SendStream, RecvStream)> {
    let header = timeout(Duration::from_millis(STREAM_HEADER_TIMEOUT_MS), bidi_header(&mut recv)).await;
    let refusal = match header.unwrap_or(Header::Late) {
        Header::Session(id) if id == session_id => return Some((send, recv)),
        Header::Session(_) => VarInt::from_u32(code::BUFFERED_STREAM_REJECTED),
        Header::Other(_) => VarInt::from_u32(code::REQUEST_REJECTED),
        Header::Cut => Codes::WebTransport.encode(Code::CutFrame),
        Header::Late => Codes::WebTransport.encode(Code::Timeout),
    };
    // Errors say that the client has given it up already.
    let _ = send.reset(refusal);
    let _ = recv.stop(refusal);
    None
}

/// The stream if it must stay open as long as the connection; otherwise it is refused. It
/// may take its time.
pub(super) async fn uni(mut recv: RecvStream) -> Option<RecvStream> {
    let refusal = match varint(&mut recv).await {
        Some(kind) if is_critical(kind) => return Some(recv),
        // Streams go both ways here.
        Some(kind) if kind == StreamUni::WEBTRANSPORT.0.into_inner() => {
            Codes::WebTransport.encode(Code::UnexpectedFrame)
        }
        _ => VarInt::from_u32(code::STREAM_CREATION_ERROR),
    };
    let _ = recv.stop(refusal);
    None
}

/// Whose a stream is that goes both ways.
#[derive(Debug, PartialEq, Eq)]
pub enum Header {
    /// A stream of this session.
    Session(u64),
    /// A stream of HTTP/3 with this first number.
    Other(u64),
    /// The stream ended before.
    Cut,
    /// Nothing came in time.
    Late,
}

/// Takes the header and not a byte more.
pub(super) async fn bidi_header(recv: &mut (impl AsyncRead + Unpin)) -> Header {
    match varint(recv).await {
        Some(kind) if kind == Frame::WEBTRANSPORT.0.into_inner() => {
            varint(recv).await.map_or(Header::Cut, Header::Session)
        }
        Some(kind) => Header::Other(kind),
        None => Header::Cut,
    }
}

/// An integer of QUIC (RFC 9000, section 16), and not a byte more.
async fn varint(recv: &mut (impl AsyncRead + Unpin)) -> Option<u64> {
    let mut bytes = [0; 8];
    recv.read_exact(&mut bytes[..1]).await.ok()?;
    let length = 1 << (bytes[0] >> 6);
    recv.read_exact(&mut bytes[1..length]).await.ok()?;
    bytes[0] &= 0x3F;
    Some(bytes[..length].iter().fold(0, |sum, byte| (sum << 8) | u64::from(*byte)))
}

/// Control, and QPACK's two: to stop one is an error of the connection (RFC 9114,
/// section 6.2.1; RFC 9204, section 4.2).
fn is_critical(kind: u64) -> bool {
    [StreamUni::CONTROL, StreamUni::QPACK_ENCODER, StreamUni::QPACK_DECODER]
        .iter()
        .any(|critical| critical.0.into_inner() == kind)
}
