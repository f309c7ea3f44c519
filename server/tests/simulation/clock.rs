//! The time of day: tokio's paused clock, and how far somebody has put it forward or back.

use rill_server::runtime::Clock;
use std::sync::atomic::{AtomicI64, Ordering};
use tokio::time::Instant;

/// Noon of some day, so that jumps cross midnight and what hangs on it.
const BEGINNING_MS: i64 = 1_900_000_800_000;

pub(crate) struct Watch {
    begun: Instant,
    offset_ms: AtomicI64,
}

impl Watch {
    pub(crate) fn new() -> Self {
        Self { begun: Instant::now(), offset_ms: AtomicI64::new(0) }
    }

    /// Since the simulation began, whatever was done to the time of day.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        self.begun.elapsed().as_millis() as u64
    }

    pub(crate) fn jump(&self, offset_ms: i64) {
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
    }
}

impl Clock for Watch {
    fn now_ms(&self) -> u64 {
        (BEGINNING_MS + self.elapsed_ms() as i64 + self.offset_ms.load(Ordering::Relaxed)) as u64
    }
}
