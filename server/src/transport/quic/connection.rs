//! Raw QUIC: the connection is the session, and codes travel as they are.

use super::{Codes, Owner, RecvStream, SendStream, Windows};
use crate::transport::{
    Closed, Connection as Contract, TransportKind,
    ending::cut,
    limits::{REASON_BYTES_MAX, RECEIVE_WINDOW_BYTES},
};
use bytes::Bytes;
use quinn::{ConnectionError, VarInt};
use rill_protocol::{Code, limits::DATAGRAM_BYTES_MAX};
use std::{net::SocketAddr, sync::Arc};

/// A raw QUIC connection of a client.
pub struct Connection {
    quic: quinn::Connection,
    /// Its ending is told only when this side closes: the rest is quinn's to know.
    owner: Arc<Owner>,
    peer: SocketAddr,
}

impl Connection {
    pub(super) fn new(quic: quinn::Connection) -> Self {
        let peer = canonical(quic.remote_address());
        let owner = Arc::new(Owner::new(Codes::Plain, Windows::new(quic.clone())));
        Self { quic, owner, peer }
    }

    fn ended_by(&self, error: ConnectionError) -> Closed {
        self.owner.ending.get().cloned().unwrap_or_else(|| closed(error, Codes::Plain))
    }
}

impl Contract for Connection {
    type Send = SendStream;
    type Recv = RecvStream;

    fn kind(&self) -> TransportKind {
        TransportKind::Quic
    }

    fn peer(&self) -> SocketAddr {
        self.peer
    }

    async fn accept(&self) -> Result<(SendStream, RecvStream), Closed> {
        let (send, recv) = self.quic.accept_bi().await.map_err(|error| self.ended_by(error))?;
        Ok((SendStream::new(send, self.owner.clone()), RecvStream::new(recv, self.owner.clone())))
    }

    fn send_datagram(&self, datagram: Bytes) {
        if datagram.len() <= DATAGRAM_BYTES_MAX {
            // An error says that the peer takes none, or none of this length.
            let _ = self.quic.send_datagram(datagram);
        }
    }

    async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        self.quic.read_datagram().await.map_err(|error| self.ended_by(error))
    }

    fn trust(&self) {
        self.quic.set_receive_window(VarInt::from_u32(RECEIVE_WINDOW_BYTES));
    }

    fn close(&self, code: Code, reason: &str) {
        if self.quic.close_reason().is_none() && self.owner.ending.tell(Closed::by_us(code, reason)) {
            self.quic.close(Codes::Plain.encode(code), cut(reason, REASON_BYTES_MAX).as_bytes());
        }
    }

    async fn closed(&self) -> Closed {
        let error = self.quic.closed().await;
        self.ended_by(error)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        Contract::close(self, Code::Normal, "");
    }
}

/// How quinn says that a connection has ended.
pub(in crate::transport) fn closed(error: ConnectionError, codes: Codes) -> Closed {
    match error {
        ConnectionError::ApplicationClosed(close) => Closed {
            code: codes.decode_close(close.error_code),
            reason: String::from_utf8_lossy(&close.reason).into_owned(),
        },
        other => Closed::failed(other),
    }
}

/// A client's address as its own: a socket for both families shows IPv4 inside IPv6.
pub(in crate::transport) fn canonical(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}
