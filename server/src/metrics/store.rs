//! What the store says of itself, read when the page is asked for.

use parking_lot::Mutex;
use prometheus_client::{
    encoding::{EncodeMetric, MetricEncoder},
    metrics::{MetricType, counter::Counter, gauge::Gauge},
    registry::Registry,
};
use rill_storage::embedded::{BATCH_COMMANDS_BOUNDS, Spread, Statistics, WAIT_US_BOUNDS};
use std::{
    fmt::Error,
    sync::{Arc, atomic::Ordering::Relaxed},
};

/// A histogram that the store keeps.
#[derive(Clone, Debug)]
struct Kept<const N: usize> {
    bounds: [u64; N],
    /// What one unit of the store is in units of the page.
    scale: f64,
    spread: Arc<Mutex<Spread<N>>>,
}

impl<const N: usize> Kept<N> {
    fn new(bounds: [u64; N], scale: f64) -> Self {
        Self { bounds, scale, spread: Arc::default() }
    }

    fn set(&self, spread: Spread<N>) {
        *self.spread.lock() = spread;
    }
}

impl<const N: usize> EncodeMetric for Kept<N> {
    fn encode(&self, mut encoder: MetricEncoder<'_>) -> Result<(), Error> {
        let Spread { counts, above, sum } = *self.spread.lock();
        let bounds = self.bounds.iter().map(|bound| *bound as f64 * self.scale);
        let buckets: Vec<(f64, u64)> = bounds.zip(counts).chain([(f64::INFINITY, above)]).collect();
        let count = counts.iter().sum::<u64>() + above;
        encoder.encode_histogram::<Vec<(String, String)>>(sum as f64 * self.scale, count, &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// See the module.
pub(super) struct StoreGauges {
    queue: Gauge,
    batches: Counter,
    commands: Counter,
    bytes: Counter,
    busy: Counter,
    failed: Gauge,
    batch_commands: Kept<{ BATCH_COMMANDS_BOUNDS.len() }>,
    wait: Kept<{ WAIT_US_BOUNDS.len() }>,
}

impl StoreGauges {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (queue, failed) = (Gauge::default(), Gauge::default());
        registry.register("store_queue", "Writes that wait for the store", queue.clone());
        registry.register("store_failed", "1 if the store refuses writes until a restart", failed.clone());
        let batch_commands = Kept::new(BATCH_COMMANDS_BOUNDS, 1.0);
        registry.register("store_batch_commands", "Writes that were made durable together", batch_commands.clone());
        let wait = Kept::new(WAIT_US_BOUNDS, 1e-6);
        registry.register("store_wait_seconds", "From a write's being queued to its being durable", wait.clone());
        let mut counter = |name: &str, help: &str| {
            let counter: Counter = Counter::default();
            registry.register(name, help, counter.clone());
            counter
        };
        Self {
            batches: counter("store_batches", "Batches made durable; commands by batches is a batch's size"),
            commands: counter("store_commands", "Writes that were carried out"),
            bytes: counter("store_written_bytes", "Keys and values in the batches"),
            busy: counter("store_busy", "Writes refused because too many waited"),
            queue,
            failed,
            batch_commands,
            wait,
        }
    }

    pub(super) fn set(&self, store: &Statistics) {
        self.queue.set(i64::try_from(store.queue_depth).unwrap_or(i64::MAX));
        self.failed.set(store.failed.into());
        self.batch_commands.set(store.batch_commands);
        self.wait.set(store.wait_us);
        for (counter, value) in [
            (&self.batches, store.batches),
            (&self.commands, store.commands),
            (&self.bytes, store.bytes),
            (&self.busy, store.busy),
        ] {
            counter.inner().store(value, Relaxed);
        }
    }
}
