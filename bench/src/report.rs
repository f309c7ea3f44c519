//! The report of the scenario that talks, and what reports have in common.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::{
    course::Course,
    link::{self, Link, LinkReport},
    processes::Usage,
    rebind::RebindReport,
    tally::Totals,
};

/// Keys are fixed: plots and comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) transport: String,
    pub(crate) tls: bool,
    /// What an ack stands for on the server.
    pub(crate) durability: String,
    pub(crate) users: usize,
    pub(crate) rooms: usize,
    pub(crate) rate: f64,
    pub(crate) seconds: u64,
    pub(crate) sent: u64,
    pub(crate) acked: u64,
    /// Acked messages times the members of their rooms.
    pub(crate) expected: u64,
    pub(crate) delivered: u64,
    pub(crate) lost: u64,
    pub(crate) duplicated: u64,
    pub(crate) reordered: u64,
    pub(crate) latency_ms: Latency,
    pub(crate) deliveries_per_s: f64,
    /// Nothing for a server that was not started here.
    pub(crate) server: Option<Server>,
    pub(crate) client: Client,
    /// CPU time of everybody else, of all the machine's CPU time.
    pub(crate) foreign_cpu_share: f64,
    /// What lay between, and what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<LinkReport>,
    /// The change of addresses in the middle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) rebind: Option<RebindReport>,
    #[serde(flatten)]
    pub(crate) course: Course,
    /// Messages that were to be sent.
    #[serde(skip)]
    pub(crate) due: u64,
    /// Posts that the server refused for good.
    #[serde(skip)]
    pub(crate) refused: u64,
    #[serde(skip)]
    pub(crate) skipped: u64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) p50: f64,
    pub(crate) p90: f64,
    pub(crate) p99: f64,
    pub(crate) p99_9: f64,
    pub(crate) max: f64,
}

