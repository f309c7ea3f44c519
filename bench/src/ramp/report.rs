//! What the search came to.

use serde::Serialize;

use super::step::{Limit, Tried};
use crate::{
    args::ramp::RampArgs,
    course::Course,
    link::{self, Link, LinkReport},
    report::rounded,
};

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct RampReport {
    scenario: &'static str,
    transport: String,
    tls: bool,
    durability: String,
    users: usize,
    rooms: usize,
    p99_under_ms: f64,
    seconds: u64,
    /// The highest rate that was held; nothing if none was.
    highest: Option<Highest>,
    /// What kept the next one from being held.
    limited_by: Limit,
    /// In the order in which they were tried.
    steps: Vec<Tried>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkReport>,
    /// Second by second over all steps; percentiles and histogram are those of the highest rate
    /// that was held.
    #[serde(flatten)]
    course: Course,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Highest {
    rate: f64,
    p99_ms: f64,
    deliveries_per_s: f64,
    server_cores: Option<f64>,
}

/// Where it was tried.
pub(crate) struct Ground {
    pub(crate) transport: String,
    pub(crate) tls: bool,
    pub(crate) durability: String,
}

impl RampReport {
    pub(crate) fn new(args: &RampArgs, ground: Ground, steps: Vec<Tried>, course: Course) -> Self {
        let Ground { transport, tls, durability } = ground;
        Self {
            scenario: "ramp",
            transport,
            tls,
            durability,
            users: args.users,
            rooms: args.rooms,
            p99_under_ms: rounded(args.p99_under.as_secs_f64() * 1_000.0),
            seconds: args.seconds,
            highest: highest(&steps),
            limited_by: limit(&steps),
            steps,
            link: link::laid().map(Link::report),
            course,
        }
    }

    /// Whether a rate was held, and nothing was lost at any.
    pub(crate) fn passed(&self) -> bool {
        self.highest.is_some() && self.limited_by != Limit::Delivery
    }

    pub(crate) fn print(&self) {
        println!(
            "ramp: {} (tls {}, {}): {} users in {} rooms, {} s each, p99 under {} ms",
            self.transport,
            if self.tls { "on" } else { "off" },
            self.durability,
            self.users,
            self.rooms,
            self.seconds,
            self.p99_under_ms
        );
        println!(
            "  {:>9} {:>10} {:>10} {:>13} {:>8} {:>10} {:>11} {:>6}",
            "rate/s", "p99 ms", "max ms", "deliveries/s", "server", "generator", "lag p99 ms", "lost"
        );
        self.steps.iter().for_each(Tried::print);
        match self.highest {
            Some(Highest { rate, p99_ms, deliveries_per_s, .. }) => {
                println!("  highest: {rate} messages/s, {deliveries_per_s:.0} deliveries/s, p99 {p99_ms} ms");
            }
            None => println!("  no rate was held"),
        }
        println!("  {}", self.limited_by.meaning());
    }
}

fn highest(steps: &[Tried]) -> Option<Highest> {
    let best = steps.iter().filter(|tried| tried.held).max_by(|a, b| a.rate.total_cmp(&b.rate))?;
    let Tried { rate, deliveries_per_s, server_cores, .. } = *best;
    Some(Highest { rate, p99_ms: best.latency_ms.p99, deliveries_per_s, server_cores })
}

/// Of the lowest rate that was not held; what was lost comes before everything.
fn limit(steps: &[Tried]) -> Limit {
    let not_held = || steps.iter().filter(|tried| !tried.held);
    let lowest = not_held().min_by(|a, b| a.rate.total_cmp(&b.rate));
    let broken = not_held().any(|tried| tried.limited_by == Some(Limit::Delivery));
    if broken { Limit::Delivery } else { lowest.and_then(|tried| tried.limited_by).unwrap_or(Limit::Rate) }
}
