//! The QUIC endpoint: one UDP port for raw QUIC and for browsers.
//!
//! The negotiated ALPN picks the protocol, in one match. Connections are never keyed by
//! the peer's address, which changes when a phone leaves its network.

mod backlog;
mod codes;
mod connection;
mod endpoint;
mod identity;
mod owner;
mod segments;
mod socket;
mod streams;
mod tuning;
mod windows;

pub use connection::Connection;
pub use endpoint::{Config, Endpoint};
pub use streams::{RecvStream, SendStream};

pub(super) use codes::Codes;
pub(super) use connection::{canonical, closed};
pub(super) use owner::{Orphan, Owner};
pub(super) use streams::rank;
pub(super) use windows::{FileStream, Windows};

use super::{Answer, Permit, http3};
use crate::runtime::Tasks;
use quinn::crypto::rustls::HandshakeData;
use rill_protocol::{Code, version};
use tokio::sync::watch;

/// HTTP/3 (RFC 9114, section 3.1).
const ALPN_HTTP3: &[u8] = b"h3";

/// What a connection's task needs of its endpoint.
#[derive(Clone)]
pub(super) struct Surroundings {
    pub(super) tasks: Tasks,
    /// Becomes a code when the endpoint closes.
    pub(super) closing: watch::Receiver<Option<Code>>,
}

/// Runs a connection whose handshake is done, to its end, in a task that is as big as its protocol needs.
fn dispatch<S: Answer>(quic: quinn::Connection, serve: S, surroundings: Surroundings, until_the_end: Permit) {
    let tasks = surroundings.tasks.clone();
    match protocol(&quic).as_deref() {
        Some(ALPN_HTTP3) => {
            tasks.spawn(async move {
                http3::serve(quic, serve, surroundings).await;
                drop(until_the_end);
            });
        }
        Some(version::ALPN) => {
            // The endpoint closes these by itself, so it need not wait for this task.
            drop(surroundings);
            tasks.spawn(async move {
                serve.serve(Connection::new(quic)).await;
                drop(until_the_end);
            });
        }
        // TLS has agreed on one of the above, or refused.
        _ => quic.close(Code::Unsupported.number().into(), b"unknown protocol"),
    }
}

fn protocol(quic: &quinn::Connection) -> Option<Vec<u8>> {
    quic.handshake_data()?.downcast::<HandshakeData>().ok()?.protocol
}
