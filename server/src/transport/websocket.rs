//! The fallback over TCP: a WebSocket that carries the mux.
//!
//! Binary messages go to the mux and come from it; one is made only when the last was
//! taken, so little piles up below the mux's scheduler. WebSocket pings are left to the
//! library: the protocol has its own.

use super::{
    Closed, Serve, TransportKind,
    ending::Ending,
    limits::{
        CLOSE_TIMEOUT_MS, WEBSOCKET_MESSAGE_WORTH_BYTES, WEBSOCKET_MESSAGES_PER_SECOND_MAX,
        WEBSOCKET_READ_BUFFER_BYTES, WEBSOCKET_REASON_BYTES_MAX,
    },
    muxed::Connection,
    origin,
};
use crate::runtime::Tasks;
use axum::{
    extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade},
    response::Response,
};
use futures_util::{Sink, SinkExt as _, StreamExt as _};
use http::HeaderMap;
use rill_protocol::{
    Code,
    limits::MUX_MESSAGE_BYTES_MAX,
    mux::{self, Role},
    version::WEBSOCKET_SUBPROTOCOL,
};
use std::{
    future::poll_fn,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep_until, timeout};
use tokio_tungstenite::tungstenite;

/// Close codes are this plus the code's number (RFC 6455, section 7.4.2: free for
/// applications).
const CLOSE_CODE_BASE: u16 = 4_000;

/// Answers a WebSocket request with the upgrade, and runs the connection in tasks of
/// its own.
///
/// # Errors
/// `ForeignOrigin` for a page that is not ours, `Unsupported` without our subprotocol.
pub fn upgrade<S: Serve>(
    request: WebSocketUpgrade,
    headers: &HeaderMap,
    peer: SocketAddr,
    serve: S,
    tasks: &Tasks,
) -> Result<Response, Code> {
    if !origin::allowed(&serve, headers) {
        return Err(Code::ForeignOrigin);
    }
    let request = request.protocols([WEBSOCKET_SUBPROTOCOL]);
    if request.selected_protocol().is_none() {
        return Err(Code::Unsupported);
    }
    let tasks = tasks.clone();
    let response = request
        .read_buffer_size(WEBSOCKET_READ_BUFFER_BYTES)
        // Messages go out as they are made: the mux has batched already.
        .write_buffer_size(0)
        // The mux itself refuses what is longer than allowed, with a code; this bounds memory.
        .max_message_size(2 * MUX_MESSAGE_BYTES_MAX)
        .max_frame_size(2 * MUX_MESSAGE_BYTES_MAX)
        .on_failed_upgrade(move |error| tracing::debug!(%peer, %error, "a WebSocket upgrade failed"))
        .on_upgrade(move |socket| async move {
            let mux = mux::Connection::new(Role::Server);
            let ending = Arc::new(Ending::default());
            let connection = Connection::new(TransportKind::WebSocket, peer, mux.clone(), ending.clone());
            let unread_bytes_max = connection.unread_bytes_max();
            let pace = MessagePace::default();
            tasks.spawn(Pump { socket, mux, ending, unread_bytes_max, pace, unflushed: false }.run());
            tasks.spawn(async move { serve.serve(connection).await });
        });
    Ok(response)
}

/// Carries messages between a WebSocket and its mux.
struct Pump {
    socket: WebSocket,
    mux: mux::Connection,
    ending: Arc<Ending>,
    unread_bytes_max: Arc<AtomicUsize>,
    pace: MessagePace,
    /// Something was written since the last flush.
    unflushed: bool,
}

/// Why the pump stops.
enum Stop {
    /// This side ends it, with the code that the ending holds.
    ByUs,
    /// The peer said goodbye.
    ByPeer(Closed),
    /// The peer broke the rules.
    Violation(Code, String),
    /// The connection is gone.
    Lost(String),
}

