//! How long logging in took, and the verdicts on it.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::time::Duration;

use crate::{
    args::login::LoginArgs,
    light::Door,
    processes::Usage,
    report::{Latency, rounded},
    tally::latencies,
    verdict::{self, Verdict},
};

/// From the first packet until the list is complete.
const COMPLETE_WITHIN_MS: f64 = 500.0;

/// Logins of one kind.
pub(crate) struct Returns {
    /// Until every room was answered.
    ready_us: Histogram<u32>,
    /// Until the newest message of every room was there too.
    list_us: Histogram<u32>,
    /// Counts and messages that did not come.
    missing: usize,
}

impl Returns {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self { ready_us: latencies()?, list_us: latencies()?, missing: 0 })
    }

    pub(crate) fn add(&mut self, ready: Duration, list: Duration, missing: usize) {
        let us = |time: Duration| u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(1);
        self.ready_us.saturating_record(us(ready));
        self.list_us.saturating_record(us(list));
        self.missing += missing;
    }
}

/// What was seen.
pub(crate) struct Seen {
    pub(crate) back: Returns,
    pub(crate) anew: Returns,
    pub(crate) usage: Usage,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct LoginReport {
    scenario: &'static str,
    transport: String,
    tls: bool,
    rooms: usize,
    posts: usize,
    tail: u32,
    rounds: usize,
    /// With cursors of before.
    back: Logins,
    /// On a device that has nothing.
    anew: Logins,
    server: Option<Server>,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Serialize)]
struct Logins {
    ready_ms: Latency,
    list_ms: Latency,
    missing: usize,
}

impl From<Returns> for Logins {
    fn from(Returns { ready_us, list_us, missing }: Returns) -> Self {
        Self { ready_ms: Latency::of(&ready_us), list_ms: Latency::of(&list_us), missing }
    }
}

#[derive(Debug, Serialize)]
struct Server {
    rss_mib: f64,
}

impl LoginReport {
    pub(crate) fn new(args: &LoginArgs, door: Door, seen: Seen) -> Self {
        let (back, anew) = (Logins::from(seen.back), Logins::from(seen.anew));
        Self {
            scenario: "login",
            transport: args.transport.to_string(),
            tls: door.has_tls(),
            rooms: args.rooms,
            posts: args.posts,
            tail: args.tail,
            rounds: args.rounds,
            verdicts: vec![everything(&back, &anew), in_time(&back, &anew)],
            back,
            anew,
            server: seen.usage.server.map(|server| Server { rss_mib: rounded(server.rss_mib) }),
            foreign_cpu_share: rounded(seen.usage.foreign_share),
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { transport, rooms, posts, .. } = self;
        let tls = if self.tls { "TLS" } else { "plain" };
        println!("login ({transport}, {tls}): {rooms} rooms, {posts} new messages in each");
        for (name, logins) in [("back with cursors", &self.back), ("on a new device", &self.anew)] {
            let (ready, list) = (&logins.ready_ms, &logins.list_ms);
            println!("  {name}, ms until every room is answered  p50 {}  max {}", ready.p50, ready.max);
            println!("  {name}, ms until the list is complete    p50 {}  max {}", list.p50, list.max);
        }
        println!("  others took {:.1} % of the machine", self.foreign_cpu_share * 100.0);
        verdict::print(&self.verdicts);
    }
}

fn everything(back: &Logins, anew: &Logins) -> Verdict {
    let missing = back.missing + anew.missing;
    let detail = format!("{missing} counts and newest messages did not come");
    Verdict { name: "everything", passed: missing == 0, of_timing: false, detail }
}

fn in_time(back: &Logins, anew: &Logins) -> Verdict {
    let (back, anew) = (back.list_ms.max, anew.list_ms.max);
    Verdict {
        name: "in_time",
        passed: back < COMPLETE_WITHIN_MS && anew < COMPLETE_WITHIN_MS,
        of_timing: true,
        detail: format!("the list was complete in {back} ms, and in {anew} on a new device, of {COMPLETE_WITHIN_MS}"),
    }
}
