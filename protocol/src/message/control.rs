//! Signals and generic answers.

use serde::{Deserialize, Serialize};

use crate::number::U53;

/// The request was not carried out. The same frame answers requests on control and
/// on history streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The request's number; 0 when a frame without one was refused.
    pub request: u32,
    /// A number of the table of codes.
    pub code: u32,
    /// For a person who reads a log, in English; may be empty.
    pub detail: String,
}

/// The request was carried out and there is nothing to tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    pub request: u32,
}

/// Sign of life and round-trip probe, as a frame on control or as a datagram.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ping {
    pub nonce: u32,
}

/// Answers `Ping` the way it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pong {
    pub nonce: u32,
    /// The server's clock, milliseconds UTC.
    pub now_ms: U53,
}

/// The server is about to close: connect again after the pause.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoAway {
    pub reconnect_after_ms: u32,
}
