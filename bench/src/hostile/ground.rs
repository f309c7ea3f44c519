//! What all attackers know of the server.

use rill_protocol::{RoomId, Ticket};
use std::{net::SocketAddr, path::PathBuf};

/// The doors of a server that was started to be attacked.
#[derive(Clone, Debug)]
pub(crate) struct Ground {
    pub(crate) http: SocketAddr,
    pub(crate) https: SocketAddr,
    pub(crate) quic: SocketAddr,
    /// A room of the live chat. Everybody may join it.
    pub(crate) room: RoomId,
    /// Tickets whose time was over before the server started.
    pub(crate) expired: Vec<Ticket>,
    /// Where the server keeps what nobody may fetch.
    pub(crate) data: PathBuf,
    pub(crate) seed: u64,
    /// Attempts a second are multiplied by this.
    pub(crate) attack_rate: f64,
}

impl Ground {
    /// The Host that the loopback port answers to.
    pub(crate) fn loopback_host(&self) -> String {
        format!("localhost:{}", self.http.port())
    }

    /// The same of the HTTPS port.
    pub(crate) fn tls_host(&self) -> String {
        format!("localhost:{}", self.https.port())
    }

    pub(crate) fn host(&self, door: super::tcp::Door) -> String {
        match door {
            super::tcp::Door::Loopback => self.loopback_host(),
            super::tcp::Door::Tls => self.tls_host(),
        }
    }
}
