//! What the way to Redis says of itself; on the page only where there is one.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};
use std::sync::atomic::Ordering::Relaxed;

use crate::app::RedisReport;

/// See the module.
pub(super) struct RedisGauges {
    registry: Registry,
    up: Gauge,
    acknowledged_may_be_lost: Gauge,
    replicas: Gauge,
    used_memory_bytes: Gauge,
    memory_max_bytes: Gauge,
    counters: [Counter; 12],
}

const COUNTERS: [(&str, &str); 12] = [
    ("redis_connected", "Connections to Redis that were made"),
    ("redis_lost", "Connections to Redis that were lost"),
    ("redis_round_trips", "Calls of scripts, and commands"),
    ("redis_commits", "Batches that Redis took"),
    ("redis_conflicts", "Batches that were made again because another server was first"),
    ("redis_turns", "Turns that were taken after several conflicts"),
    ("redis_remembered", "Rows that were at hand"),
    ("redis_fetched", "Rows that could have been at hand and were not"),
    ("redis_confirmed_reads", "Reads for which Redis had only to say that nothing has changed"),
    ("redis_fetched_reads", "Reads for which Redis sent rows"),
    ("redis_retries", "Commands that were sent again"),
    ("redis_archived_entries", "Entries of logs that this server moved to the blobs"),
];

fn gauge(registry: &mut Registry, name: &str, help: &str) -> Gauge {
    let gauge = Gauge::default();
    registry.register(name, help, gauge.clone());
    gauge
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl RedisGauges {
    pub(super) fn new() -> Self {
        let mut registry = Registry::with_prefix("rill");
        let registered = &mut registry;
        let counters = COUNTERS.map(|(name, help)| {
            let counter: Counter = Counter::default();
            registered.register(name, help, counter.clone());
            counter
        });
        Self {
            up: gauge(registered, "redis_up", "1 if Redis can be used"),
            acknowledged_may_be_lost: gauge(
                registered,
                "redis_acknowledged_may_be_lost",
                "1 if Redis may lose what was acknowledged when it or its machine dies",
            ),
            replicas: gauge(registered, "redis_replicas", "Replicas of the primary that has the fewest"),
            used_memory_bytes: gauge(registered, "redis_used_memory_bytes", "Of the primary that has the most"),
            memory_max_bytes: gauge(registered, "redis_memory_max_bytes", "Its maxmemory; 0 is none"),
            counters,
            registry,
        }
    }

    /// What is on the page.
    pub(super) fn set(&self, report: &RedisReport) -> &Registry {
        let RedisReport { condition, connected, lost, statistics } = report;
        self.up.set(condition.is_ok().into());
        if let Ok(condition) = condition {
            self.acknowledged_may_be_lost.set(condition.durability.may_lose().into());
            self.replicas.set(condition.durability.replicas.into());
            self.used_memory_bytes.set(number(condition.used_memory_bytes));
            self.memory_max_bytes.set(number(condition.memory_max_bytes));
        }
        let values = [
            *connected,
            *lost,
            statistics.round_trips,
            statistics.commits,
            statistics.conflicts,
            statistics.turns,
            statistics.hits,
            statistics.misses,
            statistics.confirmed_reads,
            statistics.fetched_reads,
            statistics.retries,
            statistics.archived_entries,
        ];
        for (counter, value) in self.counters.iter().zip(values) {
            counter.inner().store(value, Relaxed);
        }
        &self.registry
    }
}
