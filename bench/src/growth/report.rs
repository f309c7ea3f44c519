//! What a delivery costs the server in a small room and in large ones.

use serde::Serialize;

use crate::{
    args::growth::{GrowthArgs, Shape},
    course::Course,
    report::{Latency, rounded},
    talk::Talked,
    verdict::{self, Chat, Verdict},
};

/// CPU of a delivery, in terms of that in the first shape.
const RATIO_MAX: f64 = 1.3;

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct GrowthReport {
    scenario: &'static str,
    transport: String,
    asked_deliveries_per_s: f64,
    seconds: u64,
    rounds: usize,
    shapes: Vec<OfShape>,
    /// The highest of all shapes.
    ratio: f64,
    verdicts: Vec<Verdict>,
    /// Of the last run, which is one of the last shape.
    #[serde(flatten)]
    course: Course,
}

#[derive(Debug, Serialize)]
struct OfShape {
    rooms: usize,
    members: usize,
    posts_per_s: f64,
    /// The median of the runs.
    cpu_s_per_million_deliveries: f64,
    /// In terms of the first shape's in the same round; the median of the rounds.
    ratio: f64,
    /// The most of all runs.
    rss_mib: f64,
    runs: Vec<Run>,
}

/// One run of a shape.
#[derive(Debug, Serialize)]
pub(crate) struct Run {
    #[serde(flatten)]
    chat: Chat,
    deliveries_per_s: f64,
    latency_ms: Latency,
    server_cpu_s: f64,
    cpu_s_per_million_deliveries: f64,
    rss_mib: f64,
    client_cpu_s: f64,
    foreign_cpu_share: f64,
}

impl Run {
    pub(crate) fn of(talked: &Talked) -> Self {
        let (totals, usage) = (&talked.totals, &talked.usage);
        let server_cpu_s = usage.server.as_ref().map_or(f64::NAN, |server| server.cpu_s);
        Self {
            chat: Chat::of(totals),
            deliveries_per_s: rounded(totals.delivered as f64 / totals.span.as_secs_f64().max(1e-3)),
            latency_ms: Latency::of(&totals.latency[0]),
            server_cpu_s: rounded(server_cpu_s),
            cpu_s_per_million_deliveries: rounded(server_cpu_s * 1e6 / totals.delivered.max(1) as f64),
            rss_mib: rounded(talked.rss_mib_max().unwrap_or(f64::NAN)),
            client_cpu_s: rounded(usage.client_cpu_s),
            foreign_cpu_share: rounded(usage.foreign_share),
        }
    }
}

impl GrowthReport {
    /// The runs of each round, in the order of the shapes.
    pub(crate) fn new(args: &GrowthArgs, rounds: Vec<Vec<Run>>, course: Course) -> Self {
        let cost: Vec<Vec<f64>> =
            rounds.iter().map(|runs| runs.iter().map(|run| run.cpu_s_per_million_deliveries).collect()).collect();
        let mut of_shapes: Vec<Vec<Run>> = args.shapes.iter().map(|_| Vec::new()).collect();
        for runs in rounds {
            of_shapes.iter_mut().zip(runs).for_each(|(of_shape, run)| of_shape.push(run));
        }
        let shapes: Vec<OfShape> = args
            .shapes
            .iter()
            .zip(of_shapes)
            .enumerate()
            .map(|(at, (shape, runs))| OfShape {
                rooms: shape.rooms,
                members: shape.members,
                posts_per_s: rounded(shape.rate(args.deliveries_per_s)),
                cpu_s_per_million_deliveries: rounded(median(cost.iter().map(|round| round[at]).collect())),
                ratio: rounded(median(cost.iter().map(|round| round[at] / round[0]).collect())),
                rss_mib: runs.iter().map(|run| run.rss_mib).fold(0.0, f64::max),
                runs,
            })
            .collect();
        let ratio = shapes.iter().skip(1).map(|shape| shape.ratio).fold(0.0, f64::max);
        let verdicts = vec![no_loss(&shapes), growth(&shapes)];
        Self {
            scenario: "growth",
            transport: args.transport.to_string(),
            asked_deliveries_per_s: args.deliveries_per_s,
            seconds: args.seconds,
            rounds: args.rounds,
            shapes,
            ratio,
            verdicts,
            course,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        println!(
            "growth ({}): {} deliveries/s for {} s, {} times",
            self.transport, self.asked_deliveries_per_s, self.seconds, self.rounds
        );
        println!("  rooms  members  posts/s  CPU s per million  ratio  p99 ms  server MiB  deliveries/s");
        for shape in &self.shapes {
            println!(
                "  {:>5}  {:>7}  {:>7}  {:>17.2}  {:>5.2}  {:>6.1}  {:>10.0}  {:>12.0}",
                shape.rooms,
                shape.members,
                shape.posts_per_s,
                shape.cpu_s_per_million_deliveries,
                shape.ratio,
                median(shape.runs.iter().map(|run| run.latency_ms.p99).collect()),
                shape.rss_mib,
                median(shape.runs.iter().map(|run| run.deliveries_per_s).collect()),
            );
        }
        verdict::print(&self.verdicts);
    }
}

/// NaN of nothing, and of what holds one: that is never under a bound.
fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() || values.iter().any(|value| value.is_nan()) {
        return f64::NAN;
    }
    values.sort_unstable_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len().is_multiple_of(2) { (values[middle - 1] + values[middle]) / 2.0 } else { values[middle] }
}

