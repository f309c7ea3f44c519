//! One rate: what was seen, whether it was held, and if not, whose limit it was.

use serde::Serialize;
use std::time::Duration;

use crate::{
    report::{Latency, rounded},
    talk::Step,
    verdict::Chat,
};

/// Of the bound on p99, what the load generator may take for itself by sending late.
const LAG_SHARE_MAX: f64 = 0.5;
/// Of its threads' time, what the load generator may use.
const GENERATOR_SHARE_MAX: f64 = 0.9;
/// Of the machine's time. Above it nobody on it does more.
const MACHINE_SHARE_MAX: f64 = 0.95;

/// What the load generator ran on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Generator {
    /// Threads.
    pub(crate) workers: usize,
    /// Of the machine.
    pub(crate) cores: usize,
    pub(crate) p99_under: Duration,
}

/// What kept a rate from being held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Limit {
    /// Deliveries were late or posts not taken, and nobody else was in the way.
    Server,
    /// The load generator sent late, or used its threads up: no figure of the server.
    Generator,
    /// All cores were busy, with the server and the generator on them.
    Machine,
    /// Something was lost, doubled, out of order or refused.
    Delivery,
    /// The highest rate that was to be tried was held.
    Rate,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct Tried {
    pub(crate) rate: f64,
    pub(crate) held: bool,
    /// Nothing if it was held.
    pub(crate) limited_by: Option<Limit>,
    #[serde(flatten)]
    pub(crate) chat: Chat,
    /// Counted messages that were given to the clients.
    pub(crate) sent: u64,
    pub(crate) deliveries_per_s: f64,
    pub(crate) latency_ms: Latency,
    /// Of the load generator: from the moment a message was due until it was given to a client.
    pub(crate) lag_ms: Latency,
    /// CPU seconds a second.
    pub(crate) server_cores: Option<f64>,
    pub(crate) client_cores: f64,
    pub(crate) server_rss_mib: Option<f64>,
    pub(crate) foreign_cpu_share: f64,
}

impl Tried {
    pub(crate) fn new(step: &Step, on: Generator) -> Self {
        let lasted_s = step.lasted.as_secs_f64().max(1e-3);
        let chat = Chat::of(&step.totals);
        let server = step.usage.server.as_ref();
        let latency_ms = Latency::of(&step.totals.latency[0]);
        let mut tried = Self {
            rate: rounded(step.rate),
            held: false,
            limited_by: None,
            deliveries_per_s: rounded(step.totals.delivered as f64 / step.totals.span.as_secs_f64().max(1e-3)),
            sent: step.totals.sent,
            latency_ms,
            lag_ms: Latency::of(&step.totals.lag),
            server_cores: server.map(|server| rounded(server.cpu_s / lasted_s)),
            client_cores: rounded(step.usage.client_cpu_s / lasted_s),
            server_rss_mib: server.map(|server| rounded(server.rss_mib)),
            foreign_cpu_share: rounded(step.usage.foreign_share),
            chat,
        };
        tried.limited_by = tried.limit(on);
        tried.held = tried.limited_by.is_none();
        tried
    }

    fn limit(&self, on: Generator) -> Option<Limit> {
        let under_ms = on.p99_under.as_secs_f64() * 1_000.0;
        let busy = self.foreign_cpu_share
            + (self.client_cores + self.server_cores.unwrap_or_default()) / on.cores.max(1) as f64;
        if self.chat.is_broken() {
            Some(Limit::Delivery)
        } else if self.chat.is_whole() && self.latency_ms.p99 < under_ms {
            None
        } else if self.lag_ms.p99 > under_ms * LAG_SHARE_MAX
            || self.client_cores > on.workers as f64 * GENERATOR_SHARE_MAX
        {
            Some(Limit::Generator)
        } else if busy > MACHINE_SHARE_MAX {
            Some(Limit::Machine)
        } else {
            Some(Limit::Server)
        }
    }

