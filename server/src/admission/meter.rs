//! What a connection's incoming bytes cost its address and its user: time, in which
//! nothing more is read, so that the transport's own flow control holds the peer back.

use rill_protocol::UserId;
use std::{
    net::IpAddr,
    sync::{Arc, OnceLock},
    time::Duration,
};

use super::{Address, Gate};
use crate::transport::metered::Meter;

/// The meter of one connection.
pub struct Toll {
    gate: Arc<Gate>,
    /// Of no address, if the bytes come from many through one.
    address: Option<Address>,
    /// Known once the peer has said who it is.
    user: OnceLock<UserId>,
}

impl Toll {
    pub fn new(gate: Arc<Gate>, peer: IpAddr) -> Self {
        let address = gate.payer(peer);
        Self { gate, address, user: OnceLock::new() }
    }

    /// From now on the bytes are this user's too.
    pub fn belongs_to(&self, user: UserId) {
        let _ = self.user.set(user);
    }
}

impl Meter for Toll {
    fn received(&self, bytes: usize) -> Duration {
        self.gate.received(self.address, self.user.get().copied(), bytes)
    }
}
