//! Byte pipes: streams that this side opens, datagrams, a close with a code. Above
//! this module nobody knows which transport a connection uses.
//!
//! Contract:
//! - [`SendHalf::poll_write`] and [`RecvHalf::poll_read`] are cancel safe.
//! - Dropping a [`SendHalf`] that was not finished resets the stream with `Normal`;
//!   dropping a [`RecvHalf`] stops it.
//! - Codes travel as the numbers of [`rill_protocol::Code`]; what WebTransport and
//!   WebSocket do to them on the wire is undone here.
//! - After the connection has ended, by whomever, [`Connection::recv_datagram`] says how.

mod connect;
mod quic;
mod quic_stream;
mod udp;
mod websocket;
mod webtransport;

pub use connect::{connect, connect_either};
pub use rill_protocol::mux::Class;

use bytes::Bytes;
use rill_protocol::{Code, mux};
use std::{
    fmt,
    future::poll_fn,
    io,
    str::FromStr,
    task::{Context, Poll},
    time::Duration,
};
use thiserror::Error;

use quic::Quic;
use quic_stream::{QuicRecv, QuicSend};
use websocket::WebSocket;
use webtransport::WebTransport;

/// The three ways to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TransportKind {
    Quic,
    WebTransport,
    WebSocket,
}

impl TransportKind {
    /// The name on a command line and in reports.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Quic => "quic",
            Self::WebTransport => "webtransport",
            Self::WebSocket => "websocket",
        }
    }
}

impl fmt::Display for TransportKind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.pad(self.as_str())
    }
}

impl FromStr for TransportKind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Quic, Self::WebTransport, Self::WebSocket]
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| format!("{text} is none of quic, webtransport, websocket"))
    }
}

/// How a connection ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// The code, if the peer or this side gave one; failures of the way have none.
    pub code: Option<u32>,
    /// For a person.
    pub reason: String,
}

/// How a stream ended before its time.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum StreamError {
    /// The peer reset its half, or stopped reading ours.
    #[error("the peer ended the stream with code {0}")]
    Peer(u32),
    /// The connection is gone.
    #[error("the connection is closed")]
    Closed,
}

impl From<mux::HalfError> for StreamError {
    fn from(error: mux::HalfError) -> Self {
        match error {
            mux::HalfError::Peer(code) => Self::Peer(code),
            _ => Self::Closed,
        }
    }
}

/// One connection to a server.
#[derive(Debug)]
pub struct Connection(Kind);

#[derive(Debug)]
enum Kind {
    Quic(Quic),
    WebTransport(WebTransport),
    WebSocket(WebSocket),
}

impl Connection {
    /// Which transport it is.
    pub fn kind(&self) -> TransportKind {
        match &self.0 {
            Kind::Quic(_) => TransportKind::Quic,
            Kind::WebTransport(_) => TransportKind::WebTransport,
            Kind::WebSocket(_) => TransportKind::WebSocket,
        }
    }

    /// Opens a stream both ways. `class` orders the streams of a mux; on QUIC it puts what
    /// this side sends of files behind everything else, and the server sets the priority of
    /// what it sends.
    pub async fn open(&self, class: Class) -> Result<(SendHalf, RecvHalf), StreamError> {
        let (mut send, recv) = match &self.0 {
            Kind::Quic(quic) => quic.open().await?,
            Kind::WebTransport(session) => session.open().await?,
            Kind::WebSocket(socket) => {
                let (send, recv) = socket.open(class)?;
                return Ok((SendHalf(SendKind::Mux(send)), RecvHalf(RecvKind::Mux(recv))));
            }
        };
        if class == Class::File {
            send.come_last();
        }
        Ok((SendHalf(SendKind::Quic(send)), RecvHalf(RecvKind::Quic(recv))))
    }

    /// Sends what may be lost; what is too long is.
    pub fn send_datagram(&self, datagram: Bytes) {
        match &self.0 {
            Kind::Quic(quic) => quic.send_datagram(datagram),
            Kind::WebTransport(session) => session.send_datagram(&datagram),
            Kind::WebSocket(socket) => socket.send_datagram(datagram),
        }
    }

    /// The next datagram, or how the connection ended. Cancel safe.
    pub async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        match &self.0 {
            Kind::Quic(quic) => quic.recv_datagram().await,
            Kind::WebTransport(session) => session.recv_datagram().await,
            Kind::WebSocket(socket) => socket.recv_datagram().await,
        }
    }

    /// Goes on from another socket of this machine, as after a change of networks. Whether it does: QUIC
    /// takes the connection along (RFC 9000, section 9); a WebSocket cannot, and wtransport lets no
    /// client change its socket.
    pub fn rebind(&self) -> io::Result<bool> {
        match &self.0 {
            Kind::Quic(quic) => quic.rebind().map(|()| true),
            Kind::WebTransport(_) | Kind::WebSocket(_) => Ok(false),
        }
    }

    /// Ends the connection, every stream with it.
    pub fn close(&self, code: Code) {
        match &self.0 {
            Kind::Quic(quic) => quic.close(code),
            Kind::WebTransport(session) => session.close(code),
            Kind::WebSocket(socket) => socket.close(code),
        }
    }

    /// [`Self::close`], and waits at most `patience` until the code is on its way.
    pub async fn close_gently(&self, code: Code, patience: Duration) {
        self.close(code);
        let gone = async {
            match &self.0 {
                Kind::Quic(quic) => quic.gone().await,
                Kind::WebTransport(session) => session.gone().await,
                Kind::WebSocket(socket) => socket.gone().await,
            }
        };
        tokio::time::timeout(patience, gone).await.ok();
    }
}

/// The sending half of a stream.
#[derive(Debug)]
pub struct SendHalf(SendKind);

#[derive(Debug)]
enum SendKind {
    Quic(QuicSend),
    Mux(mux::SendHalf),
}

impl SendHalf {
    /// Takes bytes from the front of `bytes`: call it until there are none.
    pub fn poll_write(&mut self, context: &mut Context<'_>, bytes: &mut Bytes) -> Poll<Result<(), StreamError>> {
        match &mut self.0 {
            SendKind::Quic(stream) => stream.poll_write(context, bytes),
            SendKind::Mux(half) => half.poll_write(context, bytes).map_err(StreamError::from),
        }
    }

    /// Writes all of `bytes`.
    pub async fn write(&mut self, mut bytes: Bytes) -> Result<(), StreamError> {
        while !bytes.is_empty() {
            poll_fn(|context| self.poll_write(context, &mut bytes)).await?;
        }
        Ok(())
    }

    /// No more bytes come.
    pub fn finish(&mut self) {
        match &mut self.0 {
            SendKind::Quic(stream) => stream.finish(),
            SendKind::Mux(half) => half.finish(),
        }
    }
}

/// The receiving half of a stream.
#[derive(Debug)]
pub struct RecvHalf(RecvKind);

#[derive(Debug)]
enum RecvKind {
    Quic(QuicRecv),
    Mux(mux::RecvHalf),
}

impl RecvHalf {
    /// The next bytes, or `None` at the end of the stream.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamError>> {
        match &mut self.0 {
            RecvKind::Quic(stream) => stream.poll_read(context),
            RecvKind::Mux(half) => half.poll_read(context).map_err(StreamError::from),
        }
    }
}
