//! What a day came to.

use serde::Serialize;
use std::collections::BTreeMap;

use super::{ledger::Entries, operation::Operation};
use crate::{
    args::mixed::MixedArgs,
    chaos::audit::Findings,
    course::Course,
    processes::Usage,
    pulse::Moment,
    report::{Client, Latency, rounded},
    verdict::{self, Verdict},
};

/// What was seen, before it is judged.
pub(crate) struct Seen {
    pub(crate) findings: Findings,
    pub(crate) visits: usize,
    pub(crate) memberships: usize,
    pub(crate) gaps: u64,
    pub(crate) usage: Usage,
    pub(crate) timeline: Vec<Moment>,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct MixedReport {
    scenario: &'static str,
    transport: String,
    users: usize,
    rooms: usize,
    rate: f64,
    seconds: u64,
    seed: u64,
    /// How often people came, and the rooms of all of them added up.
    visits: usize,
    memberships: usize,
    acked: u64,
    delivered: u64,
    #[serde(flatten)]
    findings: Findings,
    gaps: u64,
    operations: BTreeMap<&'static str, Figures>,
    /// Of all operations, by their codes.
    errors: BTreeMap<String, u64>,
    errors_in_all: u64,
    /// From the moment when a message was due until somebody who was there then was given it.
    latency_ms: Latency,
    server: Server,
    client: Client,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

/// Of one kind of operation.
#[derive(Debug, Serialize)]
struct Figures {
    done: u64,
    failed: u64,
    errors: BTreeMap<String, u64>,
    latency_ms: Latency,
}

#[derive(Debug, Serialize)]
struct Server {
    cpu_s: f64,
    /// At most.
    rss_mib: f64,
}

impl MixedReport {
    pub(crate) fn new(args: &MixedArgs, entries: &Entries, seen: Seen) -> anyhow::Result<Self> {
        let Seen { findings, visits, memberships, gaps, usage, timeline } = seen;
        let mut errors: BTreeMap<String, u64> = BTreeMap::new();
        let mut operations = BTreeMap::new();
        for (operation, kind) in &entries.kinds {
            kind.errors.iter().for_each(|(code, count)| *errors.entry(code.clone()).or_default() += count);
            let figures = Figures {
                done: kind.us.len(),
                failed: kind.errors.values().sum(),
                errors: kind.errors.clone(),
                latency_ms: Latency::of(&kind.us),
            };
            operations.insert(operation.name(), figures);
        }
        let (acked, delivered) = (entries.acked.len() as u64, entries.delivered);
        let of_server = usage.server.as_ref();
        let rss_seen = timeline.iter().filter_map(|moment| moment.server_rss_mib);
        let server = Server {
            cpu_s: of_server.map_or(0.0, |server| rounded(server.cpu_s)),
            rss_mib: rss_seen.chain(of_server.map(|server| rounded(server.rss_mib))).fold(0.0, f64::max),
        };
        let sums = entries.kinds.iter().map(|(operation, kind)| (*operation, kind.errors.values().sum::<u64>()));
        let failed: BTreeMap<Operation, u64> = sums.collect();
        Ok(Self {
            scenario: "mixed",
            transport: args.transport.map_or("all".to_owned(), |transport| transport.to_string()),
            users: args.users,
            rooms: args.rooms,
            rate: args.rate,
            seconds: args.seconds,
            seed: args.seed,
            visits,
            memberships,
            acked,
            delivered,
            findings,
            gaps,
            errors_in_all: errors.values().sum(),
            errors,
            latency_ms: Latency::of(&entries.delivery_us),
            server,
            client: Client { cpu_s: rounded(usage.client_cpu_s) },
            foreign_cpu_share: rounded(usage.foreign_share),
            verdicts: vec![no_loss(acked, delivered, &findings), no_errors(&failed)],
            operations,
            course: Course::new(timeline, &entries.delivery_us)?,
        })
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        println!(
            "mixed ({}): {} people in {} rooms ({} memberships) came {} times; {} things a second at the busiest hour, for {} s",
            self.transport, self.users, self.rooms, self.memberships, self.visits, self.rate, self.seconds
        );
        for (name, figures) in &self.operations {
            let Figures { done, failed, latency_ms: Latency { p50, p99, max, .. }, .. } = figures;
            println!("  {name:15} {done:6} done  {failed} failed  ms  p50 {p50}  p99 {p99}  max {max}");
        }
        let Latency { p50, p90, p99, p99_9, max } = &self.latency_ms;
        println!(
            "  {:15} {:6} given  ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}",
            "delivery", self.delivered
        );
        self.errors.iter().for_each(|(code, count)| println!("  {code}: {count}"));
        println!(
            "  server {} s CPU, {} MiB; client {} s CPU, others {:.1} % of the machine",
            self.server.cpu_s,
            self.server.rss_mib,
            self.client.cpu_s,
            self.foreign_cpu_share * 100.0
        );
        verdict::print(&self.verdicts);
    }
}

fn no_loss(acked: u64, delivered: u64, findings: &Findings) -> Verdict {
    let Findings { lost, duplicated, reordered } = findings;
    Verdict {
        name: "no_loss",
        passed: findings.is_clean() && acked > 0 && delivered > 0,
        of_timing: false,
        detail: format!(
            "{acked} acked, {delivered} given, lost {lost}, duplicated {duplicated}, reordered {reordered}"
        ),
    }
}

fn no_errors(failed: &BTreeMap<Operation, u64>) -> Verdict {
    let told: Vec<String> = failed
        .iter()
        .filter(|(_, count)| **count > 0)
        .map(|(operation, count)| format!("{} {count}", operation.name()))
        .collect();
    let detail = if told.is_empty() { "nothing failed".to_owned() } else { format!("failed: {}", told.join(", ")) };
    Verdict { name: "no_errors", passed: told.is_empty(), of_timing: false, detail }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_operation_that_failed_fails_the_day() {
        let failed = |count| BTreeMap::from([(Operation::Post, 0), (Operation::SendFile, count)]);
        assert!(no_errors(&failed(0)).passed);
        let verdict = no_errors(&failed(2));
        assert!(!verdict.passed && verdict.detail == "failed: send_file 2", "{verdict:?}");
    }

    #[test]
    fn a_day_on_which_nobody_said_anything_proves_nothing() {
        let clean = Findings::default();
        assert!(no_loss(1, 1, &clean).passed && !no_loss(0, 0, &clean).passed);
        assert!(!no_loss(1, 1, &Findings { lost: 1, ..clean }).passed);
    }
}