impl Pump {
    async fn run(mut self) {
        let ending = self.ending.clone();
        let stop = tokio::select! {
            stop = poll_fn(|context| self.poll(context)) => stop,
            // Heard here too, because a peer that does not read keeps the mux unasked.
            _ = ending.wait() => Stop::ByUs,
        };
        match stop {
            Stop::ByUs => self.say_goodbye().await,
            Stop::ByPeer(closed) => {
                self.end(closed);
                // The answer to the peer's goodbye is queued.
                let _ = timeout(Duration::from_millis(CLOSE_TIMEOUT_MS), self.socket.close()).await;
            }
            Stop::Violation(code, reason) => {
                self.end(Closed::by_us(code, &reason));
                self.say_goodbye().await;
            }
            Stop::Lost(reason) => self.end(Closed::failed(reason)),
        }
    }

    fn end(&self, closed: Closed) {
        self.ending.tell(closed);
        self.mux.close();
    }

    /// One message out, one message in, by turns, until neither is possible: neither
    /// direction can keep the other from its turn.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Stop> {
        loop {
            let sent = match self.poll_send(context) {
                Poll::Ready(Err(stop)) => return Poll::Ready(stop),
                sent => sent.is_ready(),
            };
            let received = match self.poll_receive(context) {
                Poll::Ready(Err(stop)) => return Poll::Ready(stop),
                received => received.is_ready(),
            };
            if !sent && !received {
                return Poll::Pending;
            }
        }
    }

    fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        let lost = |error: axum::Error| Err(Stop::Lost(error.to_string()));
        match self.socket.poll_ready_unpin(context) {
            Poll::Ready(Ok(())) => {}
            Poll::Ready(Err(error)) => return Poll::Ready(lost(error)),
            Poll::Pending => return Poll::Pending,
        }
        match self.mux.poll_transmit(context) {
            Poll::Ready(Some(message)) => {
                self.unflushed = true;
                Poll::Ready(self.socket.start_send_unpin(Message::Binary(message)).or_else(lost))
            }
            Poll::Ready(None) => Poll::Ready(Err(Stop::ByUs)),
            Poll::Pending if self.unflushed => match std::pin::Pin::new(&mut self.socket).poll_flush(context) {
                Poll::Ready(result) => {
                    self.unflushed = false;
                    // Flushed and nothing to say: wait for the mux, whose waker is set.
                    result.map_or_else(|error| Poll::Ready(lost(error)), |()| Poll::Pending)
                }
                Poll::Pending => Poll::Pending,
            },
            Poll::Pending => Poll::Pending,
        }
    }

    fn poll_receive(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Stop>> {
        ready!(self.mux.poll_drained(context, self.unread_bytes_max.load(Ordering::Relaxed)));
        ready!(self.pace.poll_ready(context));
        let message = match self.socket.poll_next_unpin(context) {
            Poll::Ready(Some(Ok(message))) => message,
            Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(failure(error))),
            Poll::Ready(None) => return Poll::Ready(Err(Stop::Lost("the connection was cut".to_owned()))),
            Poll::Pending => return Poll::Pending,
        };
        let brought = match message {
            Message::Binary(bytes) => {
                self.mux.receive(&bytes).map_err(|error| Stop::Violation(error.code(), error.to_string()))
            }
            Message::Text(_) => Err(Stop::Violation(Code::MuxViolation, "a text message".to_owned())),
            Message::Close(frame) => Err(Stop::ByPeer(goodbye(frame))),
            Message::Ping(_) | Message::Pong(_) => Ok(0),
        };
        self.pace.count(*brought.as_ref().unwrap_or(&0));
        Poll::Ready(brought.map(drop))
    }

    /// Tells the peer the code and waits a moment for its answer.
    async fn say_goodbye(&mut self) {
        let code = self.ending.get().and_then(|closed| closed.code).unwrap_or(Code::Normal.number());
        let name = Code::from_number(code).map_or("", Code::name);
        debug_assert!(name.len() <= WEBSOCKET_REASON_BYTES_MAX);
        let frame = CloseFrame { code: CLOSE_CODE_BASE + code as u16, reason: name.into() };
        let goodbye = async {
            self.socket.send(Message::Close(Some(frame))).await?;
            while let Some(message) = self.socket.recv().await {
                message?;
            }
            Ok::<(), axum::Error>(())
        };
        // An error says that the peer did not wait.
        let _ = timeout(Duration::from_millis(CLOSE_TIMEOUT_MS), goodbye).await;
    }
}

