//! The two ends of one stream that an application holds. They may live in different
//! tasks.

use bytes::Bytes;
use std::task::{Context, Poll};

use super::{Connection, Event, HalfError, Read, StreamId};

/// Sends on a stream. Dropped before [`SendHalf::finish`], it resets with code 0.
#[derive(Debug)]
pub struct SendHalf {
    connection: Connection,
    id: StreamId,
}

impl SendHalf {
    pub(super) fn new(connection: Connection, id: StreamId) -> Self {
        Self { connection, id }
    }

    /// The stream's number, for the log.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// Takes what fits from the front of `bytes`, at least one byte if there is one:
    /// call it until `bytes` is empty. Cancel safe: what was taken is gone from
    /// `bytes`, the rest is still there.
    pub fn poll_write(&mut self, context: &mut Context<'_>, bytes: &mut Bytes) -> Poll<Result<(), HalfError>> {
        let id = self.id;
        self.connection.poll_event(Event::Writable(id), context, |mux| match mux.write(id, bytes) {
            Ok(0) if !bytes.is_empty() => Poll::Pending,
            outcome => Poll::Ready(outcome.map(drop)),
        })
    }

    /// Takes all of `chunks`, each as [`SendHalf::poll_write`] takes one, and wakes whoever
    /// transmits once for all that fits: so they travel in as few messages as they can.
    pub fn poll_write_all(&mut self, context: &mut Context<'_>, chunks: &mut [Bytes]) -> Poll<Result<(), HalfError>> {
        let id = self.id;
        self.connection.poll_event(Event::Writable(id), context, |mux| {
            for chunk in chunks.iter_mut().filter(|chunk| !chunk.is_empty()) {
                if let Err(error) = mux.write(id, chunk) {
                    return Poll::Ready(Err(error));
                }
                if !chunk.is_empty() {
                    return Poll::Pending;
                }
            }
            Poll::Ready(Ok(()))
        })
    }

    /// Resolves when everything written, and the end if [`SendHalf::finish`] was
    /// called, was handed to the WebSocket.
    pub fn poll_flushed(&mut self, context: &mut Context<'_>) -> Poll<Result<(), HalfError>> {
        let id = self.id;
        self.connection.poll_event(Event::Writable(id), context, |mux| match mux.is_flushed(id) {
            Ok(false) => Poll::Pending,
            outcome => Poll::Ready(outcome.map(drop)),
        })
    }

    /// No more bytes come; those that wait are still sent, also when this is dropped.
    pub fn finish(&mut self) {
        self.connection.with(|mux| mux.finish(self.id));
    }

    /// Gives up: what waits is dropped. Without effect behind [`SendHalf::finish`].
    pub fn reset(&mut self, code: u32) {
        self.connection.with(|mux| mux.reset(self.id, code));
    }
}

impl Drop for SendHalf {
    fn drop(&mut self) {
        self.connection.with(|mux| mux.release_send(self.id));
    }
}

/// Receives from a stream. Dropped before its end, it stops the peer with code 0.
#[derive(Debug)]
pub struct RecvHalf {
    connection: Connection,
    id: StreamId,
}

impl RecvHalf {
    pub(super) fn new(connection: Connection, id: StreamId) -> Self {
        Self { connection, id }
    }

    /// The stream's number, for the log.
    pub fn id(&self) -> StreamId {
        self.id
    }

    /// All bytes that have come, or `None` at the end of the stream. Reading is what
    /// grants the peer more credit. Cancel safe.
    pub fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, HalfError>> {
        let id = self.id;
        self.connection.poll_event(Event::Readable(id), context, |mux| match mux.read(id) {
            Ok(Read::Nothing) => Poll::Pending,
            Ok(Read::Bytes(bytes)) => Poll::Ready(Ok(Some(bytes))),
            Ok(Read::End) => Poll::Ready(Ok(None)),
            Err(error) => Poll::Ready(Err(error)),
        })
    }

    /// Wants no more: what waits and what still comes is thrown away.
    pub fn stop(&mut self, code: u32) {
        self.connection.with(|mux| mux.stop(self.id, code));
    }
}

impl Drop for RecvHalf {
    fn drop(&mut self) {
        self.connection.with(|mux| mux.release_recv(self.id));
    }
}