fn no_loss(shapes: &[OfShape]) -> Verdict {
    let runs = || shapes.iter().flat_map(|shape| &shape.runs);
    let whole = runs().filter(|run| run.chat.is_whole()).count();
    let all = runs().count();
    Verdict {
        name: "no_loss",
        passed: whole == all,
        of_timing: false,
        detail: format!("in {whole} of {all} runs everything was acked and delivered once and in order"),
    }
}

fn growth(shapes: &[OfShape]) -> Verdict {
    let of_shape = |shape: &OfShape| format!("{:.2} in {}", shape.ratio, Shape::of(shape));
    let ratios: Vec<String> = shapes.iter().skip(1).map(of_shape).collect();
    Verdict {
        name: "growth",
        passed: shapes.iter().skip(1).all(|shape| shape.ratio <= RATIO_MAX),
        of_timing: true,
        detail: format!("a delivery's CPU in terms of that in the first shape: {}, of {RATIO_MAX}", ratios.join(", ")),
    }
}

impl Shape {
    fn of(shape: &OfShape) -> Self {
        Self { rooms: shape.rooms, members: shape.members }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        processes::{ServerUsage, Usage},
        tally::{Totals, latencies},
    };
    use clap::Parser;
    use std::time::Duration;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: GrowthArgs,
    }

    fn run(cpu_s: f64, lost: u64) -> Run {
        let totals = Totals {
            due: 100,
            sent: 100,
            acked: 100,
            expected: 1_000,
            delivered: 1_000 - lost,
            lost,
            duplicated: 0,
            reordered: 0,
            refused: 0,
            skipped: 0,
            reconnects: 0,
            gaps: Vec::new(),
            latency: vec![latencies().unwrap()],
            lag: latencies().unwrap(),
            span: Duration::from_secs(1),
        };
        let server = Some(ServerUsage { cpu_s, rss_mib: 10.0 });
        Run::of(&Talked::seen(totals, Usage { server, client_cpu_s: 0.0, foreign_share: 0.0 }))
    }

    /// By name, what passed; and the ratios.
    fn check(rounds: [[Run; 2]; 3]) -> (Vec<bool>, f64) {
        let args = Line::parse_from(["x", "--shapes", "10x10,1x1000"]).args;
        let report = GrowthReport::new(&args, rounds.map(Vec::from).into(), Course::default());
        (report.verdicts.iter().map(|verdict| verdict.passed).collect(), report.ratio)
    }

    #[test]
    fn the_median_of_what_the_rounds_say_is_judged() {
        let rounds = |second: [f64; 3], lost| {
            let first = [0.01, 0.02, 0.01];
            std::array::from_fn(|at| [run(first[at], 0), run(second[at], if at == 1 { lost } else { 0 })])
        };
        assert_eq!(check(rounds([0.013, 0.02, 0.05], 0)), (vec![true, true], 1.3));
        assert_eq!(check(rounds([0.014, 0.02, 0.05], 0)), (vec![true, false], 1.4));
        assert_eq!(check(rounds([0.01, 0.02, 0.01], 1)).0, [false, true]);
        assert_eq!(check(rounds([f64::NAN, 0.02, 0.01], 0)).0, [true, false]);
    }
}
