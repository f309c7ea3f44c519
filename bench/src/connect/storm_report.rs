//! What became of clients that came back all at once.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

use crate::{
    args::connect::ConnectArgs,
    chaos::reckoning::Sums,
    connect::storm::Slow,
    course::Course,
    hostile::counters::Refusals,
    processes::Usage,
    report::{Latency, rounded},
    verdict::{self, Verdict},
};

/// From the signal until everybody is where they would be without it.
const CAUGHT_UP_MS: f64 = 15_000.0;

/// What was seen.
pub(crate) struct Seen {
    pub(crate) ending: Duration,
    pub(crate) starting: Duration,
    /// From the signal, of each client that came back.
    pub(crate) back_us: Histogram<u32>,
    pub(crate) sums: Sums,
    /// What the new process refused, by door and code.
    pub(crate) refusals: Refusals,
    /// Why clients were without a connection, and how often.
    pub(crate) reasons: BTreeMap<String, u64>,
    pub(crate) slowest: Vec<Slow>,
    /// From the signal until everybody was back.
    pub(crate) usage: Usage,
    pub(crate) course: Course,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct StormReport {
    scenario: &'static str,
    storm: bool,
    transport: String,
    clients: usize,
    rooms: usize,
    speakers: usize,
    rate: f64,
    signal: &'static str,
    /// From the signal to the end of the process, and from the start of the next until it listens.
    ending_ms: f64,
    starting_ms: f64,
    /// Clients that were caught up.
    back: u64,
    /// From the signal.
    caught_up_ms: Latency,
    #[serde(flatten)]
    sums: Sums,
    /// Of the new process, by door and code.
    refusals: BTreeMap<String, BTreeMap<String, u64>>,
    /// Why clients were without a connection: once each, and once more for every try that failed.
    reasons: BTreeMap<String, u64>,
    /// The last ones, and what they met.
    slowest: Vec<Slowest>,
    /// From the signal until everybody was back; of the server the new process, at the end.
    server: Server,
    client: Client,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

#[derive(Debug, Serialize)]
struct Slowest {
    transport: String,
    /// From the signal; nothing if it never was.
    caught_up_ms: Option<f64>,
    /// Why it was without a connection, and when that was, in ms from the signal.
    reasons: Vec<(f64, String)>,
}

#[derive(Debug, Serialize)]
struct Server {
    cpu_s: f64,
    rss_mib: f64,
}

#[derive(Debug, Serialize)]
struct Client {
    cpu_s: f64,
}

impl StormReport {
    pub(crate) fn new(args: &ConnectArgs, seen: Seen) -> Self {
        let caught_up_ms = Latency::of(&seen.back_us);
        let back = seen.back_us.len();
        let mut refusals = BTreeMap::<String, BTreeMap<String, u64>>::new();
        for ((door, code), count) in seen.refusals {
            refusals.entry(door).or_default().insert(code, count);
        }
        let ms = |time: Duration| rounded(time.as_secs_f64() * 1_000.0);
        let (cpu_s, rss_mib) = seen.usage.server.map_or((0.0, 0.0), |server| (server.cpu_s, server.rss_mib));
        Self {
            scenario: "connect",
            storm: true,
            transport: args.transport.map_or("all".to_owned(), |transport| transport.to_string()),
            clients: args.clients,
            rooms: args.rooms,
            speakers: args.speakers,
            rate: args.rate,
            signal: args.signal.name(),
            ending_ms: ms(seen.ending),
            starting_ms: ms(seen.starting),
            back,
            verdicts: vec![all_back(args.clients, back), no_loss(&seen.sums), caught_up(&caught_up_ms)],
            caught_up_ms,
            sums: seen.sums,
            refusals,
            reasons: seen.reasons,
            slowest: seen
                .slowest
                .into_iter()
                .map(|slow| Slowest {
                    transport: args.transport_of(slow.client).to_string(),
                    caught_up_ms: slow.back.map(ms),
                    reasons: slow.reasons.into_iter().map(|(at, reason)| (ms(at), reason)).collect(),
                })
                .collect(),
            server: Server { cpu_s: rounded(cpu_s), rss_mib: rounded(rss_mib) },
            client: Client { cpu_s: rounded(seen.usage.client_cpu_s) },
            foreign_cpu_share: rounded(seen.usage.foreign_share),
            course: seen.course,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { transport, clients, rooms, rate, signal, .. } = self;
        println!("connect --storm ({transport}): {clients} clients in {rooms} rooms, {rate} messages/s, {signal}");
        println!("  the old process ended after {} ms, the new one started in {} ms", self.ending_ms, self.starting_ms);
        let Latency { p50, p90, p99, p99_9, max } = &self.caught_up_ms;
        println!("  caught up, ms from the signal  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        println!(
            "  CPU s until then: server {}, clients {}; server {} MiB; others took {:.1} % of the machine",
            self.server.cpu_s,
            self.client.cpu_s,
            self.server.rss_mib,
            self.foreign_cpu_share * 100.0
        );
        for (door, codes) in &self.refusals {
            for (code, count) in codes {
                println!("  refused at {door}: {code}, {count} times");
            }
        }
        for (reason, count) in &self.reasons {
            println!("  without a connection: {reason}, {count} times");
        }
        if let Some(Slowest { transport, reasons, .. }) = self.slowest.first() {
            let met: Vec<_> = reasons.iter().map(|(at, reason)| format!("{at} ms {reason}")).collect();
            println!("  the last one ({transport}) was without a connection at {}", met.join("; "));
        }
        verdict::print(&self.verdicts);
    }
}

fn all_back(clients: usize, back: u64) -> Verdict {
    Verdict {
        name: "all_back",
        passed: back == clients as u64,
        of_timing: false,
        detail: format!("{back} of {clients} clients came back and caught up"),
    }
}

fn no_loss(sums: &Sums) -> Verdict {
    let Sums { acked, delivered, findings, refused, gaps, epochs_changed } = sums;
    Verdict {
        name: "no_loss",
        passed: findings.is_clean() && refused + epochs_changed == 0,
        of_timing: false,
        detail: format!(
            "{acked} acked, {delivered} delivered; lost {}, duplicated {}, reordered {}, refused {refused}, epochs \
             changed {epochs_changed}; {gaps} gaps filled from history",
            findings.lost, findings.duplicated, findings.reordered
        ),
    }
}

fn caught_up(latency: &Latency) -> Verdict {
    Verdict {
        name: "caught_up",
        passed: latency.max < CAUGHT_UP_MS,
        of_timing: true,
        detail: format!("the last client was caught up after {} ms of less than {CAUGHT_UP_MS}", latency.max),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chaos::audit::Findings;

    #[test]
    fn a_storm_that_loses_a_client_or_a_message_fails() {
        assert!(all_back(7, 7).passed && !all_back(7, 6).passed);
        let sums = |lost, refused, epochs_changed| Sums {
            acked: 5,
            delivered: 25,
            findings: Findings { lost, ..Findings::default() },
            refused,
            gaps: 1,
            epochs_changed,
        };
        assert!(no_loss(&sums(0, 0, 0)).passed);
        for broken in [sums(1, 0, 0), sums(0, 1, 0), sums(0, 0, 1)] {
            assert!(!no_loss(&broken).passed);
        }
    }
}
