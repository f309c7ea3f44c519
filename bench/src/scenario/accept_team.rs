//! The team's acceptance list: everybody posts at the same instant, everything is delivered in
//! time, nothing is lost.

use serde::Serialize;
use std::time::Duration;

use super::complete;
use crate::{
    args::{ServerArgs, accept::TeamArgs},
    course::Course,
    publish::Finished,
    pulse::View,
    report::{Client, Latency, Server, rounded},
    talk::{Talk, Talked},
    target::Target,
    verdict::{self, Chat, Verdict},
};

/// Each delivery, from the instant at which all post.
const DELIVERED_WITHIN_MS: f64 = 200.0;
/// Rounds before anything counts.
const WARM_UP_ROUNDS: u32 = 2;
/// For the last deliveries.
const DRAIN: Duration = Duration::from_secs(15);

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &TeamArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, verdict::all_passed(&report.verdicts), "the team is not served; the verdicts above say how")
}

async fn measure(args: &TeamArgs) -> anyhow::Result<Report> {
    let server = ServerArgs { rill: args.run.rill.clone(), target: None, accounts: None, danger_accept_any: false };
    let mut target = Target::prepare(&server, args.users, 1).await?;
    let interval = Duration::from_millis(args.interval_ms);
    let talk = Talk {
        users: args.users,
        rooms: 1,
        speakers: args.users,
        rate: args.users as f64 / interval.as_secs_f64(),
        in_unison: true,
        warm_up: interval * WARM_UP_ROUNDS,
        counted: interval * args.rounds,
        drain: DRAIN,
        text_bytes: args.text_bytes,
    };
    let view = View::on_stderr(args.run.output.quiet);
    let gathered = talk.gather(&mut target, |user| args.transport_of(user), view).await?;
    let mut talked = gathered.begin().await?.finish().await?;
    talked.goodbye().await?;
    target.end().await?;
    Report::new(args, &talked)
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    scenario: &'static str,
    transport: String,
    users: usize,
    rounds: u32,
    interval_ms: u64,
    text_bytes: usize,
    chat: Chat,
    latency_ms: Latency,
    server: Option<Server>,
    client: Client,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
    #[serde(flatten)]
    course: Course,
}

impl Report {
    fn new(args: &TeamArgs, talked: &Talked) -> anyhow::Result<Self> {
        let (chat, latency_ms) = (Chat::of(&talked.totals), Latency::of(&talked.totals.latency[0]));
        let verdicts = vec![chat.no_loss(), in_time(&latency_ms)];
        Ok(Self {
            scenario: "accept-team",
            transport: args.transport.map_or("all".to_owned(), |transport| transport.to_string()),
            users: args.users,
            rounds: args.rounds,
            interval_ms: args.interval_ms,
            text_bytes: args.text_bytes,
            chat,
            latency_ms,
            server: Server::of(&talked.usage, &talked.totals),
            client: Client { cpu_s: rounded(talked.usage.client_cpu_s) },
            foreign_cpu_share: rounded(talked.usage.foreign_share),
            verdicts,
            course: talked.course()?,
        })
    }

    fn print(&self) {
        let Latency { p50, p90, p99, p99_9, max } = &self.latency_ms;
        println!(
            "accept-team ({}): {} users post at the same instant, {} times, every {} ms",
            self.transport, self.users, self.rounds, self.interval_ms
        );
        println!("  latency ms  p50 {p50}  p90 {p90}  p99 {p99}  p99.9 {p99_9}  max {max}");
        println!("  others took {:.1} % of the machine", self.foreign_cpu_share * 100.0);
        verdict::print(&self.verdicts);
    }
}

fn in_time(latency: &Latency) -> Verdict {
    Verdict {
        name: "all_delivered_within_200_ms",
        passed: latency.max < DELIVERED_WITHIN_MS,
        of_timing: true,
        detail: format!("the slowest delivery took {} ms of less than {DELIVERED_WITHIN_MS}", latency.max),
    }
}
