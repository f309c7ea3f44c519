//! The way between a device and the server: bytes take time both ways, and are held
//! back for as long as somebody says. What is on the way when it is cut is lost.

use bytes::Bytes;
use rill_protocol::Code;
use rill_server::transport::{Closed, Connection, Priority, RecvStream, SendStream, StreamError, TransportKind};
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};
use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use crate::mood::Mood;

/// Holds a way back.
#[derive(Clone, Default)]
pub(crate) struct Barrier(Arc<State>);

#[derive(Default)]
struct State {
    is_shut: AtomicBool,
    opened: Notify,
}

impl Barrier {
    pub(crate) fn set(&self, is_shut: bool) {
        self.0.is_shut.store(is_shut, Ordering::Relaxed);
        self.0.opened.notify_waiters();
    }

    async fn pass(&self) {
        loop {
            let opened = self.0.opened.notified();
            if !self.0.is_shut.load(Ordering::Relaxed) {
                return;
            }
            opened.await;
        }
    }
}

#[derive(Clone)]
struct Way {
    barrier: Barrier,
    mood: Arc<Mood>,
}

pub(crate) struct Link<C> {
    inner: C,
    kind: TransportKind,
    way: Way,
}

impl<C> Link<C> {
    pub(crate) fn new(inner: C, kind: TransportKind, barrier: Barrier, mood: Arc<Mood>) -> Self {
        Self { inner, kind, way: Way { barrier, mood } }
    }
}

impl<C: Connection> Connection for Link<C> {
    type Send = LinkSend<C::Send>;
    type Recv = LinkRecv<C::Recv>;

    fn kind(&self) -> TransportKind {
        self.kind
    }

    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    async fn accept(&self) -> Result<(Self::Send, Self::Recv), Closed> {
        let (send, recv) = self.inner.accept().await?;
        let way = || self.way.clone();
        Ok((LinkSend { inner: send, way: way() }, LinkRecv { inner: recv, way: way(), arriving: None }))
    }

    fn send_datagram(&self, datagram: Bytes) {
        self.inner.send_datagram(datagram);
    }

    async fn recv_datagram(&self) -> Result<Bytes, Closed> {
        self.inner.recv_datagram().await
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

pub(crate) struct LinkSend<S> {
    inner: S,
    way: Way,
}

impl<S: SendStream> SendStream for LinkSend<S> {
    async fn write(&mut self, chunks: Vec<Bytes>) -> Result<(), StreamError> {
        let time = self.way.mood.way();
        if !time.is_zero() {
            sleep(time).await;
        }
        self.way.barrier.pass().await;
        self.inner.write(chunks).await
    }

    fn finish(&mut self) {
        self.inner.finish();
    }

    fn reset(&mut self, code: Code) {
        self.inner.reset(code);
    }

    fn set_priority(&mut self, priority: Priority) {
        self.inner.set_priority(priority);
    }
}

pub(crate) struct LinkRecv<R> {
    inner: R,
    way: Way,
    /// Kept here while it is on its way, so that a read that is given up loses nothing.
    arriving: Option<(Bytes, Instant)>,
}

impl<R: RecvStream> RecvStream for LinkRecv<R> {
    async fn read(&mut self) -> Result<Option<Bytes>, StreamError> {
        if self.arriving.is_none() {
            let Some(bytes) = self.inner.read().await? else { return Ok(None) };
            let at = Instant::now() + self.way.mood.way();
            self.arriving = Some((bytes, at));
        }
        if let Some((_, at)) = &self.arriving
            && *at > Instant::now()
        {
            sleep_until(*at).await;
        }
        self.way.barrier.pass().await;
        Ok(self.arriving.take().map(|(bytes, _)| bytes))
    }

    fn stop(&mut self, code: Code) {
        self.inner.stop(code);
    }
}
