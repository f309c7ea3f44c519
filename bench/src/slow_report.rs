//! What became of a room in which some sessions never read, and the verdicts on it.

use serde::Serialize;

use crate::{
    args::slow::SlowArgs,
    deaf::Found,
    processes::Usage,
    report::{Latency, rounded},
    tally::Totals,
    verdict::{self, Chat, Verdict},
};

/// The others' p99 with them, in terms of that without them.
const P99_RATIO_MAX: f64 = 1.5;
/// Resident memory may grow by so much more in the second half with them than in the
/// second half without them: by then every one of them holds what it may hold.
const GROWTH_SLACK_MIB: f64 = 16.0;

/// What was seen.
pub(crate) struct Seen {
    /// Of those who read; the phases are without and with the others.
    pub(crate) totals: Totals,
    pub(crate) without: Usage,
    pub(crate) with: Usage,
    pub(crate) rss_without: Memory,
    pub(crate) rss_with: Memory,
    /// Connections that the server closed as too slow.
    pub(crate) sent_away: u64,
    /// What each of the slow found when it read at last.
    pub(crate) found: anyhow::Result<Vec<Found>>,
}

/// Resident memory of the server in one phase, in MiB.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Memory {
    pub(crate) half: f64,
    pub(crate) end: f64,
    pub(crate) peak: f64,
}

impl Memory {
    fn growth(&self) -> f64 {
        self.end - self.half
    }
}

/// Keys are fixed: plots and comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct SlowReport {
    scenario: &'static str,
    transport: String,
    users: usize,
    slow: usize,
    rate: f64,
    text_bytes: usize,
    without_seconds: u64,
    seconds: u64,
    chat: Chat,
    latency_ms: Latencies,
    rss_mib: Memories,
    server_cpu_s: Phases,
    client_cpu_s: Phases,
    foreign_cpu_share: Phases,
    slow_sessions: SlowSessions,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Serialize)]
struct Latencies {
    without: Latency,
    with: Latency,
    p99_ratio: f64,
}

#[derive(Debug, Serialize)]
struct Memories {
    without: Memory,
    with: Memory,
}

#[derive(Debug, Serialize)]
struct Phases {
    without: f64,
    with: f64,
}

#[derive(Debug, Serialize)]
struct SlowSessions {
    sent_away: u64,
    caught_up: usize,
    entries: u64,
    tails_restarted: u64,
}

impl SlowReport {
    pub(crate) fn new(args: &SlowArgs, seen: Seen) -> Self {
        let Seen { totals, without, with, rss_without, rss_with, sent_away, found } = seen;
        let quantile = |phase: usize| totals.latency[phase].value_at_quantile(0.99) as f64;
        let chat = Chat::of(&totals);
        let latency_ms = Latencies {
            without: Latency::of(&totals.latency[0]),
            with: Latency::of(&totals.latency[1]),
            p99_ratio: rounded(quantile(1) / quantile(0).max(1.0)),
        };
        let rss_mib = Memories { without: rss_without, with: rss_with };
        let slow = found.as_deref().unwrap_or_default();
        let slow_sessions = SlowSessions {
            sent_away,
            caught_up: slow.len(),
            entries: slow.iter().map(|found| found.entries).sum(),
            tails_restarted: slow.iter().map(|found| found.tails_restarted).sum(),
        };
        let verdicts = vec![chat.no_loss(), p99(&latency_ms), memory(&rss_mib), caught_up(args.slow, &found)];
        let cpu_of = |usage: &Usage| usage.server.as_ref().map_or(0.0, |server| rounded(server.cpu_s));
        Self {
            scenario: "slow",
            transport: args.transport.map_or("all".to_owned(), |transport| transport.to_string()),
            users: args.users,
            slow: args.slow,
            rate: args.rate,
            text_bytes: args.text_bytes,
            without_seconds: args.without_seconds,
            seconds: args.seconds,
            server_cpu_s: Phases { without: cpu_of(&without), with: cpu_of(&with) },
            client_cpu_s: Phases { without: rounded(without.client_cpu_s), with: rounded(with.client_cpu_s) },
            foreign_cpu_share: Phases { without: rounded(without.foreign_share), with: rounded(with.foreign_share) },
            chat,
            latency_ms,
            rss_mib,
            slow_sessions,
            verdicts,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { transport, users, slow, rate, text_bytes, .. } = self;
        println!(
            "slow ({transport}): {users} sessions of which {slow} never read, {rate} messages/s of {text_bytes} bytes"
        );
        for (name, latency) in [("without them", &self.latency_ms.without), ("with them", &self.latency_ms.with)] {
            let Latency { p50, p90, p99, p99_9, max } = latency;
            println!("  latency ms {name:12} p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        }
        let Phases { without, with } = self.server_cpu_s;
        println!(
            "  CPU s without/with: server {without}/{with}, clients {}/{}",
            self.client_cpu_s.without, self.client_cpu_s.with
        );
        let SlowSessions { sent_away, caught_up, entries, tails_restarted } = self.slow_sessions;
        println!(
            "  slow sessions: {sent_away} times sent away as too slow; {caught_up} caught up by {entries} entries and \
             {tails_restarted} new tails"
        );
        verdict::print(&self.verdicts);
    }
}

fn p99(latency: &Latencies) -> Verdict {
    let (without, with) = (latency.without.p99, latency.with.p99);
    Verdict {
        name: "p99",
        passed: latency.p99_ratio <= P99_RATIO_MAX,
        of_timing: true,
        detail: format!("{with} ms with them, {without} ms without: {} of at most {P99_RATIO_MAX}", latency.p99_ratio),
    }
}

fn memory(rss: &Memories) -> Verdict {
    let (without, with) = (rss.without.growth(), rss.with.growth());
    Verdict {
        name: "memory",
        passed: with <= without.max(0.0) + GROWTH_SLACK_MIB,
        of_timing: false,
        detail: format!(
            "it grew by {with:.1} MiB in the second half with them, by {without:.1} in that without; at most \
             {GROWTH_SLACK_MIB} more are flat. Peak {:.1} and {:.1}",
            rss.with.peak, rss.without.peak
        ),
    }
}

fn caught_up(slow: usize, found: &anyhow::Result<Vec<Found>>) -> Verdict {
    let (passed, detail) = match found {
        Ok(found) => (found.len() == slow, format!("{} of {slow} read everything at last", found.len())),
        Err(error) => (false, format!("{error:#}")),
    };
    Verdict { name: "caught_up", passed, of_timing: false, detail }
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::bail;

    #[test]
    fn memory_that_goes_on_growing_fails() {
        let grown = |by: f64| Memory { half: 100.0, end: 100.0 + by, peak: 200.0 };
        let check = |without, with| memory(&Memories { without: grown(without), with: grown(with) }).passed;
        assert!(check(0.0, 0.0) && check(5.0, 20.0) && check(-30.0, 16.0));
        assert!(!check(0.0, 17.0) && !check(-30.0, 17.0));
    }

    #[test]
    fn one_that_did_not_catch_up_fails() {
        let found = Found { entries: 7, tails_restarted: 0 };
        assert!(caught_up(2, &Ok(vec![found; 2])).passed);
        assert!(!caught_up(2, &Ok(vec![found])).passed);
        let failed = (|| bail!("it is deaf"))();
        assert!(!caught_up(2, &failed).passed);
    }
}
