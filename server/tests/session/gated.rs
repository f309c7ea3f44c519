//! A transport that takes a stream's bytes when the test says so: a slow reader, held at
//! the very write that matters, or one that dawdles at every write.

use bytes::Bytes;
use rill_protocol::Code;
use rill_server::transport::{Closed, Connection, Priority, SendStream, StreamError, TransportKind};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{sync::watch, time::timeout};

use crate::dice::Dice;

/// Holds back the writes of one priority.
#[derive(Clone)]
pub(crate) struct Gate {
    held: Arc<watch::Sender<Option<Priority>>>,
    /// How many writes have come to it while it was shut.
    stopped: Arc<watch::Sender<usize>>,
    dawdler: Option<Arc<Dice>>,
}

impl Gate {
    pub(crate) fn new() -> Self {
        let (held, stopped) = (Arc::new(watch::Sender::new(None)), Arc::new(watch::Sender::new(0)));
        Self { held, stopped, dawdler: None }
    }

    pub(crate) fn dawdling(seed: u64) -> Self {
        Self { dawdler: Some(Arc::new(Dice::new(seed))), ..Self::new() }
    }

    pub(crate) fn shut(&self, priority: Priority) {
        self.stopped.send_replace(0);
        self.held.send_replace(Some(priority));
    }

    pub(crate) fn open(&self) {
        self.held.send_replace(None);
    }

    /// Resolves when a write stands before it.
    pub(crate) async fn stopped(&self) {
        let mut stopped = self.stopped.subscribe();
        let patience = Duration::from_secs(60);
        timeout(patience, stopped.wait_for(|writes| *writes > 0)).await.expect("nothing is written").unwrap();
    }

    async fn pass(&self, priority: Option<Priority>) {
        let mut held = self.held.subscribe();
        if priority.is_some() && *held.borrow_and_update() == priority {
            self.stopped.send_modify(|writes| *writes += 1);
            held.wait_for(|held| *held != priority).await.unwrap();
        }
        self.dawdle().await;
    }

    async fn dawdle(&self) {
        if let Some(dice) = &self.dawdler {
            dice.dawdle().await;
        }
    }
}

pub(crate) struct Gated<C> {
    pub(crate) inner: C,
    pub(crate) gate: Gate,
}

impl<C: Connection> Connection for Gated<C> {
    type Send = GatedSend<C::Send>;
    type Recv = C::Recv;

    fn kind(&self) -> TransportKind {
        self.inner.kind()
    }

    fn peer(&self) -> SocketAddr {
        self.inner.peer()
    }

    async fn accept(&self) -> Result<(Self::Send, Self::Recv), Closed> {
        let (send, recv) = self.inner.accept().await?;
        Ok((GatedSend { inner: send, priority: None, gate: self.gate.clone() }, recv))
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

pub(crate) struct GatedSend<S> {
    inner: S,
    priority: Option<Priority>,
    gate: Gate,
}

impl<S: SendStream> SendStream for GatedSend<S> {
    async fn write(&mut self, chunks: Vec<Bytes>) -> Result<(), StreamError> {
        self.gate.pass(self.priority).await;
        self.inner.write(chunks).await?;
        self.gate.dawdle().await;
        Ok(())
    }

    fn finish(&mut self) {
        self.inner.finish();
    }

    fn reset(&mut self, code: Code) {
        self.inner.reset(code);
    }

    fn set_priority(&mut self, priority: Priority) {
        self.priority = Some(priority);
        self.inner.set_priority(priority);
    }
}
