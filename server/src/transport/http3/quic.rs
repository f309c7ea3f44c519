//! quinn as h3 sees it. Streams are measured on their way, and a request can tell when
//! its client has given it up, and that its answer is a file.

use super::{
    code,
    measure::{Measure, Overrun},
};
use crate::transport::{
    Priority,
    quic::{FileStream, Windows, rank},
};
use bytes::{Buf as _, Bytes};
use futures_util::{FutureExt as _, future::BoxFuture};
use h3::{
    error::Code,
    quic::{
        BidiStream as BidiContract, Connection as ConnectionContract, ConnectionErrorIncoming, OpenStreams,
        RecvStream as RecvContract, SendStream as SendContract, StreamErrorIncoming, StreamId, WriteBuf,
    },
};
use quinn::{ConnectionError, ReadError, VarInt, WriteError};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

/// Read at once from one stream.
const READ_BYTES: usize = 8 * 1024;

/// Resolves when the client wants no answer any more, or has all of it.
pub(super) type GivenUp = BoxFuture<'static, ()>;

/// Of a request that was accepted: what h3 does not let through.
pub(super) struct Accepted {
    pub(super) given_up: GivenUp,
    /// Set when what is sent from now on is a file.
    pub(super) is_file: Arc<AtomicBool>,
}

/// A connection as h3 sees it.
pub(in crate::transport) struct Connection {
    quic: quinn::Connection,
    windows: Arc<Windows>,
    next_bidi: Wait<(quinn::SendStream, quinn::RecvStream)>,
    next_recv: Wait<quinn::RecvStream>,
    opening: Wait<quinn::SendStream>,
    /// Of the request that was accepted last.
    pub(super) accepted: Option<Accepted>,
}

/// Something of quinn's that is waited for.
struct Wait<T>(Option<BoxFuture<'static, Result<T, ConnectionError>>>);

impl<T> Wait<T> {
    fn poll<F>(&mut self, context: &mut Context<'_>, begin: impl FnOnce() -> F) -> Poll<Result<T, ConnectionError>>
    where
        F: Future<Output = Result<T, ConnectionError>> + Send + 'static,
    {
        let result = ready!(self.0.get_or_insert_with(|| begin().boxed()).poll_unpin(context));
        self.0 = None;
        Poll::Ready(result)
    }
}

impl Connection {
    pub(super) fn new(quic: quinn::Connection, windows: Arc<Windows>) -> Self {
        Self { quic, windows, next_bidi: Wait(None), next_recv: Wait(None), opening: Wait(None), accepted: None }
    }
}

impl ConnectionContract<Bytes> for Connection {
    type RecvStream = RecvStream;
    type OpenStreams = Self;

    fn poll_accept_recv(&mut self, context: &mut Context<'_>) -> Poll<Result<RecvStream, ConnectionErrorIncoming>> {
        let quic = &self.quic;
        let next = || {
            let quic = quic.clone();
            async move { quic.accept_uni().await }
        };
        let recv = ready!(self.next_recv.poll(context, next)).map_err(connection_error)?;
        Poll::Ready(Ok(RecvStream {
            quic: recv,
            connection: quic.clone(),
            measure: Measure::one_way(),
            of_connection: true,
            over: false,
        }))
    }

    fn poll_accept_bidi(&mut self, context: &mut Context<'_>) -> Poll<Result<BidiStream, ConnectionErrorIncoming>> {
        let quic = &self.quic;
        let next = || {
            let quic = quic.clone();
            async move { quic.accept_bi().await }
        };
        let (send, recv) = ready!(self.next_bidi.poll(context, next)).map_err(connection_error)?;
        let is_file = Arc::<AtomicBool>::default();
        self.accepted = Some(Accepted { given_up: send.stopped().map(drop).boxed(), is_file: is_file.clone() });
        let recv = RecvStream {
            quic: recv,
            connection: quic.clone(),
            measure: Measure::request(),
            of_connection: false,
            over: false,
        };
        Poll::Ready(Ok(BidiStream { send: SendStream::new(send, self.windows.clone(), is_file), recv }))
    }

    fn opener(&self) -> Self {
        Self::new(self.quic.clone(), self.windows.clone())
    }
}

impl OpenStreams<Bytes> for Connection {
    type BidiStream = BidiStream;
    type SendStream = SendStream;

    fn poll_open_bidi(&mut self, _: &mut Context<'_>) -> Poll<Result<BidiStream, StreamErrorIncoming>> {
        // RFC 9114, section 6.1.
        Poll::Ready(Err(StreamErrorIncoming::Unknown("a server opens no streams that go both ways".into())))
    }

    fn poll_open_send(&mut self, context: &mut Context<'_>) -> Poll<Result<SendStream, StreamErrorIncoming>> {
        let quic = &self.quic;
        let open = || {
            let quic = quic.clone();
            async move { quic.open_uni().await }
        };
        let opened = ready!(self.opening.poll(context, open)).map_err(connection_lost)?;
        Poll::Ready(Ok(SendStream::new(opened, self.windows.clone(), Arc::default())))
    }

    fn close(&mut self, code: Code, reason: &[u8]) {
        self.quic.close(number(code.value()), reason);
    }
}

/// A request's stream.
pub(in crate::transport) struct BidiStream {
    send: SendStream,
    recv: RecvStream,
}

impl BidiContract<Bytes> for BidiStream {
    type SendStream = SendStream;
    type RecvStream = RecvStream;

    fn split(self) -> (SendStream, RecvStream) {
        (self.send, self.recv)
    }
}

impl SendContract<Bytes> for BidiStream {
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
        self.recv.recv_id()
    }
}

/// What goes out on a request's, the control or a QPACK stream.
pub(in crate::transport) struct SendStream {
    quic: quinn::SendStream,
    writing: Option<WriteBuf<Bytes>>,
    windows: Arc<Windows>,
    is_file: Arc<AtomicBool>,
    file: Option<FileStream>,
}

impl SendStream {
    fn new(quic: quinn::SendStream, windows: Arc<Windows>, is_file: Arc<AtomicBool>) -> Self {
        Self { quic, writing: None, windows, is_file, file: None }
    }
}

impl SendContract<Bytes> for SendStream {
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        if self.file.is_none() && self.is_file.load(Ordering::Relaxed) {
            self.file = Some(self.windows.file());
            // An error says that it has ended.
            let _ = self.quic.set_priority(rank(Priority::File));
        }
        let (quic, writing) = (&mut self.quic, &mut self.writing);
        self.windows.poll(self.file.is_some(), context, |context| {
            while let Some(data) = writing.as_mut().filter(|data| data.has_remaining()) {
                let written = ready!(Pin::new(&mut *quic).poll_write(context, data.chunk())).map_err(write_error)?;
                data.advance(written);
            }
            *writing = None;
            Poll::Ready(Ok(()))
        })
    }

    fn send_data<T: Into<WriteBuf<Bytes>>>(&mut self, data: T) -> Result<(), StreamErrorIncoming> {
        if self.writing.is_some() {
            return Err(StreamErrorIncoming::Unknown("the stream is still writing".into()));
        }
        self.writing = Some(data.into());
        Ok(())
    }

    fn poll_finish(&mut self, _: &mut Context<'_>) -> Poll<Result<(), StreamErrorIncoming>> {
        Poll::Ready(self.quic.finish().map_err(|error| StreamErrorIncoming::Unknown(error.into())))
    }

    fn reset(&mut self, code: u64) {
        // An error says that it has ended.
        let _ = self.quic.reset(number(code));
    }

    fn send_id(&self) -> StreamId {
        stream_id(self.quic.id())
    }
}

