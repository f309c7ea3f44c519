//! Certificates: making them, keeping them, renewing them, and handing them to TLS.
//!
//! A server has two. [`Pinned`] is the one that browsers accept by its hash
//! (WebTransport's `serverCertificateHashes`), always made here and never older than
//! 14 days. [`Tcp`] is the one of the HTTPS port: PEM files of the operator, or one for
//! a year made here. Both hand out a [`Slot`], which TLS asks at every handshake, so
//! that a renewal needs no restart.
//!
//! Invariant: no clock is read and no task runs here. Time comes in as milliseconds
//! since 1970 (UTC), and the caller says when to look again.

mod error;
mod fingerprint;
mod identity;
mod issue;
mod keep;
mod machine;
mod pinned;
mod slot;
mod tcp;
mod tls;

pub use error::Error;
pub use fingerprint::Fingerprint;
pub use identity::Identity;
pub use machine::machine_names;
pub use pinned::Pinned;
pub use slot::Slot;
pub use tcp::{Source, Tcp};
pub use tls::{provider, server_config};

/// Milliseconds of a day.
const DAY_MS: u64 = 24 * 60 * 60 * 1000;