/// How many messages that bring little are looked at: so many in a second, counted from its first one.
#[derive(Default)]
struct MessagePace {
    count: u32,
    over_at: Option<Instant>,
    waiting: Option<Pin<Box<Sleep>>>,
}

impl MessagePace {
    fn count(&mut self, brought_bytes: usize) {
        if brought_bytes >= WEBSOCKET_MESSAGE_WORTH_BYTES {
            return;
        }
        self.count += 1;
        if self.count == 1 {
            self.over_at = Some(Instant::now() + Duration::from_secs(1));
        }
    }

    /// Ready when another message may be looked at.
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.count < WEBSOCKET_MESSAGES_PER_SECOND_MAX {
            return Poll::Ready(());
        }
        if let Some(over_at) = self.over_at {
            ready!(self.waiting.get_or_insert_with(|| Box::pin(sleep_until(over_at))).as_mut().poll(context));
        }
        *self = Self::default();
        Poll::Ready(())
    }
}

impl Drop for Pump {
    fn drop(&mut self) {
        // Whatever becomes of the pump, the connection hears of an end.
        self.end(Closed::unknown());
    }
}

/// The peer's close frame. A page that closes without a code is done; one that is
/// left by its user says 1001, which is no code of ours.
fn goodbye(frame: Option<CloseFrame>) -> Closed {
    let Some(frame) = frame else {
        return Closed { code: Some(Code::Normal.number()), reason: String::new() };
    };
    let code = match frame.code {
        1_000 => Some(Code::Normal.number()),
        CLOSE_CODE_BASE..=4_999 => Some(u32::from(frame.code - CLOSE_CODE_BASE)),
        _ => None,
    };
    Closed { code, reason: format!("{} {}", frame.code, frame.reason.as_str()) }
}

/// Tells a peer that broke the rules of WebSocket from a connection that broke.
fn failure(error: axum::Error) -> Stop {
    use tungstenite::{Error, error::ProtocolError};
    let error = error.into_inner();
    match error.downcast_ref::<Error>() {
        Some(Error::Protocol(ProtocolError::ResetWithoutClosingHandshake)) => Stop::Lost(error.to_string()),
        Some(Error::Protocol(_) | Error::Capacity(_) | Error::Utf8(_) | Error::AttackAttempt) => {
            Stop::Violation(Code::MuxViolation, error.to_string())
        }
        _ => Stop::Lost(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(code: u16, expected: Option<u32>) {
        let closed = goodbye(Some(CloseFrame { code, reason: "why".into() }));
        assert_eq!(closed.code, expected, "{code}");
    }

    #[test]
    fn close_codes_of_the_application_are_told_from_those_of_websocket() {
        check(4_000, Some(0));
        check(4_041, Some(41));
        check(4_999, Some(999));
        check(1_000, Some(0));
        check(1_001, None);
        check(3_999, None);
        assert_eq!(goodbye(None).code, Some(0));
    }

    #[tokio::test(start_paused = true)]
    async fn messages_are_counted_unless_they_bring_what_they_cost() {
        let mut pace = MessagePace::default();
        let begun = Instant::now();
        for brought_bytes in [WEBSOCKET_MESSAGE_WORTH_BYTES, WEBSOCKET_MESSAGE_WORTH_BYTES - 1] {
            for _ in 0..2 * WEBSOCKET_MESSAGES_PER_SECOND_MAX {
                poll_fn(|context| pace.poll_ready(context)).await;
                pace.count(brought_bytes);
            }
            let waits = u64::from(brought_bytes < WEBSOCKET_MESSAGE_WORTH_BYTES);
            assert_eq!(begun.elapsed().as_millis() as u64 / 1_000, waits, "{brought_bytes} bytes");
        }
    }

    #[test]
    fn every_code_fits_a_close_frame() {
        for code in Code::ALL {
            assert!(code.name().len() <= WEBSOCKET_REASON_BYTES_MAX && code.number() < 1_000, "{code}");
        }
    }
}
