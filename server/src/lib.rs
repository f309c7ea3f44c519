//! The Rill server.

pub mod runtime;
pub mod transport;
