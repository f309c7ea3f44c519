//! A WebTransport session as the layer above sees it.

use crate::{
    runtime::queue::Receiver,
    transport::{
        Closed, Connection as Contract, TransportKind,
        limits::RECEIVE_WINDOW_BYTES,
        quic::{Codes, Orphan, Owner, RecvStream, SendStream, Windows},
    },
};
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use rill_protocol::{Code, limits::DATAGRAM_BYTES_MAX};
use std::{net::SocketAddr, sync::Arc};
use web_transport_proto::VarInt;

/// Streams of the session whose header was read.
pub(super) type Accepted = (quinn::SendStream, quinn::RecvStream);

/// What the session and its driver both know.
pub(super) struct Shared {
    pub(super) quic: quinn::Connection,
    pub(super) session_id: u64,
    pub(super) owner: Arc<Owner>,
}

impl Shared {
    /// Keeps a stream that nobody took to the end of the connection.
    pub(super) fn adopt(&self, (send, recv): Accepted) {
        self.owner.adopt(Orphan::Send(send));
        self.owner.adopt(Orphan::Recv(recv));
    }

    /// What datagrams begin with (RFC 9297, section 2.1).
    fn quarter_id(&self) -> VarInt {
        VarInt::from_u64(self.session_id / 4).unwrap_or(VarInt::MAX)
    }
}

/// One session, which is all there is on its connection.
pub struct Session {
    shared: Arc<Shared>,
    accepted: Receiver<Accepted>,
    peer: SocketAddr,
}

impl Session {
    pub(super) fn new(
        quic: quinn::Connection,
        windows: Arc<Windows>,
        session_id: u64,
        peer: SocketAddr,
        accepted: Receiver<Accepted>,
    ) -> Self {
        let owner = Arc::new(Owner::new(Codes::WebTransport, windows));
        let shared = Arc::new(Shared { quic, session_id, owner });
        Self { shared, accepted, peer }
    }

    pub(super) fn shared(&self) -> Arc<Shared> {
        self.shared.clone()
    }
}

impl Contract for Session {
    type Send = SendStream;
    type Recv = RecvStream;

    fn kind(&self) -> TransportKind {
        TransportKind::WebTransport
    }

    fn peer(&self) -> SocketAddr {
        self.peer
    }

    async fn accept(&self) -> Result<(SendStream, RecvStream), Closed> {
        let accepted = self.accepted.recv().await;
        let Some((send, recv)) = accepted else {
            return Err(self.closed().await);
        };
        let owner = &self.shared.owner;
        Ok((SendStream::new(send, owner.clone()), RecvStream::new(recv, owner.clone())))
    }

    fn send_datagram(&self, datagram: Bytes) {
        if datagram.len() > DATAGRAM_BYTES_MAX || self.shared.owner.is_over() {
            return;
        }
        let prefix = self.shared.quarter_id();
        let mut bytes = BytesMut::with_capacity(prefix.size() + datagram.len());
        prefix.encode(&mut bytes);
        bytes.put(datagram);
        // An error says that the peer takes none, or none of this length.
        let _ = self.shared.quic.send_datagram(bytes.freeze());
    }

    async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        loop {
            let read = tokio::select! {
                biased;
                closed = self.shared.owner.ending.wait() => return Err(closed),
                read = self.shared.quic.read_datagram() => read,
            };
            let Ok(mut datagram) = read else {
                return Err(self.closed().await);
            };
            match VarInt::decode(&mut datagram) {
                Ok(id) if id == self.shared.quarter_id() => return Ok(datagram.copy_to_bytes(datagram.remaining())),
                // Nobody's: dropped, as datagrams may be.
                _ => {}
            }
        }
    }

    fn trust(&self) {
        self.shared.quic.set_receive_window(quinn::VarInt::from_u32(RECEIVE_WINDOW_BYTES));
    }

    fn close(&self, code: Code, reason: &str) {
        // The driver hears it and tells the peer.
        self.shared.owner.ending.tell(Closed::by_us(code, reason));
    }

    async fn closed(&self) -> Closed {
        self.shared.owner.ending.wait().await
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        Contract::close(self, Code::Normal, "");
        self.accepted.close();
        while let Some(stream) = self.accepted.try_recv() {
            self.shared.adopt(stream);
        }
    }
}
