//! Why something did not happen.

use rill_protocol::{Action, Code};
use thiserror::Error;

/// A coded refusal by the server.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{}{}", name(*.code), if .detail.is_empty() { String::new() } else { format!(" ({})", .detail) })]
pub struct Failure {
    /// A number of the table of codes; it may be of a later version.
    pub code: u32,
    /// For a person who reads a log; may be empty.
    pub detail: String,
}

fn name(code: u32) -> String {
    Code::from_number(code).map_or_else(|| format!("code {code}"), |code| code.sentence().to_owned())
}

impl Failure {
    /// A failure without detail.
    pub fn new(code: Code) -> Self {
        Self { code: code.number(), detail: String::new() }
    }

    /// The code, if this version knows it.
    pub fn known(&self) -> Option<Code> {
        Code::from_number(self.code)
    }

    /// What to do about it; what is unknown is not repeated.
    pub fn action(&self) -> Action {
        self.known().map_or(Action::Stop, Code::action)
    }
}

/// Why a call on a client failed.
#[derive(Clone, Debug, Error)]
#[non_exhaustive]
pub enum Error {
    /// The server said no.
    #[error(transparent)]
    Refused(#[from] Failure),
    /// The server could not be reached, or the way to it broke.
    #[error("{0}")]
    Transport(String),
    /// The JSON API could not be reached or answered nonsense.
    #[error("the server's API: {0}")]
    Api(String),
    /// The certificate is not one of the trusted, or trust could not be set up.
    #[error("trust: {0}")]
    Trust(String),
    /// The URL of the server is of no use.
    #[error("{0}")]
    Url(String),
    /// The server does not offer this transport.
    #[error("the server does not offer {0}")]
    NotOffered(&'static str),
    /// Too many posts wait for their ack.
    #[error("too many posts wait for the server: try again when some are through")]
    OutboxFull,
    /// The persistent outbox cannot be used.
    #[error("the outbox {path}: {detail}")]
    Outbox {
        /// The file.
        path: String,
        /// What is wrong with it.
        detail: String,
    },
    /// A file of this machine cannot be read or written.
    #[error("{path}: {detail}")]
    File {
        /// Which.
        path: String,
        /// What the system says.
        detail: String,
    },
    /// A file became another one while it was sent.
    #[error("{0} was changed while it was sent: send it again")]
    FileChanged(String),
    /// What came is not what the digest says.
    #[error("{0}: the bytes that came are not those of the digest")]
    DigestWrong(String),
    /// The application gave a transfer up.
    #[error("cancelled")]
    Cancelled,
    /// The client has ended.
    #[error("the client is closed")]
    Closed,
}
