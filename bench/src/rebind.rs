//! An address change in the middle of a talk, and what those who read noticed of it.
//!
//! Behind a link the clients' end of it gets another address, and nobody tells them: what they
//! send next comes from there, and what they had over TCP is dead. Without a link every client is
//! told, and moves to another socket: QUIC takes its connection along, the others begin anew.

use anyhow::Context;
use hdrhistogram::Histogram;
use rill_client::Client;
use serde::Serialize;
use std::time::{Duration, Instant};
use tokio::task::spawn_blocking;

use crate::{
    chaos::report::Spread,
    link,
    report::{Latency, rounded},
    tally::Totals,
};

/// Messages that are due in so much time behind the change count as around it.
pub(crate) const AROUND: Duration = Duration::from_secs(5);
/// Of the phases that [`phases`] names.
const BEFORE: usize = 0;
const CHANGE: usize = 1;

/// Before, around and behind a change in the middle of so much time.
pub(crate) fn phases(counted: Duration) -> [Duration; 3] {
    let before = counted / 2;
    let around = AROUND.min(before / 2);
    [before, around, counted - before - around]
}

/// What was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Changed {
    /// The address of the link's end.
    Address,
    /// Each client's socket.
    Socket,
}

/// Does it.
pub(crate) async fn change(clients: &[Client]) -> anyhow::Result<Changed> {
    if let Some(link) = link::laid() {
        spawn_blocking(|| link.change_address()).await?.context("the link's end keeps its address")?;
        return Ok(Changed::Address);
    }
    for client in clients {
        client.rebind().await?;
    }
    Ok(Changed::Socket)
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct RebindReport {
    changed: Changed,
    /// Since messages began to count.
    at_s: f64,
    /// Of each reader, the longest time without a delivery that lies behind the change or across
    /// it; and of the time before.
    gap_ms: Spread,
    gap_before_ms: Spread,
    before_ms: Latency,
    /// Of messages that were due within [`AROUND`] behind the change.
    around_ms: Latency,
    /// Of those that were due later.
    after_ms: Latency,
    /// Connections that had to be made anew.
    reconnects: u64,
}

impl RebindReport {
    /// `first` is the phase before the change, behind which stand the others of [`phases`].
    pub(crate) fn new(changed: Changed, at: Duration, totals: &Totals, first: usize) -> anyhow::Result<Self> {
        let latency: &[Histogram<u32>] = totals.latency.get(first..first + 3).context("three phases")?;
        let gaps = |phases: std::ops::Range<usize>| {
            let longest = |of_reader: &Vec<Duration>| of_reader[phases.clone()].iter().copied().max();
            Spread::of(totals.gaps.iter().filter_map(longest).collect())
        };
        Ok(Self {
            changed,
            at_s: rounded(at.as_secs_f64()),
            gap_ms: gaps(first + CHANGE..first + 3),
            gap_before_ms: gaps(first + BEFORE..first + CHANGE),
            before_ms: Latency::of(&latency[BEFORE]),
            around_ms: Latency::of(&latency[CHANGE]),
            after_ms: Latency::of(&latency[CHANGE + 1]),
            reconnects: totals.reconnects,
        })
    }

    pub(crate) fn print(&self) {
        let Self { changed, at_s, gap_ms, gap_before_ms, around_ms, before_ms, reconnects, .. } = self;
        println!(
            "  another {} at {at_s} s: nothing came for {} ms at the median reader, {} ms at most (before: {} and {}), \
             {reconnects} reconnects",
            if *changed == Changed::Address { "address" } else { "socket" },
            gap_ms.p50,
            gap_ms.max,
            gap_before_ms.p50,
            gap_before_ms.max
        );
        println!(
            "  latency ms around it  p50 {}  p99 {}  max {}; before  p50 {}  p99 {}  max {}",
            around_ms.p50, around_ms.p99, around_ms.max, before_ms.p50, before_ms.p99, before_ms.max
        );
    }
}

/// Waits for the moment, and does it; how long that was behind the first counted message.
pub(crate) async fn change_at(
    at: Instant,
    counted_start: Instant,
    clients: &[Client],
) -> anyhow::Result<(Changed, Duration)> {
    tokio::time::sleep_until(at.into()).await;
    let since = counted_start.elapsed();
    Ok((change(clients).await?, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_change_is_in_the_middle_and_the_phases_are_the_whole() {
        for seconds in [4, 10, 30, 120] {
            let counted = Duration::from_secs(seconds);
            let [before, around, after] = phases(counted);
            assert_eq!((before, before + around + after), (counted / 2, counted), "{seconds}");
            assert!(around > Duration::ZERO && around <= AROUND && after >= around.min(before / 2), "{seconds}");
        }
    }
}
