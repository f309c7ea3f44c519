//! How fast connections come about.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

use crate::{
    args::connect::ConnectArgs,
    course::Course,
    light::Door,
    processes::Usage,
    report::{Latency, rounded},
    verdict::{self, Verdict},
};

/// What was seen of the time that counts.
pub(crate) struct Seen {
    /// From the first packet until the session is ready.
    pub(crate) latency_us: Histogram<u32>,
    pub(crate) lasted: Duration,
    /// Over the whole run.
    pub(crate) errors: BTreeMap<String, u64>,
    pub(crate) usage: Usage,
    pub(crate) course: Course,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct ConnectReport {
    scenario: &'static str,
    storm: bool,
    transport: String,
    tls: bool,
    in_flight: usize,
    seconds: u64,
    connections: u64,
    handshakes_per_s: f64,
    latency_ms: Latency,
    /// How connections came to nothing, and how often.
    errors: BTreeMap<String, u64>,
    failed: u64,
    server: Option<Server>,
    client: Client,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

#[derive(Debug, Serialize)]
struct Server {
    cpu_s: f64,
    cpu_ms_per_handshake: f64,
    rss_mib: f64,
}

#[derive(Debug, Serialize)]
struct Client {
    cpu_s: f64,
}

impl ConnectReport {
    pub(crate) fn new(args: &ConnectArgs, door: Door, seen: Seen) -> Self {
        let connections = seen.latency_us.len();
        let failed = seen.errors.values().sum();
        let server = seen.usage.server.map(|server| Server {
            cpu_s: rounded(server.cpu_s),
            cpu_ms_per_handshake: rounded(server.cpu_s * 1_000.0 / connections.max(1) as f64),
            rss_mib: rounded(server.rss_mib),
        });
        Self {
            scenario: "connect",
            storm: false,
            transport: door.transport.to_string(),
            tls: door.has_tls(),
            in_flight: args.in_flight,
            seconds: args.seconds,
            connections,
            handshakes_per_s: rounded(connections as f64 / seen.lasted.as_secs_f64().max(1e-3)),
            latency_ms: Latency::of(&seen.latency_us),
            verdicts: vec![connected(connections, failed)],
            errors: seen.errors,
            failed,
            server,
            client: Client { cpu_s: rounded(seen.usage.client_cpu_s) },
            foreign_cpu_share: rounded(seen.usage.foreign_share),
            course: seen.course,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { transport, in_flight, connections, handshakes_per_s, .. } = self;
        let tls = if self.tls { "TLS" } else { "plain" };
        println!("connect ({transport}, {tls}): {in_flight} new connections under way at any time");
        println!("  {connections} in {} s: {handshakes_per_s} a second", self.seconds);
        let Latency { p50, p90, p99, p99_9, max } = &self.latency_ms;
        println!("  until ready, ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        if let Some(Server { cpu_s, cpu_ms_per_handshake, rss_mib }) = &self.server {
            println!("  server {cpu_s} s of CPU, {cpu_ms_per_handshake} ms a connection, {rss_mib} MiB");
        }
        println!(
            "  clients {} s of CPU; others took {:.1} % of the machine",
            self.client.cpu_s,
            self.foreign_cpu_share * 100.0
        );
        for (answer, count) in &self.errors {
            println!("  came to nothing: {answer}, {count} times");
        }
        verdict::print(&self.verdicts);
    }
}

fn connected(connections: u64, failed: u64) -> Verdict {
    Verdict {
        name: "connected",
        passed: connections > 0 && failed == 0,
        of_timing: false,
        detail: format!("{connections} connections were ready, {failed} came to nothing"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_that_came_to_nothing_fails() {
        assert!(connected(9, 0).passed);
        assert!(!connected(9, 1).passed && !connected(0, 0).passed);
    }
}
