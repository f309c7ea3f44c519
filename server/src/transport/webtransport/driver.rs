//! Runs beneath a session: takes its streams, listens for its end, and ends it.

use super::{
    capsules::{self, Capsules},
    header,
    session::{Accepted, Shared},
};
use crate::{
    runtime::queue::Sender,
    transport::{
        Closed,
        http3::{self, Established, Requests},
        limits::{CLOSE_GRACE_MS, CLOSE_PAUSE_MS, CLOSE_TIMEOUT_MS},
        quic,
    },
};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, future::BoxFuture, stream::FuturesUnordered};
use h3::{quic::RecvStream as Http3RecvStream, server::RequestStream};
use quinn::ConnectionError;
use rill_protocol::Code;
use std::{convert::Infallible, sync::Arc, time::Duration};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

/// Why the session ends.
enum End {
    /// The peer closed it; an answer is due.
    ByPeer(Closed),
    /// This side closed it; the peer is to hear it.
    ByUs(Closed),
    /// The peer broke the rules of capsules.
    Broken(Closed),
    /// The connection is gone.
    Lost(Closed),
}

/// Streams that have yet to say what they are, and HTTP/3's own. All are kept to the end
/// of the connection. To let a one-way stream go is to stop it, which a browser takes for
/// an error of the connection if it was HTTP/3's, and then it forgets how the session was
/// closed; and browsers open those late, while a later stream opens all before it (RFC
/// 9000, section 3.2), so that one may stay unnamed for as long as it likes.
#[derive(Default)]
struct Incoming {
    bidi: FuturesUnordered<BoxFuture<'static, Option<Accepted>>>,
    one_way: FuturesUnordered<BoxFuture<'static, Option<quinn::RecvStream>>>,
    critical: Vec<quinn::RecvStream>,
}

/// Runs to the end of the connection.
pub(super) async fn drive(
    established: Established,
    shared: Arc<Shared>,
    streams: Sender<Accepted>,
    mut closing: watch::Receiver<Option<Code>>,
) {
    let told = Told(shared.clone());
    let Established { http3: kept, stream, mut requests, .. } = established;
    let (mut send, mut recv) = stream.split();
    let mut incoming = Incoming::default();
    let end = tokio::select! {
        error = take_streams(&shared, &streams, &mut incoming) => {
            End::Lost(quic::closed(error, quic::Codes::WebTransport))
        }
        end = hear(&shared, &mut recv) => end,
        closed = shared.owner.ending.wait() => End::ByUs(closed),
        code = endpoint_closes(&mut closing) => End::ByUs(Closed::by_us(code, code.name())),
        never = answer(&mut requests) => match never {},
    };
    // Nobody waits for streams any more.
    drop(streams);
    // The peer has a moment for what remains between us; then the connection ends.
    let remains = async {
        match end {
            End::ByUs(closed) => {
                shared.owner.ending.tell(closed.clone());
                sleep(Duration::from_millis(CLOSE_PAUSE_MS)).await;
                send.send_data(capsules::closing(&closed)).await?;
                send.finish().await?;
                while recv.recv_data().await?.is_some() {}
            }
            End::ByPeer(closed) => {
                shared.owner.ending.tell(closed);
                send.finish().await?;
            }
            End::Broken(closed) => {
                shared.owner.ending.tell(closed);
                shared.quic.close(http3::code::DATAGRAM_ERROR.into(), b"");
            }
            End::Lost(closed) => {
                shared.owner.ending.tell(closed);
            }
        }
        // Chromium answers before it has told the page, and a connection that ends in
        // between costs the page the code; its own end of the connection it keeps to itself.
        let _ = timeout(Duration::from_millis(CLOSE_GRACE_MS), shared.quic.closed()).await;
        Ok::<(), h3::error::StreamError>(())
    };
    // An error says that the peer did not wait.
    let _ = timeout(Duration::from_millis(CLOSE_TIMEOUT_MS), Box::pin(remains)).await;
    shared.quic.close(http3::code::NO_ERROR.into(), b"");
    shared.owner.release();
    // The endpoint, when it closes, waits until `closing` is let go.
    drop((told, kept, incoming, closing));
}

/// Runs the requests that came before the session to their ends.
async fn answer(requests: &mut Requests) -> Infallible {
    while requests.next().await.is_some() {}
    std::future::pending().await
}

/// Hands the session its streams. A header that does not come holds up no other stream.
/// What waits is bounded by the streams that QUIC lets a client have open.
async fn take_streams(shared: &Shared, streams: &Sender<Accepted>, incoming: &mut Incoming) -> ConnectionError {
    loop {
        tokio::select! {
            accepted = shared.quic.accept_bi() => match accepted {
                Ok((send, recv)) => incoming.bidi.push(header::bidi(send, recv, shared.session_id).boxed()),
                Err(error) => return error,
            },
            accepted = shared.quic.accept_uni() => match accepted {
                Ok(recv) => incoming.one_way.push(header::uni(recv).boxed()),
                Err(error) => return error,
            },
            Some(stream) = incoming.bidi.next() => if let Some(Err(refused)) = stream.map(|stream| streams.try_send(stream)) {
                // The session has ended, or its queue is full, which is longer than
                // streams may be open.
                shared.adopt(refused);
            },
            Some(stream) = incoming.one_way.next() => incoming.critical.extend(stream),
        }
    }
}

/// Waits until the peer ends the session.
async fn hear<S: Http3RecvStream>(shared: &Shared, recv: &mut RequestStream<S, Bytes>) -> End {
    let mut capsules = Capsules::default();
    loop {
        match recv.recv_data().await {
            Ok(Some(data)) => capsules.push(data),
            // The same as closing with 0 (draft-ietf-webtrans-http3, section 6).
            Ok(None) => return End::ByPeer(Closed { code: Some(Code::Normal.number()), reason: String::new() }),
            Err(error) => {
                return match shared.quic.close_reason() {
                    Some(reason) => End::Lost(quic::closed(reason, quic::Codes::WebTransport)),
                    None => End::ByPeer(Closed::failed(error)),
                };
            }
        }
        match capsules.close() {
            Ok(Some(closed)) => return End::ByPeer(closed),
            Ok(None) => {}
            Err(error) => return End::Broken(Closed::by_us(Code::Malformed, &error.to_string())),
        }
    }
}

/// Resolves when the whole endpoint closes.
async fn endpoint_closes(closing: &mut watch::Receiver<Option<Code>>) -> Code {
    let code = closing.wait_for(Option::is_some).await.map(|code| code.unwrap_or(Code::GoingAway));
    match code {
        Ok(code) => code,
        // The endpoint was let go without a word.
        Err(_) => std::future::pending().await,
    }
}

/// Whatever becomes of the driver, the session hears of an end.
struct Told(Arc<Shared>);

impl Drop for Told {
    fn drop(&mut self) {
        self.0.owner.ending.tell(Closed::unknown());
    }
}
