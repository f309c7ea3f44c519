//! WebTransport over HTTP/3 (draft-ietf-webtrans-http3) for browsers.
//!
//! h3 speaks HTTP/3 up to the CONNECT request. From then on it is no longer polled,
//! only kept alive for its control and QPACK streams, and the session owns the
//! connection's streams and datagrams: one session a connection. Requests for anything
//! else are answered 404; pages are served over TCP.
//!
//! `establish` brings a connection to its session, `verdict` decides who may have one,
//! `session` is what the layer above sees, `driver` runs beneath it, `header` reads the
//! first bytes of streams, `capsules` is how a session is closed, `budget` bounds what
//! HTTP/3 buffers.

mod budget;
mod capsules;
mod driver;
mod establish;
mod header;
mod session;
mod verdict;

pub use session::Session;

use super::{
    Serve,
    limits::CONNECT_TIMEOUT_MS,
    quic::{Surroundings, canonical},
};
use rill_protocol::limits::STREAMS_MAX;
use std::time::Duration;
use tokio::{sync::mpsc, time::timeout};

/// HTTP/3's own error codes (RFC 9114, section 8.1, RFC 9297, section 5.2, and the
/// WebTransport draft, section 9.5).
mod h3_code {
    pub(super) const DATAGRAM_ERROR: u32 = 0x33;
    pub(super) const NO_ERROR: u32 = 0x100;
    pub(super) const STREAM_CREATION_ERROR: u32 = 0x103;
    pub(super) const REQUEST_REJECTED: u32 = 0x10B;
    pub(super) const BUFFERED_STREAM_REJECTED: u32 = 0x3994_BD84;
}

/// Runs a connection that speaks HTTP/3, to its end.
pub(super) async fn serve<S: Serve>(quic: quinn::Connection, serve: S, surroundings: Surroundings) {
    let Surroundings { tasks, mut closing } = surroundings;
    let established = tokio::select! {
        established = timeout(Duration::from_millis(CONNECT_TIMEOUT_MS), establish::establish(&quic, &serve)) => established,
        _ = closing.wait_for(Option::is_some) => Ok(None),
    };
    let Ok(Some(established)) = established else {
        quic.close(h3_code::NO_ERROR.into(), b"");
        return;
    };
    let peer = canonical(quic.remote_address());
    let (streams, accepted) = mpsc::channel(STREAMS_MAX);
    let session = Session::new(quic, established.session_id(), peer, accepted);
    tasks.spawn(driver::drive(established, session.shared(), streams, closing));
    serve.serve(session).await;
}
