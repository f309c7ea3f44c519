//! What the committer has done, for metrics.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
};

/// Microseconds since some moment, never falling. Only what is counted goes by it.
pub type Stopwatch = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Upper bounds of the classes of [`Statistics::batch_commands`].
pub const BATCH_COMMANDS_BOUNDS: [u64; 6] = [1, 4, 16, 64, 256, 1_024];
/// Upper bounds of the classes of [`Statistics::wait_us`].
pub const WAIT_US_BOUNDS: [u64; 8] = [500, 1_000, 2_500, 5_000, 10_000, 50_000, 250_000, 1_000_000];

/// How values are spread over classes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spread<const N: usize> {
    /// Values up to the upper bound of the same place, and above the one before it.
    pub counts: [u64; N],
    /// Values above the last bound.
    pub above: u64,
    pub sum: u64,
}

impl<const N: usize> Default for Spread<N> {
    fn default() -> Self {
        Self { counts: [0; N], above: 0, sum: 0 }
    }
}

/// A [`Spread`] that grows.
pub(crate) struct Growing<const N: usize> {
    bounds: [u64; N],
    counts: [AtomicU64; N],
    above: AtomicU64,
    sum: AtomicU64,
}

impl<const N: usize> Growing<N> {
    fn new(bounds: [u64; N]) -> Self {
        let (above, sum) = (AtomicU64::new(0), AtomicU64::new(0));
        Self { bounds, counts: std::array::from_fn(|_| AtomicU64::new(0)), above, sum }
    }

    pub(crate) fn add(&self, value: u64) {
        let class = self.bounds.partition_point(|bound| *bound < value);
        self.counts.get(class).unwrap_or(&self.above).fetch_add(1, Relaxed);
        self.sum.fetch_add(value, Relaxed);
    }

    fn read(&self) -> Spread<N> {
        let read = |count: &AtomicU64| count.load(Relaxed);
        Spread { counts: self.counts.each_ref().map(read), above: read(&self.above), sum: read(&self.sum) }
    }
}

pub(crate) struct Counters {
    pub(crate) queued: AtomicU64,
    pub(crate) batches: AtomicU64,
    pub(crate) commands: AtomicU64,
    pub(crate) bytes: AtomicU64,
    pub(crate) refused: AtomicU64,
    pub(crate) failed: AtomicBool,
    pub(crate) batch_commands: Growing<{ BATCH_COMMANDS_BOUNDS.len() }>,
    pub(crate) wait_us: Growing<{ WAIT_US_BOUNDS.len() }>,
    /// The store reads no clock of its own.
    pub(crate) stopwatch: OnceLock<Stopwatch>,
}

impl Default for Counters {
    fn default() -> Self {
        Self {
            queued: AtomicU64::default(),
            batches: AtomicU64::default(),
            commands: AtomicU64::default(),
            bytes: AtomicU64::default(),
            refused: AtomicU64::default(),
            failed: AtomicBool::default(),
            batch_commands: Growing::new(BATCH_COMMANDS_BOUNDS),
            wait_us: Growing::new(WAIT_US_BOUNDS),
            stopwatch: OnceLock::new(),
        }
    }
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
    /// How many commands shared a batch and its barrier.
    pub batch_commands: Spread<{ BATCH_COMMANDS_BOUNDS.len() }>,
    /// From a command's being queued to its answer; nothing without a
    /// [`super::Handle::measure_waits`].
    pub wait_us: Spread<{ WAIT_US_BOUNDS.len() }>,
}

impl Counters {
    /// Now, if waits are measured.
    pub(crate) fn now_us(&self) -> Option<u64> {
        self.stopwatch.get().map(|stopwatch| stopwatch())
    }

    pub(crate) fn read(&self) -> Statistics {
        Statistics {
            queue_depth: self.queued.load(Relaxed),
            batches: self.batches.load(Relaxed),
            commands: self.commands.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            busy: self.refused.load(Relaxed),
            failed: self.failed.load(Relaxed),
            batch_commands: self.batch_commands.read(),
            wait_us: self.wait_us.read(),
        }
    }
}
