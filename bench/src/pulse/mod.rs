//! What goes on at this moment, for whoever watches a run: counted where deliveries are, and
//! taken every second by one who keeps it for the report and shows it.

mod moment;
mod view;
mod watch;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use std::{
    borrow::Cow,
    sync::atomic::{AtomicU64, Ordering::Relaxed},
};

use crate::timing::Shared;
pub(crate) use moment::Moment;
pub(crate) use view::View;
pub(crate) use watch::Watch;

#[derive(Debug)]
pub(crate) struct Pulse {
    /// Of the current second, in microseconds.
    latency: Shared,
    errors: AtomicU64,
    connections: AtomicU64,
    stage: Mutex<Cow<'static, str>>,
    server: Mutex<Option<u32>>,
}

impl Pulse {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            latency: Shared::new()?,
            errors: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            stage: Mutex::new("preparing".into()),
            server: Mutex::new(None),
        })
    }

    /// One was done, by somebody with this number.
    pub(crate) fn done(&self, who: usize, latency_us: u64) {
        self.latency.record(who, latency_us);
    }

    /// Several were.
    pub(crate) fn done_all(&self, who: usize, latencies_us: impl Iterator<Item = u64>) {
        self.latency.record_all(who, latencies_us);
    }

    pub(crate) fn error(&self) {
        self.errors.fetch_add(1, Relaxed);
    }

    pub(crate) fn connected(&self, count: u64) {
        self.connections.fetch_add(count, Relaxed);
    }

    pub(crate) fn disconnected(&self) {
        // One who was never counted may say it.
        let _ = self.connections.fetch_update(Relaxed, Relaxed, |count| count.checked_sub(1));
    }

    /// What the run is at, in a word or two.
    pub(crate) fn stage(&self, stage: impl Into<Cow<'static, str>>) {
        *self.stage.lock() = stage.into();
    }

    /// Whose CPU and memory is looked at.
    pub(crate) fn server(&self, pid: Option<u32>) {
        *self.server.lock() = pid;
    }

    pub(crate) fn errors(&self) -> u64 {
        self.errors.load(Relaxed)
    }

    pub(crate) fn connections(&self) -> u64 {
        self.connections.load(Relaxed)
    }

    /// What goes on elsewhere: what was done since the last time, and errors and connections, now
    /// and then.
    pub(crate) fn add(&self, latency: &Histogram<u32>, now: (u64, u64), before: (u64, u64)) {
        // Of the same bounds: they always fit.
        let _ = self.latency.add(latency);
        self.errors.fetch_add(now.0.saturating_sub(before.0), Relaxed);
        self.connected(now.1.saturating_sub(before.1));
        (now.1..before.1).for_each(|_| self.disconnected());
    }

    /// What was done since the last call.
    pub(crate) fn take_latencies(&self, into: &mut Histogram<u32>) {
        self.latency.take(into);
    }
}
