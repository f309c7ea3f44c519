//! One request, from its header to the end of its answer.

use super::{
    body::{Body, content_length},
    code, quic,
    quic::Accepted,
    response,
};
use crate::transport::{
    Answer, Priority,
    limits::{HTTP3_ANSWER_TIMEOUT_MS, HTTP3_STALL_TIMEOUT_MS},
    webtransport,
};
use bytes::Bytes;
use futures_util::{future::BoxFuture, stream::FuturesUnordered};
use h3::{
    error::Code,
    frame::{FrameStream, FrameStreamError},
    proto::frame::Frame,
    quic::{SendStream as _, StreamErrorIncoming},
    server::{self, RequestStream},
};
use http::{HeaderName, Method, Request, Response, StatusCode};
use rill_protocol::limits::STREAM_HEADER_TIMEOUT_MS;
use std::{
    future::poll_fn,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::timeout;

/// A request's stream.
pub(in crate::transport) type Stream = RequestStream<quic::BidiStream, Bytes>;
/// A stream whose header has not come yet.
type Resolver = server::RequestResolver<quic::Connection, Bytes>;

/// The requests of one connection that are under way.
pub(in crate::transport) type Requests = FuturesUnordered<BoxFuture<'static, Outcome>>;

/// What became of a request.
pub(in crate::transport) enum Outcome {
    /// Answered, or given up by its client.
    Done,
    /// No request that could be read.
    Refused,
    /// It opened a session.
    Session(Box<Stream>),
}

/// What the requests of one connection share.
#[derive(Clone)]
pub(super) struct Context<S> {
    pub(super) serve: S,
    pub(super) peer: SocketAddr,
    /// Requests whose header has not come by now are rejected.
    pub(super) closed: Arc<AtomicBool>,
}

/// Runs a request to its end, or until its client does not want the answer any more.
pub(super) async fn run<S: Answer>(mut resolver: Resolver, accepted: Accepted, context: Context<S>) -> Outcome {
    let Accepted { given_up, is_file } = accepted;
    let header = poll_fn(|poll| resolver.frame_stream.poll_next(poll));
    let header = timeout(Duration::from_millis(STREAM_HEADER_TIMEOUT_MS), header).await;
    let refusal = match &header {
        _ if context.closed.load(Ordering::Relaxed) => code::REQUEST_REJECTED,
        Err(_) => code::REQUEST_REJECTED,
        // It overtook its CONNECT, or there is none.
        Ok(Ok(Some(Frame::WebTransportStream(_)))) => code::BUFFERED_STREAM_REJECTED,
        Ok(Err(FrameStreamError::Quic(StreamErrorIncoming::StreamTerminated { .. }))) => code::REQUEST_CANCELLED,
        // More than it may bring.
        Ok(Err(FrameStreamError::Quic(StreamErrorIncoming::Unknown(_)))) => code::EXCESSIVE_LOAD,
        _ => code::NO_ERROR,
    };
    let header = match header {
        Ok(header) if refusal == code::NO_ERROR => header,
        _ => {
            refuse(&mut resolver.frame_stream, refusal);
            return Outcome::Refused;
        }
    };
    // An error was told to the client by h3.
    let Ok(resolved) = resolver.accept_with_frame(header) else { return Outcome::Refused };
    let resolved = timeout(Duration::from_millis(HTTP3_STALL_TIMEOUT_MS), resolved.resolve()).await;
    let Ok(Ok((request, stream))) = resolved else { return Outcome::Refused };
    tokio::select! {
        biased;
        outcome = answer(request, stream, &is_file, &context) => outcome,
        () = given_up => Outcome::Done,
    }
}

/// Ends a stream in both directions.
pub(super) fn refuse(stream: &mut FrameStream<quic::BidiStream, Bytes>, code: u32) {
    stream.reset(code.into());
    h3::quic::RecvStream::stop_sending(&mut stream.stream, code.into());
}

async fn answer<S: Answer>(
    request: Request<()>,
    mut stream: Stream,
    is_file: &AtomicBool,
    context: &Context<S>,
) -> Outcome {
    tracing::debug!(method = %request.method(), path = request.uri().path(), "an HTTP/3 request");
    let length = content_length(request.headers());
    let (Ok(length), true) = (length, is_whole(&request)) else {
        stream.stop_stream(Code::H3_MESSAGE_ERROR);
        stream.stop_sending(Code::H3_MESSAGE_ERROR);
        return Outcome::Refused;
    };
    if request.method() == Method::CONNECT {
        return connect(&request, stream, context).await;
    }
    let with_body = request.method() != Method::HEAD;
    let (mut send, recv) = stream.split();
    let request = request.map(|()| Body::new(recv, length));
    let answer = context.serve.answer(request, context.peer);
    match timeout(Duration::from_millis(HTTP3_ANSWER_TIMEOUT_MS), answer).await {
        Ok(answer) => {
            is_file.store(answer.extensions().get() == Some(&Priority::File), Ordering::Relaxed);
            response::send(&mut send, answer, with_body).await;
        }
        Err(_) => {
            let mut late = Response::new(String::new());
            *late.status_mut() = StatusCode::REQUEST_TIMEOUT;
            response::send(&mut send, late, with_body).await;
        }
    }
    Outcome::Done
}

/// Answers a CONNECT, which may open a session.
async fn connect<S: Answer>(request: &Request<()>, mut stream: Stream, context: &Context<S>) -> Outcome {
    let status = webtransport::verdict(request, &context.serve);
    let mut head = Response::builder().status(status);
    // Chromium before 112 asks for the draft by name and wants it named in return.
    if request.headers().contains_key(HeaderName::from_static("sec-webtransport-http3-draft02")) {
        head = head.header("sec-webtransport-http3-draft", "draft02");
    }
    let Ok(head) = head.body(()) else { return Outcome::Done };
    if status != StatusCode::OK {
        stream.stop_sending(Code::H3_NO_ERROR);
        response::send(&mut stream, head.map(|()| String::new()), true).await;
        return Outcome::Done;
    }
    // Said before the answer is, which may wait: of two only one is answered so.
    if context.closed.swap(true, Ordering::Relaxed) {
        stream.stop_stream(Code::H3_REQUEST_REJECTED);
        stream.stop_sending(Code::H3_REQUEST_REJECTED);
        return Outcome::Refused;
    }
    match timeout(Duration::from_millis(HTTP3_STALL_TIMEOUT_MS), stream.send_response(head)).await {
        Ok(Ok(())) => Outcome::Session(Box::new(stream)),
        _ => Outcome::Done,
    }
}

/// Whether a request has every field that it must have (RFC 9114, section 4.3.1). h3 sees
/// to the others, and that there is an authority.
fn is_whole(request: &Request<()>) -> bool {
    request.method() == Method::CONNECT
        || (request.uri().scheme().is_some() && request.uri().path_and_query().is_some())
}
