//! What this node has to do with others.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// See the module.
#[derive(Default)]
pub struct ClusterCounters {
    doorbells: Counter,
    looks: Counter,
}

impl ClusterCounters {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let counters = Self::default();
        let help = "Hints from any node that a log which is followed here has grown";
        registry.register("cluster_doorbells", help, counters.doorbells.clone());
        let help = "Reads of the store for what other nodes appended";
        registry.register("cluster_looks", help, counters.looks.clone());
        counters
    }

    /// A doorbell was heard.
    pub fn rung(&self) {
        self.doorbells.inc();
    }

    /// A log is looked at.
    pub fn looked(&self) {
        self.looks.inc();
    }
}
