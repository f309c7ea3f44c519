//! What it takes to kill a server and to know afterwards whether anything was lost:
//! people who speak at fixed moments and note every ack, people who note every delivery,
//! a stopwatch for the time without answers, and an audit that compares all of it with
//! the log as somebody finds it who comes anew.

pub(crate) mod audit;
pub(crate) mod crowd;
pub(crate) mod kill;
pub(crate) mod listener;
pub(crate) mod outage;
pub(crate) mod plan;
pub(crate) mod reckoning;
pub(crate) mod report;
pub(crate) mod speaker;

use rill_client::Posted;
use std::time::Instant;

/// Is told of every ack and every delivery as it comes.
pub(crate) trait Watch: Send + Sync + 'static {
    /// A speaker's post, which was due then, was acked; `transport` is its place in
    /// [`crate::args::SPREAD`].
    fn acked(&self, user: usize, transport: usize, posted: &Posted, due: Instant, now: Instant);
    /// A listener was given an entry, with this message if it is one of the run.
    fn delivered(&self, user: usize, at_ms: u64, message: Option<plan::Message>, now: Instant);
    /// A user's way to the server is there, or is gone.
    fn way(&self, _user: usize, _is_up: bool) {}
    /// A way ended, or one was not found.
    fn away(&self, _user: usize, _reason: &str) {}
}
