//! How soon everybody sees who has come, and the verdicts on it.

use hdrhistogram::Histogram;
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};

use crate::{
    args::presence::PresenceArgs,
    course::Course,
    light::Door,
    processes::Usage,
    report::{Latency, rounded},
    verdict::{self, Verdict},
};

/// From the moment when the last one was to come until every view is right.
const RIGHT_WITHIN_MS: f64 = 2_000.0;

/// What was seen.
pub(crate) struct Seen {
    /// When the last one was there, from the moment when the first one was to come.
    pub(crate) arrived: Duration,
    /// When the last view became right.
    pub(crate) all_right: Duration,
    /// Users who came, and those whose view was right in the end.
    pub(crate) present: usize,
    pub(crate) right: usize,
    pub(crate) refused: BTreeMap<String, u64>,
    /// Of each view, from the moment when all were there whom it shows.
    pub(crate) view_us: Histogram<u32>,
    /// Until the last view was right.
    pub(crate) usage: Usage,
    pub(crate) course: Course,
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct PresenceReport {
    scenario: &'static str,
    transport: String,
    tls: bool,
    users: usize,
    members: usize,
    watched: usize,
    over_ms: u64,
    present: usize,
    right: usize,
    refused: BTreeMap<String, u64>,
    /// From the moment when the first one was to come.
    arrived_ms: f64,
    all_right_ms: f64,
    view_ms: Latency,
    server: Option<Server>,
    client: Client,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

#[derive(Debug, Serialize)]
struct Server {
    cpu_s: f64,
    /// Of one who comes: the handshake, the session, and telling and being told.
    cpu_ms_per_user: f64,
    rss_mib: f64,
}

#[derive(Debug, Serialize)]
struct Client {
    cpu_s: f64,
}

impl PresenceReport {
    pub(crate) fn new(args: &PresenceArgs, door: Door, seen: Seen) -> Self {
        let all_right_ms = rounded(seen.all_right.as_secs_f64() * 1_000.0);
        Self {
            scenario: "presence",
            transport: args.transport.to_string(),
            tls: door.has_tls(),
            users: args.users,
            members: args.members,
            watched: args.watched,
            over_ms: args.over_ms,
            present: seen.present,
            right: seen.right,
            verdicts: vec![
                all_here(args.users, seen.present, &seen.refused),
                right(args.users, seen.right),
                in_time(args, seen.right, all_right_ms),
            ],
            refused: seen.refused,
            arrived_ms: rounded(seen.arrived.as_secs_f64() * 1_000.0),
            all_right_ms,
            view_ms: Latency::of(&seen.view_us),
            server: seen.usage.server.map(|server| Server {
                cpu_s: rounded(server.cpu_s),
                cpu_ms_per_user: rounded(server.cpu_s * 1_000.0 / args.users as f64),
                rss_mib: rounded(server.rss_mib),
            }),
            client: Client { cpu_s: rounded(seen.usage.client_cpu_s) },
            foreign_cpu_share: rounded(seen.usage.foreign_share),
            course: seen.course,
        }
    }

    pub(crate) fn passed(&self) -> bool {
        verdict::all_passed(&self.verdicts)
    }

    pub(crate) fn print(&self) {
        let Self { transport, users, members, watched, over_ms, .. } = self;
        let tls = if self.tls { "TLS" } else { "plain" };
        println!("presence ({transport}, {tls}): {users} users come in {over_ms} ms, in rooms of {members}");
        println!("  each watches {watched}; the last one was there after {} ms", self.arrived_ms);
        let Latency { p50, p90, p99, max, .. } = &self.view_ms;
        println!("  view right, ms from when all were there  p50 {p50}  p90 {p90}  p99 {p99}  max {max}");
        if let Some(Server { cpu_s, cpu_ms_per_user, rss_mib }) = &self.server {
            println!("  server {cpu_s} s of CPU, {cpu_ms_per_user} ms a user, {rss_mib} MiB");
        }
        println!(
            "  clients {} s of CPU; others took {:.1} % of the machine",
            self.client.cpu_s,
            self.foreign_cpu_share * 100.0
        );
        verdict::print(&self.verdicts);
    }
}

fn all_here(users: usize, present: usize, refused: &BTreeMap<String, u64>) -> Verdict {
    let why: Vec<String> = refused.iter().map(|(answer, count)| format!("{answer}: {count}")).collect();
    Verdict {
        name: "connected",
        passed: present == users,
        of_timing: false,
        detail: format!("{present} of {users} were there {}", why.join(", ")),
    }
}

fn right(users: usize, right: usize) -> Verdict {
    let detail = format!("{right} of {users} views were right in the end");
    Verdict { name: "right", passed: right == users, of_timing: false, detail }
}

fn in_time(args: &PresenceArgs, right: usize, all_right_ms: f64) -> Verdict {
    let bound_ms = args.over_ms as f64 + RIGHT_WITHIN_MS;
    Verdict {
        name: "in_time",
        passed: right == args.users && all_right_ms <= bound_ms,
        of_timing: true,
        detail: format!("every view was right {all_right_ms} ms after the first was to come, of at most {bound_ms}"),
    }
}
