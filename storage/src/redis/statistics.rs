//! What a node counts of its way to Redis.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

#[derive(Default)]
pub(super) struct Counters {
    pub(super) round_trips: AtomicU64,
    pub(super) commits: AtomicU64,
    pub(super) conflicts: AtomicU64,
    pub(super) turns: AtomicU64,
    pub(super) hits: AtomicU64,
    pub(super) misses: AtomicU64,
    pub(super) confirmed_reads: AtomicU64,
    pub(super) fetched_reads: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) archived_entries: AtomicU64,
}

/// Counts since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RedisStatistics {
    /// Calls of a script, and commands.
    pub round_trips: u64,
    /// Batches that were taken.
    pub commits: u64,
    /// Batches that were made again because another node was first.
    pub conflicts: u64,
    /// Turns that were taken after several.
    pub turns: u64,
    /// Rows that were remembered, and rows that could have been.
    pub hits: u64,
    pub misses: u64,
    /// Reads for which Redis had to say no more than that nothing has changed, and those for
    /// which it sent rows.
    pub confirmed_reads: u64,
    pub fetched_reads: u64,
    /// Commands that were sent again because Redis did not answer or was not ready.
    pub retries: u64,
    /// Entries that this node has moved to blobs.
    pub archived_entries: u64,
}

impl Counters {
    pub(super) fn read(&self) -> RedisStatistics {
        RedisStatistics {
            round_trips: self.round_trips.load(Relaxed),
            commits: self.commits.load(Relaxed),
            conflicts: self.conflicts.load(Relaxed),
            turns: self.turns.load(Relaxed),
            hits: self.hits.load(Relaxed),
            misses: self.misses.load(Relaxed),
            confirmed_reads: self.confirmed_reads.load(Relaxed),
            fetched_reads: self.fetched_reads.load(Relaxed),
            retries: self.retries.load(Relaxed),
            archived_entries: self.archived_entries.load(Relaxed),
        }
    }
}
