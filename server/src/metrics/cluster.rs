//! What this node has to do with others.

use prometheus_client::{metrics::counter::Counter, registry::Registry};

/// See the module.
#[derive(Default)]
pub struct ClusterCounters {
    doorbells: Counter,
    told: Counter,
    looks: Counter,
    login_looks: Counter,
    login_reads: Counter,
    counted_alone: Counter,
}

impl ClusterCounters {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let counters = Self::default();
        let help = "Hints from any node that a log which is followed here has grown";
        registry.register("cluster_doorbells", help, counters.doorbells.clone());
        let help = "Of those, hints that brought what was appended: nothing had to be read";
        registry.register("cluster_doorbells_with_entries", help, counters.told.clone());
        let help = "Reads of the store for what other nodes appended";
        registry.register("cluster_looks", help, counters.looks.clone());
        let help = "Looks for logins that have ended, for all connections of this server";
        registry.register("cluster_login_looks", help, counters.login_looks.clone());
        let help = "Reads of the store whether the login of a connection still stands";
        registry.register("login_reads", help, counters.login_reads.clone());
        let help = "Questions about tries at passwords that were answered by this server alone";
        registry.register("cluster_limits_alone", help, counters.counted_alone.clone());
        counters
    }

    /// A doorbell was heard.
    pub fn rung(&self) {
        self.doorbells.inc();
    }

    /// What was appended came with it, in its place.
    pub fn told(&self) {
        self.told.inc();
    }

    /// What nodes allow together could not be asked.
    pub fn counted_alone(&self) {
        self.counted_alone.inc();
    }

    /// It is looked which logins have ended.
    pub fn looked_at_logins(&self) {
        self.login_looks.inc();
    }

    /// A connection reads its login.
    pub fn read_login(&self) {
        self.login_reads.inc();
    }

    /// A log is looked at.
    pub fn looked(&self) {
        self.looks.inc();
    }
}
