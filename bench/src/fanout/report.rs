//! What the fan-out came to, beside its ceiling if there was one.

use anyhow::Context;
use rill_client::TransportKind;
use serde::Serialize;

use super::drive::Outcome;
use crate::{
    args::fanout::FanoutArgs,
    course::Course,
    pulse::Moment,
    report::{Client, Latency, Server, rounded},
    tally::latencies,
};

/// Keys are fixed: plots and comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct FanoutReport {
    transport: String,
    tls: bool,
    durability: &'static str,
    members: usize,
    in_flight: usize,
    posts: u32,
    text_bytes: usize,
    /// Of all runs of the server together.
    sent: u64,
    acked: u64,
    refused: u64,
    expected: u64,
    delivered: u64,
    lost: u64,
    duplicated: u64,
    reordered: u64,
    misplaced: u64,
    #[serde(flatten)]
    run: Run,
    #[serde(skip_serializing_if = "Option::is_none")]
    ceiling: Option<Ceiling>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ratio: Option<Ratio>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pairs: Vec<Pair>,
    #[serde(flatten)]
    course: Course,
}

/// One run, or the median of several in each figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Run {
    deliveries_per_s: f64,
    latency_ms: Latency,
    server: Server,
    client: Client,
    foreign_cpu_share: f64,
}

/// What a run is compared with.
#[derive(Clone, Debug, Serialize)]
struct Ceiling {
    of: &'static str,
    #[serde(flatten)]
    run: Run,
}

/// The server's part of the ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
struct Ratio {
    deliveries_per_s: f64,
    /// The ceiling's CPU for a delivery to the server's.
    cpu: f64,
}

#[derive(Clone, Debug, Serialize)]
pub(crate) struct Pair {
    #[serde(flatten)]
    run: Run,
    ceiling: Run,
    ratio: Ratio,
}

impl Run {
    pub(crate) fn of(outcome: &Outcome) -> anyhow::Result<Self> {
        let server = outcome.usage.server.as_ref().context("a server without a process")?;
        let delivered = outcome.standing.delivered;
        Ok(Self {
            deliveries_per_s: rounded(delivered as f64 / outcome.lasted.as_secs_f64().max(1e-3)),
            latency_ms: Latency::of(&outcome.latency),
            server: Server {
                cpu_s: rounded(server.cpu_s),
                cpu_s_per_million_deliveries: rounded(server.cpu_s * 1e6 / delivered.max(1) as f64),
                rss_mib: rounded(server.rss_mib),
            },
            client: Client { cpu_s: rounded(outcome.usage.client_cpu_s) },
            foreign_cpu_share: rounded(outcome.usage.foreign_share),
        })
    }

    fn median(runs: &[&Self]) -> Self {
        let of = |figure: fn(&Self) -> f64| median(runs.iter().map(|run| figure(run)).collect());
        Self {
            deliveries_per_s: of(|run| run.deliveries_per_s),
            latency_ms: Latency {
                p50: of(|run| run.latency_ms.p50),
                p90: of(|run| run.latency_ms.p90),
                p99: of(|run| run.latency_ms.p99),
                p99_9: of(|run| run.latency_ms.p99_9),
                max: of(|run| run.latency_ms.max),
            },
            server: Server {
                cpu_s: of(|run| run.server.cpu_s),
                cpu_s_per_million_deliveries: of(|run| run.server.cpu_s_per_million_deliveries),
                rss_mib: of(|run| run.server.rss_mib),
            },
            client: Client { cpu_s: of(|run| run.client.cpu_s) },
            foreign_cpu_share: of(|run| run.foreign_cpu_share),
        }
    }

    fn print(&self, what: &str) {
        let Latency { p50, p99, p99_9, max, .. } = &self.latency_ms;
        println!(
            "  {what}: {:.0} deliveries/s  {:.2} CPU s per million  p50 {p50}  p99 {p99}  p99.9 {p99_9}  max {max} ms",
            self.deliveries_per_s, self.server.cpu_s_per_million_deliveries
        );
    }
}

/// The upper one of an even number.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

impl Pair {
    pub(crate) fn of(run: Run, ceiling: Run) -> Self {
        let cpu = |run: &Run| run.server.cpu_s_per_million_deliveries;
        let ratio = Ratio {
            deliveries_per_s: rounded(run.deliveries_per_s / ceiling.deliveries_per_s.max(1e-3)),
            cpu: rounded(cpu(&ceiling) / cpu(&run).max(1e-3)),
        };
        Self { run, ceiling, ratio }
    }

    pub(crate) fn print(&self, what: &str) {
        println!(
            "{what}: {} of the ceiling's CPU efficiency, {} of its rate",
            self.ratio.cpu, self.ratio.deliveries_per_s
        );
        self.run.print("server");
        self.ceiling.print("ceiling");
    }
}

