//! A connection over the sans-IO mux, whatever carries its messages: a WebSocket, or
//! memory. Whoever carries them tells the [`Ending`] before it closes the mux.

use super::{
    Closed, Connection as Contract, Priority, RecvStream as RecvContract, SendStream as SendContract, StreamError,
    TransportKind,
    ending::Ending,
    limits::{MUX_UNREAD_BYTES_MAX, STRANGER_WINDOW_BYTES},
};
use bytes::Bytes;
use rill_protocol::{
    Code,
    mux::{self, HalfError},
};
use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// The server's end.
pub struct Connection {
    kind: TransportKind,
    peer: SocketAddr,
    mux: mux::Connection,
    ending: Arc<Ending>,
    unread_bytes_max: Arc<AtomicUsize>,
}

impl Connection {
    pub(super) fn new(kind: TransportKind, peer: SocketAddr, mux: mux::Connection, ending: Arc<Ending>) -> Self {
        let unread_bytes_max = Arc::new(AtomicUsize::new(STRANGER_WINDOW_BYTES as usize));
        Self { kind, peer, mux, ending, unread_bytes_max }
    }

    /// Bytes that may lie unread before whoever carries messages should hold them back.
    pub(super) fn unread_bytes_max(&self) -> Arc<AtomicUsize> {
        self.unread_bytes_max.clone()
    }
}

impl Contract for Connection {
    type Send = SendStream;
    type Recv = RecvStream;

    fn kind(&self) -> TransportKind {
        self.kind
    }

    fn peer(&self) -> SocketAddr {
        self.peer
    }

    async fn accept(&self) -> Result<(SendStream, RecvStream), Closed> {
        match poll_fn(|context| self.mux.poll_accept(context)).await {
            // The class that the client chose schedules its own bytes and ours alike.
            Some((_class, send, recv)) => Ok((SendStream(send), RecvStream(recv))),
            None => Err(self.closed().await),
        }
    }

    fn send_datagram(&self, datagram: Bytes) {
        self.mux.send_datagram(datagram);
    }

    async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        match poll_fn(|context| self.mux.poll_datagram(context)).await {
            Some(datagram) => Ok(datagram),
            None => Err(self.closed().await),
        }
    }

    fn trust(&self) {
        self.unread_bytes_max.store(MUX_UNREAD_BYTES_MAX, Ordering::Relaxed);
    }

    fn close(&self, code: Code, reason: &str) {
        self.ending.tell(Closed::by_us(code, reason));
        self.mux.close();
    }

    async fn closed(&self) -> Closed {
        self.ending.wait().await
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        Contract::close(self, Code::Normal, "");
    }
}

/// The sending half of a mux stream.
pub struct SendStream(mux::SendHalf);

impl SendContract for SendStream {
    async fn write(&mut self, mut chunks: Vec<Bytes>) -> Result<(), StreamError> {
        Ok(poll_fn(|context| self.0.poll_write_all(context, &mut chunks)).await?)
    }

    fn finish(&mut self) {
        self.0.finish();
    }

    fn reset(&mut self, code: Code) {
        self.0.reset(code.number());
    }

    /// The mux goes by the class that the client gave the stream when it opened it.
    fn set_priority(&mut self, _: Priority) {}
}

/// The receiving half of a mux stream.
pub struct RecvStream(mux::RecvHalf);

impl RecvContract for RecvStream {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        Ok(poll_fn(|context| self.0.poll_read(context)).await?)
    }

    fn stop(&mut self, code: Code) {
        self.0.stop(code.number());
    }
}

impl From<HalfError> for StreamError {
    fn from(error: HalfError) -> Self {
        match error {
            HalfError::Peer(code) => Self::Peer(code),
            _ => Self::Closed,
        }
    }
}
