//! What the committer has done, for metrics.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};

#[derive(Default)]
pub(super) struct Counters {
    pub(super) queued: AtomicU64,
    pub(super) batches: AtomicU64,
    pub(super) commands: AtomicU64,
    pub(super) bytes: AtomicU64,
    pub(super) refused: AtomicU64,
    pub(super) failed: AtomicBool,
}

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Commands that wait now.
    pub queue_depth: u64,
    /// Batches made durable.
    pub batches: u64,
    /// Commands that were run, also those that changed nothing.
    pub commands: u64,
    /// Keys and values in the batches.
    pub bytes: u64,
    /// Commands refused because the queue was full.
    pub busy: u64,
    /// A batch did not become durable: writes are refused until a restart.
    pub failed: bool,
}

impl Counters {
    pub(super) fn read(&self) -> Statistics {
        Statistics {
            queue_depth: self.queued.load(Relaxed),
            batches: self.batches.load(Relaxed),
            commands: self.commands.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            busy: self.refused.load(Relaxed),
            failed: self.failed.load(Relaxed),
        }
    }
}
