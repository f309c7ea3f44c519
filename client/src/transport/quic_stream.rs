//! Streams of quinn, as raw QUIC has them and as wtransport wraps them.

use bytes::{Buf, Bytes};
use quinn::{ReadError, VarInt, WriteError};
use rill_protocol::Code;
use std::{
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use super::StreamError;
use crate::limits::READ_CHUNK_BYTES_MAX;

/// First HTTP/3 code that carries a code of a WebTransport application
/// (draft-ietf-webtrans-http3, section "Resetting Data Streams").
const WEBTRANSPORT_CODE_FIRST: u64 = 0x52e4_a40f_a8db;

/// Streams have priority 0 unless told otherwise.
const BEHIND_ALL: i32 = -1;

/// An application's code among those of HTTP/3: every 31st value is one that HTTP/3
/// reserves for greasing and is stepped over.
fn to_http3(code: u32) -> u64 {
    let code = u64::from(code);
    WEBTRANSPORT_CODE_FIRST + code + code / 0x1E
}

/// The reverse; a code that is not the application's reads as `Normal`.
fn from_http3(code: u64) -> u32 {
    let Some(shifted) = code.checked_sub(WEBTRANSPORT_CODE_FIRST) else { return 0 };
    u32::try_from(shifted - shifted / 0x1F).unwrap_or(0)
}

fn plain(code: VarInt) -> u32 {
    u32::try_from(code.into_inner()).unwrap_or(0)
}

#[derive(Debug)]
enum Send {
    Quic(quinn::SendStream),
    WebTransport(wtransport::SendStream),
}

/// The sending half; see the contract of [`super`].
#[derive(Debug)]
pub(super) struct QuicSend {
    stream: Send,
    finished: bool,
}

impl QuicSend {
    pub(super) fn quic(stream: quinn::SendStream) -> Self {
        Self { stream: Send::Quic(stream), finished: false }
    }

    pub(super) fn webtransport(stream: wtransport::SendStream) -> Self {
        Self { stream: Send::WebTransport(stream), finished: false }
    }

    fn inner(&mut self) -> &mut quinn::SendStream {
        match &mut self.stream {
            Send::Quic(stream) => stream,
            Send::WebTransport(stream) => stream.quic_stream_mut(),
        }
    }

    fn code(&self, code: VarInt) -> u32 {
        match &self.stream {
            Send::Quic(_) => plain(code),
            Send::WebTransport(_) => from_http3(code.into_inner()),
        }
    }

    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &mut Bytes) -> Poll<Result<(), StreamError>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let written = ready!(Pin::new(self.inner()).poll_write(context, bytes));
        Poll::Ready(match written {
            Ok(count) => {
                bytes.advance(count);
                Ok(())
            }
            Err(WriteError::Stopped(code)) => Err(StreamError::Peer(self.code(code))),
            Err(_) => Err(StreamError::Closed),
        })
    }

    /// Everything else that waits to be sent goes first.
    pub(super) fn come_last(&mut self) {
        self.inner().set_priority(BEHIND_ALL).ok();
    }

    pub(super) fn finish(&mut self) {
        self.finished = true;
        self.inner().finish().ok();
    }
}

impl Drop for QuicSend {
    fn drop(&mut self) {
        if !self.finished {
            let code = match &self.stream {
                Send::Quic(_) => u64::from(Code::Normal.number()),
                Send::WebTransport(_) => to_http3(Code::Normal.number()),
            };
            self.inner().reset(VarInt::from_u64(code).unwrap_or_default()).ok();
        }
    }
}

#[derive(Debug)]
enum Recv {
    Quic(quinn::RecvStream),
    WebTransport(wtransport::RecvStream),
}

/// The receiving half; see the contract of [`super`].
#[derive(Debug)]
pub(super) struct QuicRecv(Recv);

impl QuicRecv {
    pub(super) fn quic(stream: quinn::RecvStream) -> Self {
        Self(Recv::Quic(stream))
    }

    pub(super) fn webtransport(stream: wtransport::RecvStream) -> Self {
        Self(Recv::WebTransport(stream))
    }

    fn inner(&mut self) -> &mut quinn::RecvStream {
        match &mut self.0 {
            Recv::Quic(stream) => stream,
            Recv::WebTransport(stream) => stream.quic_stream_mut(),
        }
    }

    pub(super) fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamError>> {
        // The future holds no state of its own, so a fresh one each time loses nothing.
        let chunk = ready!(pin!(self.inner().read_chunk(READ_CHUNK_BYTES_MAX, true)).poll(context));
        Poll::Ready(match chunk {
            Ok(chunk) => Ok(chunk.map(|chunk| chunk.bytes)),
            Err(ReadError::Reset(code)) => Err(StreamError::Peer(match &self.0 {
                Recv::Quic(_) => plain(code),
                Recv::WebTransport(_) => from_http3(code.into_inner()),
            })),
            Err(_) => Err(StreamError::Closed),
        })
    }
}

impl Drop for QuicRecv {
    fn drop(&mut self) {
        let code = match &self.0 {
            Recv::Quic(_) => u64::from(Code::Normal.number()),
            Recv::WebTransport(_) => to_http3(Code::Normal.number()),
        };
        self.inner().stop(VarInt::from_u64(code).unwrap_or_default()).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn application_codes_travel_among_those_of_http3() {
        // The ends of the range are the draft's own.
        assert_eq!(to_http3(0), 0x52e4_a40f_a8db);
        assert_eq!(to_http3(u32::MAX), 0x52e5_ac98_3162);
        for code in (0..2_000).chain([u32::MAX - 1, u32::MAX]) {
            assert_eq!(from_http3(to_http3(code)), code);
            assert_ne!((to_http3(code) - 0x21) % 0x1F, 0, "{code} is sent as a reserved code");
        }
        assert_eq!(from_http3(0x10C), 0);
    }
}