impl FanoutReport {
    /// Of one run without pairs, or of those in the pairs.
    pub(crate) fn new(
        args: &FanoutArgs,
        kind: TransportKind,
        runs: Vec<Outcome>,
        pairs: Vec<Pair>,
    ) -> anyhow::Result<Self> {
        let sum = |count: fn(&Outcome) -> u64| runs.iter().map(count).sum();
        let all: Vec<Run> = runs.iter().map(Run::of).collect::<anyhow::Result<_>>()?;
        let ceiling = (!pairs.is_empty()).then(|| Ceiling {
            of: ceiling_of(kind),
            run: Run::median(&pairs.iter().map(|pair| &pair.ceiling).collect::<Vec<_>>()),
        });
        let ratio = (!pairs.is_empty()).then(|| Ratio {
            deliveries_per_s: median(pairs.iter().map(|pair| pair.ratio.deliveries_per_s).collect()),
            cpu: median(pairs.iter().map(|pair| pair.ratio.cpu).collect()),
        });
        Ok(Self {
            transport: kind.to_string(),
            tls: !args.plain,
            durability: "fdatasync",
            members: args.members,
            in_flight: args.in_flight,
            posts: args.posts,
            text_bytes: args.text_bytes,
            sent: sum(|run| run.standing.sent),
            acked: sum(|run| run.standing.acked),
            refused: sum(|run| run.standing.refused),
            expected: sum(|run| run.expected),
            delivered: sum(|run| run.standing.delivered),
            lost: sum(|run| run.lost),
            duplicated: sum(|run| run.duplicated),
            reordered: sum(|run| run.reordered),
            misplaced: sum(|run| run.misplaced),
            run: Run::median(&all.iter().collect::<Vec<_>>()),
            ceiling,
            ratio,
            pairs,
            course: course(&runs)?,
        })
    }

    pub(crate) fn is_sound(&self) -> bool {
        let faults = self.refused + self.lost + self.duplicated + self.reordered + self.misplaced;
        faults == 0 && self.acked == self.sent
    }

    pub(crate) fn print(&self) {
        println!(
            "{} (tls {}, {}): {} members, {} posts under way, {} posts a run",
            self.transport,
            if self.tls { "on" } else { "off" },
            self.durability,
            self.members,
            self.in_flight,
            self.posts
        );
        println!("  sent {}  acked {}  refused {}", self.sent, self.acked, self.refused);
        println!(
            "  delivered {} of {}  lost {}  duplicated {}  reordered {}  at two places {}",
            self.delivered, self.expected, self.lost, self.duplicated, self.reordered, self.misplaced
        );
        self.run.print("server");
        if let (Some(ceiling), Some(ratio)) = (&self.ceiling, &self.ratio) {
            ceiling.run.print(ceiling.of);
            println!(
                "  median of {} pairs: {} of its CPU efficiency, {} of its rate",
                self.pairs.len(),
                ratio.cpu,
                ratio.deliveries_per_s
            );
        }
        println!(
            "  client  {} s CPU  others {:.1} % of the machine",
            self.run.client.cpu_s,
            self.run.foreign_cpu_share * 100.0
        );
    }
}

fn ceiling_of(kind: TransportKind) -> &'static str {
    match kind {
        TransportKind::Quic => "bare quinn",
        TransportKind::WebTransport => "this server over raw QUIC",
        TransportKind::WebSocket => "bare tungstenite",
    }
}

/// The runs of the server one behind the other.
fn course(runs: &[Outcome]) -> anyhow::Result<Course> {
    let (mut all, mut timeline, mut begins_s) = (latencies()?, Vec::new(), 0.0);
    for run in runs {
        all.add(&run.latency)?;
        let later = |moment: &Moment| Moment { at_s: rounded(moment.at_s + begins_s), ..moment.clone() };
        timeline.extend(run.timeline.iter().map(later));
        begins_s = timeline.last().map_or(begins_s, |last| last.at_s);
    }
    Course::new(timeline, &all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(deliveries_per_s: f64, cpu_s_per_million_deliveries: f64) -> Run {
        Run {
            deliveries_per_s,
            latency_ms: Latency::of(&latencies().unwrap()),
            server: Server { cpu_s: 1.0, cpu_s_per_million_deliveries, rss_mib: 1.0 },
            client: Client { cpu_s: 1.0 },
            foreign_cpu_share: 0.0,
        }
    }

    #[test]
    fn a_ratio_is_1_where_the_server_does_what_the_ceiling_does() {
        let of = |ours, ceiling| Pair::of(ours, ceiling).ratio;
        let half = Ratio { deliveries_per_s: 0.25, cpu: 0.5 };
        assert_eq!(of(run(1_000.0, 4.0), run(1_000.0, 4.0)), Ratio { deliveries_per_s: 1.0, cpu: 1.0 });
        assert_eq!(of(run(1_000.0, 4.0), run(4_000.0, 2.0)), half);
    }

    #[test]
    fn a_median_is_of_each_figure_by_itself() {
        let runs = [run(1.0, 9.0), run(3.0, 7.0), run(2.0, 8.0)];
        let median = Run::median(&runs.iter().collect::<Vec<_>>());
        assert_eq!((median.deliveries_per_s, median.server.cpu_s_per_million_deliveries), (2.0, 8.0));
    }
}
