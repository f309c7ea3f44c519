//! Whether a connection may come in, as the layer above says it before any handshake.

use std::fmt;

/// The verdict on a connection that has just shown up.
#[derive(Debug)]
pub enum Admission {
    Admitted(Permits),
    /// It must first show that it hears us at its address; over QUIC that is a Retry (RFC
    /// 9000, section 8.1.2).
    Prove,
    Refused,
}

/// What an admitted connection holds.
#[derive(Debug, Default)]
pub struct Permits {
    /// Until the connection ends.
    pub connection: Permit,
    /// Until its handshake is done.
    pub handshake: Permit,
}

/// A place that is free again when this is dropped.
#[derive(Default)]
pub struct Permit(Option<Box<dyn Send + Sync>>);

impl Permit {
    pub fn new(held: impl Send + Sync + 'static) -> Self {
        Self(Some(Box::new(held)))
    }
}

impl fmt::Debug for Permit {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(if self.0.is_some() { "Permit" } else { "NoPermit" })
    }
}
