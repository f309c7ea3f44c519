//! WebTransport over HTTP/3 (draft-ietf-webtrans-http3) for browsers.
//!
//! From its CONNECT on the session owns the connection's streams and datagrams: one
//! session a connection.
//!
//! `verdict` decides who may have a session, `session` is what the layer above sees,
//! `driver` runs beneath it, `header` reads the first bytes of streams, `capsules` is how
//! a session is closed.

mod capsules;
mod driver;
#[doc(hidden)]
pub mod fuzzing;
mod header;
mod session;
mod verdict;

pub use session::Session;

pub(super) use verdict::verdict;

use super::{
    Serve,
    http3::Established,
    quic::{Surroundings, canonical},
};
use crate::runtime::queue::queue;
use rill_protocol::limits::STREAMS_MAX;

/// Runs a session whose CONNECT was answered, to the end of its connection.
pub(super) async fn run<S: Serve>(
    quic: quinn::Connection,
    established: Established,
    serve: S,
    surroundings: Surroundings,
) {
    let Surroundings { tasks, closing } = surroundings;
    let peer = canonical(quic.remote_address());
    let (streams, accepted) = queue(STREAMS_MAX);
    let session = Session::new(quic, established.windows.clone(), established.session_id(), peer, accepted);
    tasks.spawn(driver::drive(established, session.shared(), streams, closing));
    serve.serve(session).await;
}
