//! The place that TLS asks for its certificate: its content can be swapped while
//! endpoints run.

use crate::Identity;
use parking_lot::RwLock;
use rustls::{
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use std::sync::Arc;

/// Holds the identity of the next handshake. Connections that stand keep theirs.
#[derive(Debug)]
pub struct Slot(RwLock<Arc<CertifiedKey>>);

impl Slot {
    /// A slot that shows `identity`.
    pub fn new(identity: &Identity) -> Arc<Self> {
        Arc::new(Self(RwLock::new(identity.certified())))
    }

    /// Shows `identity` from the next handshake on.
    pub fn set(&self, identity: &Identity) {
        *self.0.write() = identity.certified();
    }

    #[cfg(test)]
    pub(crate) fn shown(&self) -> Arc<CertifiedKey> {
        self.0.read().clone()
    }
}

impl ResolvesServerCert for Slot {
    // One server, one certificate: the name that the client asks for plays no part.
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().clone())
    }
}
