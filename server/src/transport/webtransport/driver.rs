//! Runs beneath a session: takes its streams, listens for its end, and ends it.

use super::{
    capsules::{self, Capsules},
    establish::Established,
    h3_code, header,
    session::{Accepted, Shared},
};
use crate::transport::{Closed, limits::CLOSE_TIMEOUT_MS, quic};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream::FuturesUnordered};
use h3::{quic::RecvStream as Http3RecvStream, server::RequestStream};
use quinn::ConnectionError;
use rill_protocol::Code;
use std::{sync::Arc, time::Duration};
use tokio::{
    sync::{mpsc, watch},
    time::timeout,
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

/// Runs to the end of the connection.
pub(super) async fn drive(
    established: Established,
    shared: Arc<Shared>,
    streams: mpsc::Sender<Accepted>,
    mut closing: watch::Receiver<Option<Code>>,
) {
    let told = Told(shared.clone());
    let Established { http3, stream } = established;
    let (mut send, mut recv) = stream.split();
    let end = tokio::select! {
        error = take_streams(&shared, streams) => End::Lost(quic::closed(error, quic::Codes::WebTransport)),
        end = hear(&shared, &mut recv) => end,
        closed = shared.ending.wait() => End::ByUs(closed),
        code = endpoint_closes(&mut closing) => End::ByUs(Closed::by_us(code, code.name())),
    };
    // The peer has a moment for what remains between us; then the connection ends.
    let remains = async {
        match end {
            End::ByUs(closed) => {
                shared.ending.tell(closed.clone());
                send.send_data(capsules::closing(&closed)).await?;
                send.finish().await?;
                while recv.recv_data().await?.is_some() {}
            }
            End::ByPeer(closed) => {
                shared.ending.tell(closed);
                send.finish().await?;
                shared.quic.closed().await;
            }
            End::Broken(closed) => {
                shared.ending.tell(closed);
                shared.quic.close(h3_code::DATAGRAM_ERROR.into(), b"");
            }
            End::Lost(closed) => {
                shared.ending.tell(closed);
            }
        }
        Ok::<(), h3::error::StreamError>(())
    };
    // An error says that the peer did not wait.
    let _ = timeout(Duration::from_millis(CLOSE_TIMEOUT_MS), remains).await;
    shared.quic.close(h3_code::NO_ERROR.into(), b"");
    // The endpoint, when it closes, waits until `closing` is let go.
    drop((told, http3, closing));
}

/// Hands the session its streams. A header that does not come holds up no other stream.
/// What waits is bounded by the streams that QUIC lets a client have open.
async fn take_streams(shared: &Shared, streams: mpsc::Sender<Accepted>) -> ConnectionError {
    let mut bidi = FuturesUnordered::new();
    let mut uni = FuturesUnordered::new();
    let mut critical = Vec::new();
    loop {
        tokio::select! {
            accepted = shared.quic.accept_bi() => match accepted {
                Ok((send, recv)) => bidi.push(header::bidi(send, recv, shared.session_id)),
                Err(error) => return error,
            },
            accepted = shared.quic.accept_uni() => match accepted {
                Ok(recv) => uni.push(header::uni(recv)),
                Err(error) => return error,
            },
            Some(stream) = bidi.next() => stream.into_iter().for_each(|stream| hand_over(stream, &streams)),
            Some(stream) = uni.next() => critical.extend(stream),
        }
    }
}

/// The session accepts as many as QUIC lets a client have open, so this seldom fails.
fn hand_over(stream: Accepted, streams: &mpsc::Sender<Accepted>) {
    if let Err(error) = streams.try_send(stream) {
        let (mut send, mut recv) = error.into_inner();
        let code = quic::Codes::WebTransport.encode(Code::TooManyStreams);
        let _ = send.reset(code);
        let _ = recv.stop(code);
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
        self.0.ending.tell(Closed::unknown());
    }
}
