//! quinn for h3, with a bound on what one of HTTP/3's own streams may bring.
//!
//! h3 gathers a frame until it is whole, however long it claims to be. Here such a
//! stream fails instead.

use crate::transport::limits::HTTP3_STREAM_BYTES_MAX;
use bytes::{Buf, Bytes};
use h3::{
    error::Code,
    quic::{
        BidiStream as BidiContract, Connection as ConnectionContract, ConnectionErrorIncoming, OpenStreams,
        RecvStream as RecvContract, SendStream, StreamErrorIncoming, StreamId, WriteBuf,
    },
};
use std::task::{Context, Poll, ready};

/// A connection as h3 sees it.
pub(super) struct Connection {
    inner: h3_quinn::Connection,
    quic: quinn::Connection,
}

impl Connection {
    pub(super) fn new(quic: quinn::Connection) -> Self {
        Self { inner: h3_quinn::Connection::new(quic.clone()), quic }
    }
}

impl ConnectionContract<Bytes> for Connection {
    type RecvStream = RecvStream;
    type OpenStreams = Self;

    fn poll_accept_recv(&mut self, context: &mut Context<'_>) -> Poll<Result<RecvStream, ConnectionErrorIncoming>> {
        ConnectionContract::<Bytes>::poll_accept_recv(&mut self.inner, context).map_ok(RecvStream::new)
    }

    fn poll_accept_bidi(&mut self, context: &mut Context<'_>) -> Poll<Result<BidiStream, ConnectionErrorIncoming>> {
        ConnectionContract::<Bytes>::poll_accept_bidi(&mut self.inner, context).map_ok(BidiStream::new)
    }

    fn opener(&self) -> Self {
        Self::new(self.quic.clone())
    }
}

impl OpenStreams<Bytes> for Connection {
    type BidiStream = BidiStream;
    type SendStream = h3_quinn::SendStream<Bytes>;

    fn poll_open_bidi(&mut self, context: &mut Context<'_>) -> Poll<Result<BidiStream, StreamErrorIncoming>> {
        OpenStreams::<Bytes>::poll_open_bidi(&mut self.inner, context).map_ok(BidiStream::new)
    }

    fn poll_open_send(&mut self, context: &mut Context<'_>) -> Poll<Result<Self::SendStream, StreamErrorIncoming>> {
        self.inner.poll_open_send(context)
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        OpenStreams::<Bytes>::close(&mut self.inner, code, reason);
    }
}

/// A request's stream.
pub(super) struct BidiStream {
    send: h3_quinn::SendStream<Bytes>,
    recv: RecvStream,
}

impl BidiStream {
    fn new(inner: h3_quinn::BidiStream<Bytes>) -> Self {
        let (send, recv) = inner.split();
        Self { send, recv: RecvStream::new(recv) }
    }
}

impl BidiContract<Bytes> for BidiStream {
    type SendStream = h3_quinn::SendStream<Bytes>;
    type RecvStream = RecvStream;

    fn split(self) -> (Self::SendStream, RecvStream) {
        (self.send, self.recv)
    }
}

impl SendStream<Bytes> for BidiStream {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_ready(context)
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        self.send.send_data(data)
    }

    fn poll_finish(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        self.send.poll_finish(context)
    }

    fn reset(&mut self, code: u64) {
        self.send.reset(code);
    }

    fn send_id(&self) -> StreamId {
        self.send.send_id()
    }
}

impl RecvContract for BidiStream {
    type Buf = Bytes;

    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.recv.poll_data(context)
    }

    fn stop_sending(&mut self, code: u64) {
        self.recv.stop_sending(code);
    }

    fn recv_id(&self) -> StreamId {
        self.recv.id
    }
}

/// What comes on a request's, the control or a QPACK stream.
pub(super) struct RecvStream {
    inner: h3_quinn::RecvStream,
    id: StreamId,
    left_bytes: usize,
    /// A read is under way, and h3-quinn has the stream inside it.
    reading: bool,
}

impl RecvStream {
    fn new(inner: h3_quinn::RecvStream) -> Self {
        Self { id: inner.recv_id(), inner, left_bytes: HTTP3_STREAM_BYTES_MAX, reading: false }
    }
}

impl RecvContract for RecvStream {
    type Buf = Bytes;

    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        self.reading = true;
        let data = ready!(self.inner.poll_data(context));
        self.reading = false;
        let Some(bytes) = data? else { return Poll::Ready(Ok(None)) };
        match self.left_bytes.checked_sub(bytes.remaining()) {
            Some(left_bytes) => {
                self.left_bytes = left_bytes;
                Poll::Ready(Ok(Some(bytes)))
            }
            None => Poll::Ready(Err(StreamErrorIncoming::Unknown("the stream brought too many bytes".into()))),
        }
    }

    fn stop_sending(&mut self, code: u64) {
        // Otherwise the drop stops it, without a code.
        if !self.reading {
            self.inner.stop_sending(code);
        }
    }

    fn recv_id(&self) -> StreamId {
        self.id
    }
}
