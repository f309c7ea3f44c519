//! Byte pipes. Above this module nobody knows which transport a connection uses.
//!
//! Clients open every stream, and every stream goes both ways. Contract, held by each
//! transport and checked by one suite (`tests/transport`):
//! - Dropping a [`SendStream`] that was not finished resets it with `Normal`; dropping
//!   a [`RecvStream`] that was not read to its end stops it with `Normal`. Dropping a
//!   [`Connection`] closes it with `Normal`.
//! - [`SendStream::write`] is not cancel safe: a caller that drops its future resets
//!   the stream. [`RecvStream::read`], [`Connection::accept`] and
//!   [`Connection::recv_datagram`] are cancel safe. One task at a time waits in each.
//! - Stream and connection codes arrive at the peer as the numbers of [`Code`].
//! - [`Connection::close`] delivers the code to a peer that still reads, at best effort,
//!   and ends every stream with [`StreamError::Closed`]. Bytes that the peer has not yet
//!   received are lost with it. Who ends a session closes first and lets its streams go
//!   after: a reset that comes beside the close can cost a browser the code.
//! - What arrived before the end can still be read; what comes first, the last bytes or
//!   [`Connection::closed`], is not said.
//!
//! What is absent: kinds, frames, users. A peer that breaks the rules of its transport
//! is closed here, and is never more than a [`Closed`] above.

pub mod http3;
pub mod limits;
pub mod memory;
pub mod metered;
pub mod muxed;
pub mod quic;
pub mod websocket;
pub mod webtransport;

mod admission;
mod ending;
mod origin;

pub use admission::{Admission, Permit, Permits};

use bytes::Bytes;
use http::{Request, Response};
use rill_protocol::Code;
use std::{
    future::Future,
    net::{IpAddr, SocketAddr},
};
use thiserror::Error;

/// Which transport a connection uses: for logs, metrics and the chip in the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    Quic,
    WebTransport,
    WebSocket,
    Memory,
}

impl TransportKind {
    /// The name in logs.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quic => "quic",
            Self::WebTransport => "webtransport",
            Self::WebSocket => "websocket",
            Self::Memory => "memory",
        }
    }
}

/// Control before the lane in view before other lanes before history before files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Priority {
    Control,
    LaneInView,
    LaneOthers,
    History,
    /// What waits of these in a connection is bounded apart, so that the others find room.
    File,
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code, if the peer (or this side) gave one; the transport's own failures have none.
    pub code: Option<u32>,
    /// For the log.
    pub reason: String,
}

impl Closed {
    /// Closed by this side.
    fn by_us(code: Code, reason: &str) -> Self {
        Self { code: Some(code.number()), reason: reason.to_owned() }
    }

    /// Closed by the transport itself.
    fn failed(reason: impl ToString) -> Self {
        Self { code: None, reason: reason.to_string() }
    }

    /// The transport ended without a word.
    fn unknown() -> Self {
        Self::failed("the connection ended")
    }
}

/// How a stream ended before its time.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum StreamError {
    /// The peer reset its sending side, or stopped reading ours.
    #[error("the peer ended the stream with code {0}")]
    Peer(u32),
    /// The connection is gone, or this side has ended the stream itself.
    #[error("the stream is closed")]
    Closed,
}

/// One connection of one client.
pub trait Connection: Send + Sync + 'static {
    /// The server's half of a stream.
    type Send: SendStream;
    /// The client's half of a stream.
    type Recv: RecvStream;

    fn kind(&self) -> TransportKind;
    /// The client's address at the handshake: for the log only, it may change.
    fn peer(&self) -> SocketAddr;
    /// The next stream that the client opened.
    fn accept(&self) -> impl Future<Output = Result<(Self::Send, Self::Recv), Closed>> + Send;
    /// Sends what may be lost; too long or without support it is dropped silently.
    fn send_datagram(&self, datagram: Bytes);
    /// The next datagram; pends for ever where there are none.
    fn recv_datagram(&self) -> impl Future<Output = Result<Bytes, Closed>> + Send;
    /// It is known who the client is: from now on it may send further ahead of us.
    fn trust(&self);
    /// Ends the connection; only the first call counts.
    fn close(&self, code: Code, reason: &str);
    /// Resolves when the connection has ended, whoever ended it.
    fn closed(&self) -> impl Future<Output = Closed> + Send;
}

/// The sending half of a stream.
pub trait SendStream: Send + 'static {
    /// Resolves when the transport has taken every byte.
    fn write(&mut self, chunks: Vec<Bytes>) -> impl Future<Output = Result<(), StreamError>> + Send;
    /// No more bytes come. What was written is still delivered, also after a drop.
    fn finish(&mut self);
    /// Gives up. Without effect behind [`Self::finish`].
    fn reset(&mut self, code: Code);
    fn set_priority(&mut self, priority: Priority);
}

/// The receiving half of a stream.
pub trait RecvStream: Send + 'static {
    /// The next bytes, never empty, or `None` at the end of the stream.
    fn read(&mut self) -> impl Future<Output = Result<Option<Bytes>, StreamError>> + Send;
    fn stop(&mut self, code: Code);
}

/// What a transport does with a connection whose handshake is done.
pub trait Serve: Clone + Send + Sync + 'static {
    /// Runs the connection to its end.
    fn serve<C: Connection>(&self, connection: C) -> impl Future<Output = ()> + Send;
    /// Whether a page of this origin may connect; `None` is a native client.
    fn origin_allowed(&self, origin: Option<&str>) -> bool;
    /// Whether a connection from here may begin its handshake. `proven`: the peer has shown
    /// that it hears us at that address.
    fn admit(&self, _address: IpAddr, _proven: bool) -> Admission {
        Admission::Admitted(Permits::default())
    }
}

/// What answers the requests of HTTP/3, beside running sessions.
pub trait Answer: Serve {
    /// The body of an answer.
    type Body: http_body::Body<Data = Bytes, Error: std::fmt::Display + Send> + Send + 'static;

    /// Answers a request that came from `peer` (the address at the handshake). Dropped
    /// when the client gives the request up. An answer with [`Priority::File`] among its
    /// extensions is one.
    fn answer(
        &self,
        request: Request<http3::Body>,
        peer: SocketAddr,
    ) -> impl Future<Output = Response<Self::Body>> + Send;
}
