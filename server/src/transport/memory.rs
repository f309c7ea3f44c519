//! A connection without a network: two mux ends that hand each other their messages.
//! It serves tests of everything above transports, and simulations.

use super::{Closed, TransportKind, ending::Ending, muxed::Connection};
use crate::runtime::Tasks;
use rill_protocol::{
    Code,
    mux::{self, Role},
};
use std::{future::poll_fn, net::SocketAddr, sync::Arc};

/// The client's end of [`pair`].
pub struct Client {
    mux: mux::Connection,
    ending: Arc<Ending>,
}

impl Client {
    /// Opens streams, and sends and receives datagrams.
    pub fn mux(&self) -> &mux::Connection {
        &self.mux
    }

    /// Ends the connection; the server sees the code.
    pub fn close(&self, code: Code, reason: &str) {
        self.ending.tell(Closed::by_us(code, reason));
        self.mux.close();
    }

    /// Resolves when the connection has ended, whoever ended it.
    pub async fn closed(&self) -> Closed {
        self.ending.wait().await
    }
}

/// Both ends of a connection whose client calls itself `peer`. Messages pass as fast as
/// they are read: what waits is bounded by the mux's credit alone.
pub fn pair(peer: SocketAddr, tasks: &Tasks) -> (Connection, Client) {
    let (server, client) = (mux::Connection::new(Role::Server), mux::Connection::new(Role::Client));
    let ending = Arc::new(Ending::default());
    tasks.spawn(pump(server.clone(), client.clone(), ending.clone()));
    tasks.spawn(pump(client.clone(), server.clone(), ending.clone()));
    (Connection::new(TransportKind::Memory, peer, server, ending.clone()), Client { mux: client, ending })
}

/// Carries the messages of one direction, until either end closes.
async fn pump(from: mux::Connection, to: mux::Connection, ending: Arc<Ending>) {
    while let Some(message) = poll_fn(|context| from.poll_transmit(context)).await {
        if let Err(error) = to.receive(&message) {
            ending.tell(Closed::by_us(error.code(), &error.to_string()));
        }
    }
    ending.tell(Closed::unknown());
    to.close();
}