/// What comes on a request's, the control or a QPACK stream.
pub(in crate::transport) struct RecvStream {
    quic: quinn::RecvStream,
    connection: quinn::Connection,
    measure: Measure,
    /// HTTP/3's own: what is wrong with it is wrong with the connection.
    of_connection: bool,
    /// Nothing is read any more.
    over: bool,
}

impl RecvContract for RecvStream {
    type Buf = Bytes;

    fn poll_data(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, StreamErrorIncoming>> {
        let mut bytes = [0; READ_BYTES];
        let read = match ready!(self.quic.poll_read(context, &mut bytes)) {
            Ok(read) => &bytes[..read],
            Err(error) => {
                self.over = true;
                return Poll::Ready(Err(read_error(error)));
            }
        };
        let measured = if read.is_empty() {
            self.over = true;
            self.measure.end()
        } else {
            self.measure.take(read)
        };
        Poll::Ready(match measured {
            Ok(()) if read.is_empty() => Ok(None),
            Ok(()) => Ok(Some(Bytes::copy_from_slice(read))),
            Err(overrun) => {
                match overrun {
                    // RFC 9114, section 7.1.
                    Overrun::Cut => self.connection.close(code::FRAME_ERROR.into(), b""),
                    _ if self.of_connection => self.connection.close(code::EXCESSIVE_LOAD.into(), b""),
                    _ => {}
                }
                Err(StreamErrorIncoming::Unknown(overrun.into()))
            }
        })
    }

    fn stop_sending(&mut self, code: u64) {
        self.over = true;
        // An error says that it has ended.
        let _ = self.quic.stop(number(code));
    }

    fn recv_id(&self) -> StreamId {
        stream_id(self.quic.id())
    }
}

impl Drop for RecvStream {
    /// quinn would stop it with 0, which is no code of HTTP/3 (RFC 9114, section 4.1).
    fn drop(&mut self) {
        if !self.over {
            self.stop_sending(code::NO_ERROR.into());
        }
    }
}

fn number(code: u64) -> VarInt {
    VarInt::from_u64(code).unwrap_or(VarInt::MAX)
}

fn stream_id(id: quinn::StreamId) -> StreamId {
    // Both are numbers of QUIC: every one of the first is one of the second.
    u64::from(id).try_into().unwrap_or_else(|_| unreachable!("QUIC's stream ids have 62 bits"))
}

fn connection_error(error: ConnectionError) -> ConnectionErrorIncoming {
    match error {
        ConnectionError::ApplicationClosed(close) => {
            ConnectionErrorIncoming::ApplicationClose { error_code: close.error_code.into_inner() }
        }
        ConnectionError::TimedOut => ConnectionErrorIncoming::Timeout,
        other => ConnectionErrorIncoming::Undefined(Arc::new(other)),
    }
}

fn connection_lost(error: ConnectionError) -> StreamErrorIncoming {
    StreamErrorIncoming::ConnectionErrorIncoming { connection_error: connection_error(error) }
}

fn read_error(error: ReadError) -> StreamErrorIncoming {
    match error {
        ReadError::Reset(code) => StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() },
        ReadError::ConnectionLost(error) => connection_lost(error),
        other => StreamErrorIncoming::Unknown(other.into()),
    }
}

fn write_error(error: WriteError) -> StreamErrorIncoming {
    match error {
        WriteError::Stopped(code) => StreamErrorIncoming::StreamTerminated { error_code: code.into_inner() },
        WriteError::ConnectionLost(error) => connection_lost(error),
        other => StreamErrorIncoming::Unknown(other.into()),
    }
}
