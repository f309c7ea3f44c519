//! A connection whose incoming bytes are metered, over any transport.
//!
//! Who sends more than allowed is read later: the transport's flow control does the
//! rest, and nothing is lost. Bytes are told to the meter by the heap, so that chat
//! costs an addition a read.

use super::{Closed, Connection as Contract, RecvStream as RecvContract, StreamError, TransportKind};
use bytes::Bytes;
use rill_protocol::Code;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// Bytes of a connection that are read before the meter hears of them.
const HEAP_BYTES: usize = 4 * 1024;
/// What a read costs beside its bytes: the smallest costs work too.
const READ_BYTES: usize = 64;

/// Told what came, it says how long nothing more should be read.
pub trait Meter: Send + Sync + 'static {
    fn received(&self, bytes: usize) -> Duration;
}

/// What the streams of a connection share.
struct Heap<M> {
    bytes: AtomicUsize,
    meter: M,
}

impl<M: Meter> Heap<M> {
    fn add(&self, bytes: usize) -> Option<Instant> {
        let cost = bytes + READ_BYTES;
        let heaped = self.bytes.fetch_add(cost, Ordering::Relaxed) + cost;
        if heaped < HEAP_BYTES {
            return None;
        }
        let heaped = self.bytes.swap(0, Ordering::Relaxed);
        let pause = self.meter.received(heaped);
        (!pause.is_zero()).then(|| Instant::now() + pause)
    }
}

/// See the module.
pub struct Metered<C, M> {
    inner: C,
    heap: Arc<Heap<M>>,
}

impl<C: Contract, M: Meter> Metered<C, M> {
    pub fn new(inner: C, meter: M) -> Self {
        Self { inner, heap: Arc::new(Heap { bytes: AtomicUsize::new(0), meter }) }
    }

    pub fn meter(&self) -> &M {
        &self.heap.meter
    }
}

impl<C: Contract, M: Meter> Contract for Metered<C, M> {
    type Send = C::Send;
    type Recv = RecvStream<C::Recv, M>;

    fn kind(&self) -> TransportKind {
        self.inner.kind()
    }

    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    async fn accept(&self) -> Result<(C::Send, Self::Recv), Closed> {
        let (send, inner) = self.inner.accept().await?;
        Ok((send, RecvStream { inner, heap: self.heap.clone(), resume_at: None }))
    }

    fn send_datagram(&self, datagram: Bytes) {
        self.inner.send_datagram(datagram);
    }

    /// What is too much is dropped, as datagrams may be.
    async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        loop {
            let datagram = self.inner.recv_datagram().await?;
            if self.heap.add(datagram.len()).is_none() {
                return Ok(datagram);
            }
        }
    }

    fn trust(&self) {
        self.inner.trust();
    }

    fn close(&self, code: Code, reason: &str) {
        self.inner.close(code, reason);
    }

    async fn closed(&self) -> Closed {
        self.inner.closed().await
    }
}

/// A stream whose bytes are metered.
pub struct RecvStream<R, M> {
    inner: R,
    heap: Arc<Heap<M>>,
    resume_at: Option<Instant>,
}

impl<R: RecvContract, M: Meter> RecvContract for RecvStream<R, M> {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        if let Some(at) = self.resume_at {
            // Forgotten behind the pause only, so that a cancelled read waits again. A pause is rare, and its
            // timer would be part of every stream that waits.
            Box::pin(sleep_until(at)).await;
            self.resume_at = None;
        }
        let read = self.inner.read().await?;
        if let Some(bytes) = &read {
            self.resume_at = self.heap.add(bytes.len());
        }
        Ok(read)
    }

    fn stop(&mut self, code: Code) {
        self.inner.stop(code);
    }
}
