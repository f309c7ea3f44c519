//! A connection of HTTP/3: takes its requests until one of them opens a session, or until
//! the connection ends.

use super::{
    code, quic,
    request::{self, Context, Outcome, Requests, Stream},
};
use crate::transport::{
    Answer,
    limits::{
        CLOSE_GRACE_MS, CLOSE_TIMEOUT_MS, CONNECT_TIMEOUT_MS, HTTP3_IDLE_TIMEOUT_MS, HTTP3_REFUSED_MAX,
        HTTP3_REQUESTS_MAX, REQUEST_HEADER_BYTES_MAX,
    },
    quic::{Windows, canonical},
};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _};
use h3::{error::ConnectionError, server};
use rill_protocol::Code;
use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

type Http3 = server::Connection<quic::Connection, Bytes>;

/// A connection whose CONNECT was answered 200. What is of several KiB has a place of its own: this
/// goes from hand to hand, and each hand is part of a task that stays as big as that.
pub(in crate::transport) struct Established {
    /// Kept for its control and QPACK streams, whose end would end the connection.
    pub(in crate::transport) http3: Box<Http3>,
    /// The CONNECT request: capsules go here, and the session ends with it.
    pub(in crate::transport) stream: Box<Stream>,
    /// Those that came before it, and are still answered.
    pub(in crate::transport) requests: Requests,
    /// Of all that is sent on the connection.
    pub(in crate::transport) windows: Arc<Windows>,
}

impl Established {
    /// A session is called by its request's stream.
    pub(in crate::transport) fn session_id(&self) -> u64 {
        self.stream.id().into_inner()
    }
}

/// Answers requests until one opens a session. Requests wait for nobody: one whose header
/// does not come, or whose answer is not taken, blocks no other. `None`: the connection is
/// to end.
pub(super) async fn requests<S: Answer>(
    quic: &quinn::Connection,
    serve: &S,
    closing: &mut watch::Receiver<Option<Code>>,
) -> Option<Established> {
    let windows = Windows::new(quic.clone());
    let mut http3 = build(quic, windows.clone()).await.ok()?;
    let context = Context { serve: serve.clone(), peer: canonical(quic.remote_address()), closed: Arc::default() };
    let mut requests = Requests::new();
    let mut idle_ms = CONNECT_TIMEOUT_MS;
    let mut refused = 0;
    loop {
        tokio::select! {
            // A request that is there is looked at before the next stream is taken: so a
            // stream of a session that comes along with its CONNECT waits inside quinn.
            biased;
            Some(outcome) = requests.next() => match outcome {
                Outcome::Session(stream) => {
                    return Some(Established { http3: Box::new(http3), stream, requests, windows });
                }
                Outcome::Done => idle_ms = HTTP3_IDLE_TIMEOUT_MS,
                Outcome::Refused => {
                    refused += 1;
                    if refused > HTTP3_REFUSED_MAX {
                        quic.close(code::EXCESSIVE_LOAD.into(), b"");
                        return None;
                    }
                }
            },
            accepted = http3.accept(), if requests.len() < HTTP3_REQUESTS_MAX => {
                let resolver = accepted.ok()??;
                let accepted = http3.inner.conn.accepted.take()?;
                requests.push(request::run(resolver, accepted, context.clone()).boxed());
            }
            () = sleep(Duration::from_millis(idle_ms)), if requests.is_empty() => break,
            _ = closing.wait_for(Option::is_some) => break,
        }
    }
    context.closed.store(true, Ordering::Relaxed);
    let _ = timeout(Duration::from_millis(CLOSE_TIMEOUT_MS), go_away(quic, &mut http3, &mut requests)).await;
    None
}

async fn build(quic: &quinn::Connection, windows: Arc<Windows>) -> Result<Http3, ConnectionError> {
    server::builder()
        .enable_webtransport(true)
        .enable_extended_connect(true)
        .enable_datagram(true)
        .max_webtransport_sessions(1)
        .max_field_section_size(REQUEST_HEADER_BYTES_MAX)
        .send_grease(false)
        .build(quic::Connection::new(quic.clone(), windows))
        .await
}

/// Tells the client that no more requests are taken (RFC 9114, section 5.2), and lets it
/// have the answers that are under way.
async fn go_away(quic: &quinn::Connection, http3: &mut Http3, requests: &mut Requests) {
    // The first that was not taken, which is what the RFC wants to be named.
    if http3.shutdown(1).await.is_err() {
        return;
    }
    let answered = async {
        while requests.next().await.is_some() {}
        // For the last words to arrive; a client that has heard them ends the connection.
        let _ = timeout(Duration::from_millis(CLOSE_GRACE_MS), quic.closed()).await;
    };
    let rejecting = async {
        while let Ok(Some(mut resolver)) = http3.accept().await {
            request::refuse(&mut resolver.frame_stream, code::REQUEST_REJECTED);
        }
        std::future::pending::<()>().await;
    };
    tokio::select! {
        () = answered => {}
        () = rejecting => {}
    }
}
