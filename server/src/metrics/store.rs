//! What the store says of itself, read when the page is asked for.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use rill_storage::embedded::Statistics;
use std::sync::atomic::Ordering::Relaxed;

/// See the module.
pub(super) struct StoreGauges {
    queue: Gauge,
    batches: Counter,
    commands: Counter,
    bytes: Counter,
    busy: Counter,
    failed: Gauge,
}

impl StoreGauges {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let (queue, failed) = (Gauge::default(), Gauge::default());
        registry.register("store_queue", "Writes that wait for the store", queue.clone());
        registry.register("store_failed", "1 if the store refuses writes until a restart", failed.clone());
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
        }
    }

    pub(super) fn set(&self, store: &Statistics) {
        self.queue.set(i64::try_from(store.queue_depth).unwrap_or(i64::MAX));
        self.failed.set(store.failed.into());
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
