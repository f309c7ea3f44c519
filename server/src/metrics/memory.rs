//! How often what is remembered is of use.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// See the module.
#[derive(Default)]
pub struct MemoryCounters {
    told: Counter,
    asked: Counter,
}

impl MemoryCounters {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let counters = Self::default();
        let help = "Rooms, memberships and names that were told without a question to the store";
        registry.register("memory_told", help, counters.told.clone());
        let help = "Those that the store was asked for";
        registry.register("memory_asked", help, counters.asked.clone());
        counters
    }

    /// Something was told without a question.
    pub fn told(&self) {
        self.told.inc();
    }

    /// The store is asked.
    pub fn asked(&self) {
        self.asked.inc();
    }
}
