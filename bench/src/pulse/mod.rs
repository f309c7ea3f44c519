//! What goes on at this moment, for whoever watches a run: counted where deliveries are, and
//! taken every second by one who keeps it for the report and shows it.

mod moment;
mod view;
mod watch;

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use crate::tally::latencies;
pub(crate) use moment::Moment;
pub(crate) use view::View;
pub(crate) use watch::Watch;

/// Those who count seldom meet at one lock.
const SHARDS: usize = 8;

#[derive(Debug)]
pub(crate) struct Pulse {
    /// Of the current second, in microseconds.
    latency: [Mutex<Histogram<u32>>; SHARDS],
    errors: AtomicU64,
    connections: AtomicU64,
    stage: Mutex<&'static str>,
    server: Mutex<Option<u32>>,
}

impl Pulse {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let shards: Vec<_> = (0..SHARDS).map(|_| latencies().map(Mutex::new)).collect::<anyhow::Result<_>>()?;
        let latency = <[_; SHARDS]>::try_from(shards).map_err(|_| anyhow::anyhow!("so many were made"))?;
        Ok(Self {
            latency,
            errors: AtomicU64::new(0),
            connections: AtomicU64::new(0),
            stage: Mutex::new("preparing"),
            server: Mutex::new(None),
        })
    }

    /// One was done, by somebody with this number.
    pub(crate) fn done(&self, who: usize, latency_us: u64) {
        self.latency[who % SHARDS].lock().saturating_record(latency_us.max(1));
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
    pub(crate) fn stage(&self, stage: &'static str) {
        *self.stage.lock() = stage;
    }

    /// Whose CPU and memory is looked at.
    pub(crate) fn server(&self, pid: Option<u32>) {
        *self.server.lock() = pid;
    }

    /// What was done since the last call.
    fn take_latencies(&self, into: &mut Histogram<u32>) {
        into.reset();
        for shard in &self.latency {
            let mut shard = shard.lock();
            // Of the same bounds: they always fit.
            let _ = into.add(&*shard);
            shard.reset();
        }
    }
}
