//! From the handshake to the session: SETTINGS, and the CONNECT request.

use super::{budget, h3_code, verdict::verdict};
use crate::transport::{Serve, limits::REQUEST_HEADER_BYTES_MAX};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use h3::{
    error::{Code, ConnectionError},
    proto::frame::Frame,
    quic::SendStream as _,
    server::{self, RequestResolver, RequestStream},
};
use http::{HeaderName, Response, StatusCode};
use rill_protocol::limits::STREAM_HEADER_TIMEOUT_MS;
use std::{future::poll_fn, time::Duration};
use tokio::time::timeout;

type Http3 = server::Connection<budget::Connection, Bytes>;
type Stream = RequestStream<budget::BidiStream, Bytes>;

/// A connection whose CONNECT was answered 200.
pub(super) struct Established {
    /// Kept for its control and QPACK streams, whose end would end the connection.
    pub(super) http3: Http3,
    /// The CONNECT request: capsules go here, and the session ends with it.
    pub(super) stream: Stream,
}

impl Established {
    /// A session is called by its request's stream.
    pub(super) fn session_id(&self) -> u64 {
        self.stream.id().into_inner()
    }
}

/// Answers requests until one opens a session. Requests wait for nobody: one whose
/// header does not come blocks no other. `None`: the client is done.
pub(super) async fn establish(quic: &quinn::Connection, serve: &impl Serve) -> Option<Established> {
    let mut http3 = build(quic).await.ok()?;
    let mut requests = FuturesUnordered::new();
    loop {
        tokio::select! {
            // A request that is there is looked at before the next stream is taken: so a
            // stream of a session that comes along with its CONNECT waits inside quinn.
            biased;
            Some(answered) = requests.next() => if let Some(stream) = answered {
                return Some(Established { http3, stream });
            },
            request = http3.accept() => requests.push(answer(request.ok()??, serve)),
        }
    }
}

async fn build(quic: &quinn::Connection) -> Result<Http3, ConnectionError> {
    server::builder()
        .enable_webtransport(true)
        .enable_extended_connect(true)
        .enable_datagram(true)
        .max_webtransport_sessions(1)
        .max_field_section_size(REQUEST_HEADER_BYTES_MAX)
        .send_grease(false)
        .build(budget::Connection::new(quic.clone()))
        .await
}

/// Answers one request; a session's stream comes back.
async fn answer(mut request: RequestResolver<budget::Connection, Bytes>, serve: &impl Serve) -> Option<Stream> {
    let header = poll_fn(|context| request.frame_stream.poll_next(context));
    let Ok(header) = timeout(Duration::from_millis(STREAM_HEADER_TIMEOUT_MS), header).await else {
        request.frame_stream.reset(h3_code::REQUEST_REJECTED.into());
        return None;
    };
    if let Ok(Some(Frame::WebTransportStream(_))) = header {
        // It overtook its CONNECT.
        request.frame_stream.reset(h3_code::BUFFERED_STREAM_REJECTED.into());
        return None;
    }
    let (request, mut stream) = request.accept_with_frame(header).ok()?.resolve().await.ok()?;
    let status = verdict(&request, serve);
    tracing::debug!(method = %request.method(), path = request.uri().path(), %status, "an HTTP/3 request");

    let mut response = Response::builder().status(status);
    // Chromium before 112 asks for the draft by name and wants it named in return.
    if request.headers().contains_key(HeaderName::from_static("sec-webtransport-http3-draft02")) {
        response = response.header("sec-webtransport-http3-draft", "draft02");
    }
    stream.send_response(response.body(()).ok()?).await.ok()?;
    if status == StatusCode::OK {
        return Some(stream);
    }
    stream.stop_sending(Code::H3_NO_ERROR);
    // An error says that the client has left.
    let _ = stream.finish().await;
    None
}
