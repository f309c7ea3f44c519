//! What a run of kills came to.

use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

use super::{
    audit::Findings,
    outage::Outage,
    reckoning::{Reckoning, Sums},
};
use crate::{
    args::{
        SPREAD,
        chaos::{ChaosArgs, KillSignal},
    },
    report::Latency,
};

/// Posting is back sooner than this, at the median and at the worst.
const fn bounds_ms(signal: KillSignal) -> (f64, f64) {
    match signal {
        KillSignal::Kill => (2_500.0, f64::INFINITY),
        KillSignal::Term => (1_500.0, 5_000.0),
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) p50: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// Of some durations, in milliseconds; all zero if there are none.
    pub(crate) fn of(mut durations: Vec<Duration>) -> Self {
        durations.sort_unstable();
        let ms = |at: Option<&Duration>| at.map_or(0.0, |time| (time.as_secs_f64() * 1e4).round() / 10.0);
        // The nearest rank (of an even number the upper one).
        Self { p50: ms(durations.get(durations.len() / 2)), max: ms(durations.last()) }
    }
}

/// Parts of the time without answers that the server alone decides.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// From the signal to the end of the process.
    pub(crate) ending: Vec<Duration>,
    /// From the start of the next to its being ready.
    pub(crate) starting: Vec<Duration>,
}

/// What was seen, before it is judged.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) outages: Vec<Outage>,
    /// Of each user and each time that they were cut off.
    pub(crate) speakers_back: Vec<Duration>,
    pub(crate) listeners_back: Vec<Duration>,
    pub(crate) parts: Parts,
    pub(crate) reckoning: Reckoning,
    /// Ends that were asked for and did not come in order.
    pub(crate) bad_ends: u64,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct ChaosReport {
    scenario: &'static str,
    signal: &'static str,
    engine: String,
    seed: u64,
    speakers: usize,
    listeners: usize,
    rooms: usize,
    rate: f64,
    messages_before: u32,
    kills: usize,
    #[serde(flatten)]
    sums: Sums,
    bad_ends: u64,
    /// From the kill to the first ack over the slowest transport.
    unavailable_ms: Spread,
    unavailable_by_transport_ms: BTreeMap<&'static str, Spread>,
    /// Of its parts: the end of the old process, the start of the new one.
    ending_ms: Spread,
    starting_ms: Spread,
    /// Of each user, until something of the new process reached them.
    speakers_back_ms: Spread,
    listeners_back_ms: Spread,
    /// From the moment when a message was due to its ack, kills and all.
    ack_ms: Latency,
    #[serde(skip)]
    term_or_kill: KillSignal,
}

impl ChaosReport {
    pub(crate) fn new(args: &ChaosArgs, seen: Seen) -> Self {
        let outages = seen.outages;
        let of = |transport: usize| outages.iter().filter_map(|outage| outage.first_ack[transport]).collect();
        let by_transport = SPREAD.iter().enumerate().map(|(place, kind)| (kind.as_str(), Spread::of(of(place))));
        Self {
            scenario: "chaos",
            signal: args.signal.name(),
            engine: args.engine.unwrap_or_default().to_string(),
            seed: args.seed,
            speakers: args.speakers,
            listeners: args.listeners,
            rooms: args.rooms,
            rate: args.rate,
            messages_before: args.messages,
            kills: outages.len(),
            sums: seen.reckoning.sums,
            bad_ends: seen.bad_ends,
            unavailable_ms: Spread::of(outages.iter().filter_map(|outage| outage.over()).collect()),
            unavailable_by_transport_ms: by_transport.collect(),
            ending_ms: Spread::of(seen.parts.ending),
            starting_ms: Spread::of(seen.parts.starting),
            speakers_back_ms: Spread::of(seen.speakers_back),
            listeners_back_ms: Spread::of(seen.listeners_back),
            ack_ms: Latency::of(&seen.reckoning.latency_us),
            term_or_kill: args.signal,
        }
    }

    /// Every promise that was not kept.
    pub(crate) fn broken(&self) -> Vec<String> {
        let Sums { findings, refused, epochs_changed, .. } = &self.sums;
        let Findings { lost, duplicated, reordered } = findings;
        let (p50_max, max) = bounds_ms(self.term_or_kill);
        let mut broken = Vec::new();
        let mut promise = |kept: bool, what: String| {
            if !kept {
                broken.push(what);
            }
        };
        promise(findings.is_clean(), format!("{lost} lost, {duplicated} doubled, {reordered} out of order"));
        promise(*refused == 0, format!("{refused} posts were refused"));
        promise(*epochs_changed == 0, format!("a log began anew {epochs_changed} times"));
        promise(self.bad_ends == 0, format!("{} ends that were asked for were none in order", self.bad_ends));
        promise(self.unavailable_ms.p50 < p50_max, format!("posting was back after {p50_max} ms at the median"));
        promise(self.unavailable_ms.max < max, format!("posting was back after {max} ms once"));
        broken
    }

    pub(crate) fn print(&self) {
        let Sums { acked, delivered, findings, refused, gaps, epochs_changed } = &self.sums;
        let Findings { lost, duplicated, reordered } = findings;
        let spread =
            |name: &str, Spread { p50, max }: Spread| println!("{name:28} p50 {p50:7.1} ms   max {max:7.1} ms");
        println!("{} kills by {}, {} messages before, {}", self.kills, self.signal, self.messages_before, self.engine);
        println!("{acked} acked, {delivered} delivered");
        println!("{lost} lost, {duplicated} doubled, {reordered} out of order, {refused} refused");
        println!("{gaps} gaps filled from history, {epochs_changed} epochs changed");
        spread("unavailable", self.unavailable_ms);
        for (transport, value) in &self.unavailable_by_transport_ms {
            spread(&format!("  by {transport}"), *value);
        }
        spread("  the old process ends", self.ending_ms);
        spread("  the new one starts", self.starting_ms);
        spread("every speaker is back", self.speakers_back_ms);
        spread("every listener is back", self.listeners_back_ms);
        println!("ack: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms", self.ack_ms.p50, self.ack_ms.p99, self.ack_ms.max);
        self.broken().iter().for_each(|what| println!("FAILED: {what}"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_the_end() {
        let of = |ms: &[u64]| {
            let Spread { p50, max } = Spread::of(ms.iter().copied().map(Duration::from_millis).collect());
            (p50, max)
        };
        assert_eq!(of(&[30, 10, 20]), (20.0, 30.0));
        assert_eq!(of(&[40, 10, 30, 20]), (30.0, 40.0));
        assert_eq!(of(&[]), (0.0, 0.0));
    }
}
