//! What a long run came to.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::collections::BTreeMap;

use super::{
    holdings::Holding,
    probes::{Count, IN_TIME},
    trend::slope,
};
use crate::{
    args::{SPREAD, soak::SoakArgs},
    chaos::{
        audit::Findings,
        outage::Outage,
        reckoning::{Reckoning, Sums},
        report::{Parts, Spread},
    },
    course::Course,
    link::{self, Link, LinkReport},
    pulse::Moment,
    report::{Latency, rounded},
    verdict::{self, Verdict},
};

/// Of the probes, so many are acked in time.
const AVAILABILITY_MIN: f64 = 0.999;
/// What the server may hold more at the end of the second half than at its beginning, by the line
/// through all that was seen of it. Caches fill up to a bound, files of the store come and
/// go, and so do threads that wait for a disk.
const GROWTH_MAX: Growth = Growth { rss_mib: 32.0, handles: 16.0, threads: 8.0 };
const HOUR_S: f64 = 3_600.0;

/// What was seen, before it is judged.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) counts: [Count; SPREAD.len()],
    pub(crate) outages: Vec<Outage>,
    pub(crate) parts: Parts,
    pub(crate) bad_ends: u64,
    pub(crate) reckoning: Reckoning,
    pub(crate) delivery_us: Histogram<u32>,
    pub(crate) holdings: Vec<Holding>,
    /// Since the start: from here on the server lived undisturbed.
    pub(crate) steady_from_s: f64,
    pub(crate) timeline: Vec<Moment>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Growth {
    rss_mib: f64,
    handles: f64,
    threads: f64,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct SoakReport {
    scenario: &'static str,
    seconds: u64,
    restarts: u32,
    engine: String,
    speakers: usize,
    listeners: usize,
    rooms: usize,
    rate: f64,
    /// The share of probes that were acked within [`IN_TIME`] of being due.
    availability: f64,
    availability_by_transport: BTreeMap<&'static str, f64>,
    probes: u64,
    probes_in_time: u64,
    #[serde(flatten)]
    sums: Sums,
    bad_ends: u64,
    unavailable_ms: Spread,
    unavailable_by_transport_ms: BTreeMap<&'static str, Spread>,
    ending_ms: Spread,
    starting_ms: Spread,
    /// From the moment when a message was due to its ack, and to each reader.
    ack_ms: Latency,
    latency_ms: Latency,
    server: Server,
    server_over_time: Vec<Holding>,
    verdicts: Vec<Verdict>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkReport>,
    #[serde(flatten)]
    course: Course,
}

/// The most, and how fast it grew in the second half.
#[derive(Debug, Serialize)]
struct Server {
    rss_mib: f64,
    handles: u64,
    threads: u64,
    rss_mib_per_hour: Option<f64>,
    handles_per_hour: Option<f64>,
    threads_per_hour: Option<f64>,
}

impl SoakReport {
    pub(crate) fn new(args: &SoakArgs, seen: Seen) -> anyhow::Result<Self> {
        let Seen { counts, outages, reckoning, holdings, .. } = seen;
        let in_time: u64 = counts.iter().map(|count| count.in_time).sum();
        // A refused probe was said and was not served.
        let probes = reckoning.sums.acked + reckoning.sums.refused;
        let availability = share(in_time, probes);
        let named = |at: usize| SPREAD[at].as_str();
        let by_transport =
            (0..SPREAD.len()).map(|at| (named(at), rounded5(share(counts[at].in_time, counts[at].acked))));
        let of = |at: usize| Spread::of(outages.iter().filter_map(|outage| outage.first_ack[at]).collect());
        let growth = growth(&holdings, seen.steady_from_s);
        let per_hour =
            |grown: fn(&Growth) -> f64| growth.as_ref().map(|(of, span_s)| rounded(grown(of) * HOUR_S / span_s));
        let server = Server {
            rss_mib: holdings.iter().map(|holding| holding.rss_mib).fold(0.0, f64::max),
            handles: holdings.iter().map(|holding| holding.handles).max().unwrap_or_default(),
            threads: holdings.iter().map(|holding| holding.threads).max().unwrap_or_default(),
            rss_mib_per_hour: per_hour(|of| of.rss_mib),
            handles_per_hour: per_hour(|of| of.handles),
            threads_per_hour: per_hour(|of| of.threads),
        };
        let mut verdicts = vec![no_loss(&reckoning.sums), ends_in_order(seen.bad_ends), available(in_time, probes)];
        verdicts.extend(bounded(growth.map(|(growth, _)| growth)));
        Ok(Self {
            scenario: "soak",
            seconds: args.length().as_secs(),
            restarts: args.restarts,
            engine: args.engine.unwrap_or_default().to_string(),
            speakers: args.speakers,
            listeners: args.listeners,
            rooms: args.rooms,
            rate: args.rate,
            availability: rounded5(availability),
            availability_by_transport: by_transport.collect(),
            probes,
            probes_in_time: in_time,
            sums: reckoning.sums,
            bad_ends: seen.bad_ends,
            unavailable_ms: Spread::of(outages.iter().filter_map(Outage::over).collect()),
            unavailable_by_transport_ms: (0..SPREAD.len()).map(|at| (named(at), of(at))).collect(),
            ending_ms: Spread::of(seen.parts.ending),
            starting_ms: Spread::of(seen.parts.starting),
            ack_ms: Latency::of(&reckoning.latency_us),
            latency_ms: Latency::of(&seen.delivery_us),
            server,
            server_over_time: holdings,
            verdicts,
            link: link::laid().map(Link::report),
            course: Course::new(seen.timeline, &seen.delivery_us)?,
        })
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { seconds, restarts, engine, rate, sums, .. } = self;
        println!(
            "soak: {} speakers and {} listeners in {} rooms, {rate} messages/s for {seconds} s, {restarts} restarts, {engine}",
            self.speakers, self.listeners, self.rooms
        );
        println!("  {} acked, {} delivered, {} gaps filled from history", sums.acked, sums.delivered, sums.gaps);
        for (transport, share) in &self.availability_by_transport {
            println!("  available by {transport}: {:.3} %", share * 100.0);
        }
        let Spread { p50, max } = self.unavailable_ms;
        println!("  posting was away for {p50} ms at the median of the restarts, {max} ms at most");
        for (what, ms) in [("ack", &self.ack_ms), ("delivery", &self.latency_ms)] {
            println!("  {what} ms  p50 {}  p90 {}  p99 {}  p99.9 {}  max {}", ms.p50, ms.p90, ms.p99, ms.p99_9, ms.max);
        }
        let Server { rss_mib, handles, threads, .. } = self.server;
        println!("  server at most {rss_mib:.0} MiB, {handles} file handles, {threads} threads");
        verdict::print(&self.verdicts);
    }
}

fn share(part: u64, of: u64) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// Three digits would round what fails at 99.9 % to what passes.
fn rounded5(share: f64) -> f64 {
    (share * 1e5).floor() / 1e5
}

/// By how much each grew from `from_s` on, and in how many seconds; nothing where too little was seen.
fn growth(holdings: &[Holding], from_s: f64) -> Option<(Growth, f64)> {
    let steady: Vec<&Holding> = holdings.iter().filter(|holding| holding.at_s >= from_s).collect();
    let span_s = steady.last()?.at_s - steady.first()?.at_s;
    let grown = |value: fn(&Holding) -> f64| {
        let points: Vec<(f64, f64)> = steady.iter().map(|holding| (holding.at_s, value(holding))).collect();
        slope(&points).map(|slope| slope * span_s)
    };
    let growth = Growth {
        rss_mib: grown(|holding| holding.rss_mib)?,
        handles: grown(|holding| holding.handles as f64)?,
        threads: grown(|holding| holding.threads as f64)?,
    };
    Some((growth, span_s))
}

fn no_loss(sums: &Sums) -> Verdict {
    let Sums { acked, refused, epochs_changed, findings, .. } = sums;
    let Findings { lost, duplicated, reordered } = findings;
    Verdict {
        name: "no_loss",
        passed: findings.is_clean() && *refused == 0 && *epochs_changed == 0 && *acked > 0,
        of_timing: false,
        detail: format!(
            "{acked} acked, lost {lost}, duplicated {duplicated}, reordered {reordered}, refused {refused}, logs that \
             began anew {epochs_changed}"
        ),
    }
}

fn ends_in_order(bad_ends: u64) -> Verdict {
    let detail = format!("{bad_ends} ends that were asked for were none in order");
    Verdict { name: "ends_in_order", passed: bad_ends == 0, of_timing: false, detail }
}

fn available(in_time: u64, probes: u64) -> Verdict {
    let share = share(in_time, probes);
    Verdict {
        name: "availability",
        passed: share >= AVAILABILITY_MIN,
        of_timing: true,
        detail: format!(
            "{in_time} of {probes} posts were acked within {} ms of being due: {:.3} % of at least {:.1} %",
            IN_TIME.as_millis(),
            rounded5(share) * 100.0,
            AVAILABILITY_MIN * 100.0
        ),
    }
}

/// One for each thing that must not grow without end.
fn bounded(growth: Option<Growth>) -> [Verdict; 3] {
    let verdict = |name, unit, of: fn(&Growth) -> f64| {
        let (grown, most) = (growth.as_ref().map(of), of(&GROWTH_MAX));
        let detail = match grown {
            Some(grown) => {
                format!("grew by {grown:.1}{unit} in the second half, by the line through it; at most {most}{unit}")
            }
            None => "too little was seen of the second half".to_owned(),
        };
        Verdict { name, passed: grown.is_some_and(|grown| grown <= most), of_timing: false, detail }
    };
    [
        verdict("memory", " MiB", |growth| growth.rss_mib),
        verdict("handles", "", |growth| growth.handles),
        verdict("threads", "", |growth| growth.threads),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holding(at_s: f64, rss_mib: f64, handles: u64) -> Holding {
        Holding { at_s, rss_mib, handles, threads: 9 }
    }

    #[test]
    fn one_probe_in_a_thousand_may_be_late_and_no_more() {
        assert!(available(999, 1_000).passed && available(1_000, 1_000).passed);
        assert!(!available(9_989, 10_000).passed && !available(0, 0).passed);
        assert_eq!(rounded5(0.998_996), 0.998_99, "what fails does not look as if it passed");
    }

    #[test]
    fn what_grows_in_the_second_half_fails_and_the_first_does_not_count() {
        // A new process after 40 s, which fills its caches until 60.
        let mut seen: Vec<Holding> = (0..40).map(|s| holding(f64::from(s), 500.0 + f64::from(s) * 10.0, 50)).collect();
        seen.extend((40..60).map(|s| holding(f64::from(s), f64::from(s), 20)));
        seen.extend((60..121).map(|s| holding(f64::from(s), 60.0, 20 + s as u64)));
        let (growth, span_s) = growth(&seen, 60.0).unwrap();
        assert_eq!((growth.rss_mib, growth.threads, span_s), (0.0, 0.0, 60.0));
        assert!((growth.handles - 60.0).abs() < 1e-6, "{growth:?}");
        let [memory, handles, threads] = bounded(Some(growth));
        assert!(memory.passed && threads.passed && !handles.passed);
    }

    #[test]
    fn who_saw_too_little_says_so_and_fails() {
        assert!(growth(&[holding(0.0, 1.0, 1), holding(1.0, 1.0, 1)], 0.0).is_none());
        assert!(bounded(None).iter().all(|verdict| !verdict.passed));
    }
}