impl Latency {
    /// Of a histogram in microseconds.
    pub(crate) fn of(us: &Histogram<u32>) -> Self {
        let ms = |quantile: f64| rounded(us.value_at_quantile(quantile) as f64 / 1_000.0);
        Self { p50: ms(0.5), p90: ms(0.9), p99: ms(0.99), p99_9: ms(0.999), max: rounded(us.max() as f64 / 1_000.0) }
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Server {
    pub(crate) cpu_s: f64,
    pub(crate) cpu_s_per_million_deliveries: f64,
    pub(crate) rss_mib: f64,
}

impl Server {
    /// Nothing for a server that was not started here.
    pub(crate) fn of(usage: &Usage, totals: &Totals) -> Option<Self> {
        let per_million = |cpu_s: f64| cpu_s * 1e6 / (totals.delivered.max(1) as f64);
        usage.server.as_ref().map(|server| Self {
            cpu_s: rounded(server.cpu_s),
            cpu_s_per_million_deliveries: rounded(per_million(server.cpu_s)),
            rss_mib: rounded(server.rss_mib),
        })
    }
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Client {
    pub(crate) cpu_s: f64,
}

/// What was asked for.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    pub(crate) transport: String,
    pub(crate) tls: bool,
    pub(crate) durability: String,
    pub(crate) users: usize,
    pub(crate) rooms: usize,
    pub(crate) rate: f64,
    pub(crate) seconds: u64,
}

impl Report {
    pub(crate) fn new(setting: Setting, totals: &Totals, usage: &Usage, course: Course) -> anyhow::Result<Self> {
        let Setting { transport, tls, durability, users, rooms, rate, seconds } = setting;
        Ok(Self {
            transport,
            tls,
            durability,
            users,
            rooms,
            rate,
            seconds,
            sent: totals.sent,
            acked: totals.acked,
            expected: totals.expected,
            delivered: totals.delivered,
            lost: totals.lost,
            duplicated: totals.duplicated,
            reordered: totals.reordered,
            latency_ms: Latency::of(&totals.latency_of_all()?),
            deliveries_per_s: rounded(totals.delivered as f64 / totals.span.as_secs_f64().max(1e-3)),
            server: Server::of(usage, totals),
            client: Client { cpu_s: rounded(usage.client_cpu_s) },
            foreign_cpu_share: rounded(usage.foreign_share),
            link: link::laid().map(Link::report),
            rebind: None,
            course,
            due: totals.due,
            refused: totals.refused,
            skipped: totals.skipped,
        })
    }

    /// Whether every promise was kept.
    pub(crate) fn is_sound(&self) -> bool {
        self.lost + self.duplicated + self.reordered + self.refused == 0 && self.acked == self.due
    }

    pub(crate) fn print(&self) {
        let Latency { p50, p90, p99, p99_9, max } = &self.latency_ms;
        println!(
            "{} (tls {}, {}): {} users in {} rooms, {} messages/s for {} s",
            self.transport,
            if self.tls { "on" } else { "off" },
            self.durability,
            self.users,
            self.rooms,
            self.rate,
            self.seconds
        );
        println!("  due {}  sent {}  acked {}  refused {}", self.due, self.sent, self.acked, self.refused);
        println!(
            "  delivered {} of {}  lost {}  duplicated {}  reordered {}  tails restarted {}",
            self.delivered, self.expected, self.lost, self.duplicated, self.reordered, self.skipped
        );
        println!("  latency ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        self.rebind.iter().for_each(RebindReport::print);
        println!("  {:.0} deliveries/s", self.deliveries_per_s);
        if let Some(Server { cpu_s, cpu_s_per_million_deliveries, rss_mib }) = &self.server {
            println!("  server  {cpu_s} s CPU  ({cpu_s_per_million_deliveries} s per million)  {rss_mib} MiB");
        }
        println!(
            "  client  {} s CPU  others {:.1} % of the machine",
            self.client.cpu_s,
            self.foreign_cpu_share * 100.0
        );
    }
}

/// To three digits behind the point.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        processes::ServerUsage,
        publish::{own_keys, paths},
    };
    use std::time::Duration;

    fn report(lost: u64) -> Report {
        let mut latency = Histogram::new_with_bounds(1, 600_000_000, 3).unwrap();
        (1..=1_000u64).for_each(|us| latency.record(us * 10).unwrap());
        let totals = Totals {
            due: 100,
            sent: 100,
            acked: 100,
            expected: 200,
            delivered: 200 - lost,
            lost,
            duplicated: 0,
            reordered: 0,
            refused: 0,
            skipped: 0,
            reconnects: 0,
            gaps: Vec::new(),
            latency: vec![latency],
            lag: Histogram::new(3).unwrap(),
            span: Duration::from_secs(2),
        };
        let server = Some(ServerUsage { cpu_s: 0.5, rss_mib: 10.0 });
        let usage = Usage { server, client_cpu_s: 0.25, foreign_share: 0.125 };
        let setting = Setting {
            transport: "quic".to_owned(),
            tls: true,
            durability: "fdatasync".to_owned(),
            users: 2,
            rooms: 1,
            rate: 50.0,
            seconds: 2,
        };
        Report::new(setting, &totals, &usage, Course::default()).unwrap()
    }

    #[test]
    fn the_keys_are_those_that_readers_of_reports_know() {
        let json = serde_json::to_value(report(0)).unwrap();
        let keys: Vec<&str> = json.as_object().unwrap().keys().map(String::as_str).collect();
        let mut expected = [
            "transport",
            "tls",
            "durability",
            "users",
            "rooms",
            "rate",
            "seconds",
            "sent",
            "acked",
            "expected",
            "delivered",
            "lost",
            "duplicated",
            "reordered",
            "latency_ms",
            "deliveries_per_s",
            "server",
            "client",
            "foreign_cpu_share",
            "timeline",
            "percentiles",
            "histogram_us",
        ];
        expected.sort_unstable();
        let mut found = keys.clone();
        found.sort_unstable();
        assert_eq!(found, expected);
        assert_eq!(json["latency_ms"]["p50"], 5.003);
        assert_eq!(json["server"]["cpu_s_per_million_deliveries"], 2_500.0);
        assert_eq!(json["deliveries_per_s"], 100.0);
        for key in ["p50", "p90", "p99", "p99_9", "max"] {
            assert!(json["latency_ms"][key].is_number(), "{key}");
        }
    }

    #[test]
    fn thresholds_know_its_numbers_before_the_run() {
        let numbers = paths::numbers(&serde_json::to_value(report(0)).unwrap());
        let mut found: Vec<&str> = numbers.iter().map(|(path, _)| path.as_str()).collect();
        let mut known = own_keys("chat").unwrap().to_vec();
        found.sort_unstable();
        known.sort_unstable();
        assert_eq!(known, found);
    }

    #[test]
    fn a_lost_message_is_a_failure() {
        assert!(report(0).is_sound());
        assert!(!report(1).is_sound());
    }
}
