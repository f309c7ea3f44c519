//! What hardships came to, and what several nodes cost.

use serde::Serialize;
use std::time::Duration;

use super::hardship::Hardship;
use crate::{
    args::cluster::ClusterArgs,
    chaos::{
        audit::Findings,
        reckoning::{Reckoning, Sums},
        report::Spread,
    },
    report::{Latency, rounded},
};

/// One run with one hardship.
#[derive(Debug, Serialize)]
pub(crate) struct Phase {
    hardship: &'static str,
    nodes: usize,
    #[serde(flatten)]
    sums: Sums,
    /// Each user's longest: for an ack, or with nothing to read.
    users_waited_ms: Spread,
    /// From the moment when a message was due to its ack.
    ack_ms: Latency,
    /// From the moment when a message was due to a reader at another node.
    across_ms: Option<Latency>,
    /// utime and stime of all nodes together, while nothing happened.
    nodes_cpu_us_per_delivery: Option<f64>,
    #[serde(skip)]
    said: String,
}

/// What was seen of it.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) reckoning: Reckoning,
    pub(crate) waited: Vec<Duration>,
    pub(crate) across_ms: Option<Latency>,
    pub(crate) cpu_us_per_delivery: Option<f64>,
    /// The nodes' logs.
    pub(crate) said: String,
}

impl Phase {
    pub(crate) fn new(hardship: Hardship, nodes: usize, seen: Seen) -> Self {
        Self {
            hardship: hardship.name(),
            nodes,
            sums: seen.reckoning.sums,
            users_waited_ms: Spread::of(seen.waited),
            ack_ms: Latency::of(&seen.reckoning.latency_us),
            across_ms: seen.across_ms,
            nodes_cpu_us_per_delivery: seen.cpu_us_per_delivery.map(rounded),
            said: seen.said,
        }
    }

    /// Acked messages are there, once and in order, and nobody was refused.
    fn is_kept(&self) -> bool {
        self.sums.findings.is_clean() && self.sums.refused == 0 && self.sums.acked > 0
    }

    pub(crate) fn print(&self) {
        let Sums { acked, delivered, findings, refused, gaps, epochs_changed } = &self.sums;
        let Findings { lost, duplicated, reordered } = findings;
        let Spread { p50, max } = self.users_waited_ms;
        println!(
            "{:15} {} nodes: {acked} acked, {delivered} delivered; lost {lost}, doubled {duplicated}, out of order {reordered}, \
             refused {refused}; users waited p50 {p50:.1} ms, max {max:.1} ms; ack p50 {} ms, p99 {} ms; gaps {gaps}, epochs \
             changed {epochs_changed}{}{}",
            self.hardship,
            self.nodes,
            self.ack_ms.p50,
            self.ack_ms.p99,
            self.across_ms
                .as_ref()
                .map(|across| format!("; at other nodes after p50 {} ms, p99 {} ms", across.p50, across.p99))
                .unwrap_or_default(),
            self.nodes_cpu_us_per_delivery.map(|us| format!("; {us} us of CPU a delivery")).unwrap_or_default(),
        );
        if !self.is_kept() {
            println!("FAILED: {}\n{}", self.hardship, self.said);
        }
    }
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct ClusterReport {
    scenario: &'static str,
    nodes: usize,
    fsync: &'static str,
    speakers: usize,
    listeners: usize,
    rooms: usize,
    rate: f64,
    seconds: u64,
    phases: Vec<Phase>,
    /// Of a delivery at all nodes to one at a single node, on a Redis each, the same load.
    cpu_ratio: Option<f64>,
}

impl ClusterReport {
    /// The first phase is the one without hardship; `single` the same with one node.
    pub(crate) fn new(args: &ClusterArgs, phases: Vec<Phase>, single: Option<Phase>) -> Self {
        let calm = phases.iter().find(|phase| phase.hardship == Hardship::None.name());
        let cost = |phase: Option<&Phase>| phase.and_then(|phase| phase.nodes_cpu_us_per_delivery);
        let cpu_ratio = cost(calm).zip(cost(single.as_ref())).map(|(all, one)| rounded(all / one));
        Self {
            scenario: "cluster",
            nodes: args.nodes,
            fsync: args.fsync.name(),
            speakers: args.speakers,
            listeners: args.listeners,
            rooms: args.rooms,
            rate: args.rate,
            seconds: args.seconds,
            phases: phases.into_iter().chain(single).collect(),
            cpu_ratio,
        }
    }

    pub(crate) fn is_kept(&self) -> bool {
        self.phases.iter().all(Phase::is_kept)
    }

    pub(crate) fn print(&self) {
        if let Some(ratio) = self.cpu_ratio {
            println!("CPU a delivery, {} nodes to 1: {ratio}", self.nodes);
        }
    }
}