    pub(crate) fn print(&self) {
        let server = self.server_cores.map_or("-".to_owned(), |cores| format!("{cores:.2}"));
        println!(
            "  {:>9.0} {:>10.2} {:>10.2} {:>13.0} {:>8} {:>10.2} {:>11.2} {:>6}  {}",
            self.rate,
            self.latency_ms.p99,
            self.latency_ms.max,
            self.deliveries_per_s,
            server,
            self.client_cores,
            self.lag_ms.p99,
            self.chat.lost(),
            self.limited_by.map_or("held", |limit| limit.name()),
        );
    }
}

impl Limit {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Server => "not held: server",
            Self::Generator => "not held: generator",
            Self::Machine => "not held: machine",
            Self::Delivery => "not held: delivery",
            Self::Rate => "held",
        }
    }

    /// What it means of the highest rate that was held.
    pub(crate) fn meaning(self) -> &'static str {
        match self {
            Self::Server => "above it the server was too slow",
            Self::Generator => {
                "above it the load generator was its own limit: it sent later than due or used up its threads, so the \
                 server may hold more; give it --workers, --agents or a machine of its own"
            }
            Self::Machine => {
                "above it all cores were busy, with the server and the load generator on the same ones: on a machine \
                 of its own the server may hold more"
            }
            Self::Delivery => "messages were lost, doubled, out of order or refused",
            Self::Rate => "no higher rate was to be tried",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        processes::{ServerUsage, Usage},
        tally::{Totals, latencies},
    };

    struct Seen {
        late_us: u64,
        lag_us: u64,
        lost: u64,
        acked: u64,
        server_cpu_s: f64,
        client_cpu_s: f64,
    }

    const WELL: Seen = Seen { late_us: 5_000, lag_us: 300, lost: 0, acked: 100, server_cpu_s: 5.0, client_cpu_s: 2.0 };

    fn check(seen: &Seen, expected: Option<Limit>) {
        let (mut latency, mut lag) = (latencies().unwrap(), latencies().unwrap());
        latency.record_n(seen.late_us, 200).unwrap();
        lag.record_n(seen.lag_us, 100).unwrap();
        let totals = Totals {
            due: 100,
            sent: 100,
            acked: seen.acked,
            expected: 2 * seen.acked,
            delivered: 2 * seen.acked - seen.lost,
            lost: seen.lost,
            duplicated: 0,
            reordered: 0,
            refused: 0,
            skipped: 0,
            reconnects: 0,
            gaps: Vec::new(),
            latency: vec![latency],
            lag,
            span: Duration::from_secs(10),
        };
        let server = Some(ServerUsage { cpu_s: seen.server_cpu_s, rss_mib: 10.0 });
        let usage = Usage { server, client_cpu_s: seen.client_cpu_s, foreign_share: 0.0 };
        let lasted = Duration::from_secs(10);
        let step = Step { rate: 10.0, totals, usage, lasted, is_over: true, numbered_to: 0 };
        let on = Generator { workers: 2, cores: 4, p99_under: Duration::from_millis(50) };
        let tried = Tried::new(&step, on);
        assert_eq!((tried.limited_by, tried.held), (expected, expected.is_none()));
    }

    #[test]
    fn a_rate_that_is_not_held_is_laid_at_the_right_door() {
        check(&WELL, None);
        check(&Seen { late_us: 60_000, ..WELL }, Some(Limit::Server));
        check(&Seen { acked: 99, ..WELL }, Some(Limit::Server));
        check(&Seen { late_us: 60_000, lag_us: 30_000, ..WELL }, Some(Limit::Generator));
        check(&Seen { late_us: 60_000, client_cpu_s: 19.0, ..WELL }, Some(Limit::Generator));
        check(&Seen { late_us: 60_000, server_cpu_s: 37.0, ..WELL }, Some(Limit::Machine));
        check(&Seen { lost: 1, ..WELL }, Some(Limit::Delivery));
        // What was held was held, however busy everybody was.
        check(&Seen { lag_us: 30_000, client_cpu_s: 19.0, server_cpu_s: 20.0, ..WELL }, None);
    }
}
