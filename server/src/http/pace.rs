//! Whether an HTTP connection gets on. One that asks nothing, or does not take its
//! answers, is ended, whichever version it speaks: nobody may hold a
//! place for ever.
//!
//! Progress is a request that comes, a handler that is done, a piece of an answer that is
//! taken. What the library below has taken and cannot send counts as nothing.

use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, SizeHint};
use parking_lot::Mutex;
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, sleep_until};

/// For the next request, and for the next piece of an answer to be taken.
pub(super) const STALL_TIMEOUT: Duration = Duration::from_secs(60);

/// The last progress of a connection.
pub(super) struct Pace(Mutex<Instant>);

impl Pace {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self(Mutex::new(Instant::now())))
    }

    pub(super) fn progress(&self) {
        *self.0.lock() = Instant::now();
    }

    /// Resolves when nothing has got on for [`STALL_TIMEOUT`].
    pub(super) async fn stalled(&self) {
        loop {
            let until = *self.0.lock() + STALL_TIMEOUT;
            if until <= Instant::now() {
                return;
            }
            sleep_until(until).await;
        }
    }
}

/// An answer's body that tells when a piece is taken.
pub(super) struct Paced {
    body: Body,
    pace: Arc<Pace>,
}

impl Paced {
    pub(super) fn new(body: Body, pace: Arc<Pace>) -> Self {
        Self { body, pace }
    }
}

impl HttpBody for Paced {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = Pin::new(&mut self.body).poll_frame(context);
        if frame.is_ready() {
            self.pace.progress();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
