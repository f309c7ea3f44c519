//! What a member sits on: a session of Rill, or a connection to a bare broadcast.

use bytes::Bytes;
use std::task::{Context, Poll};

/// The first number of a request that carries a post; those below set a session up.
pub(crate) const FIRST_POST: u32 = 16;

/// A place in the room. Polled by one task, which it wakes.
pub(crate) trait Seat: Send + 'static {
    /// Whether posts are answered. Where they are not, who reads their own post back has the
    /// answer.
    const ANSWERS: bool;

    /// Begins to send the frame of a post.
    fn post(&mut self, frame: Bytes);

    /// Sends what is to be sent, and what came next. Cancel safe.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<anyhow::Result<Heard>>;
}

/// What came.
#[derive(Debug)]
pub(crate) enum Heard {
    /// The next bytes of the stream of entries.
    Entries(Bytes),
    /// A post is on the server's disk, at this place.
    Accepted { request: u32, seq: u64 },
    /// A post will not be.
    Refused { request: u32, code: u32 },
}
