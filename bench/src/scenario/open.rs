//! A room of very many members and messages is opened: the newest page of it, the first page of its
//! members, and what is unread.

use anyhow::{Context, anyhow, ensure};
use hdrhistogram::Histogram;
use rill_client::Client;
use rill_protocol::{RoomId, limits::UNREAD_COUNT_MAX, message::Direction};
use serde::Serialize;
use std::time::{Duration, Instant};

use super::complete;
use crate::{
    args::open::{OpenArgs, PRESENT},
    chaos::plan::Message,
    light::{Dialer, Door, Session},
    processes::{Snapshot, Usage},
    publish::Finished,
    report::{Latency, rounded},
    tally::latencies,
    target::{Connected, Life, Target, Wish, close_all, measured_from_one_machine},
    verdict::{self, Verdict},
};

/// One thread asks, the server has the others.
const WORKERS: usize = 1;
/// Behind every seq.
const NEWEST: u64 = (1 << 53) - 1;
/// From asking to the last answer.
const OPEN_MS: f64 = 20.0;
/// Nobody opens a room so often.
const NO_LIMITS: [&str; 2] = ["RILL_LIMITS_STREAMS_PER_SECOND_PER_USER", "RILL_LIMITS_REQUESTS_PER_SECOND_PER_USER"];

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &OpenArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let report = complete(WORKERS, measure(args))?;
    report.print();
    Finished::with(&report, verdict::all_passed(&report.verdicts), "the room opens slowly, or not with everything")
}

async fn measure(args: &OpenArgs) -> anyhow::Result<Report> {
    let wish = Wish {
        users: PRESENT,
        rooms: 1,
        absent: args.absent(),
        messages: args.messages,
        parent: args.directory.clone(),
        ..Wish::default()
    };
    eprintln!("rill-bench: writing {} members and {} messages", args.members, args.messages);
    let mut settings = measured_from_one_machine(PRESENT);
    settings.extend(NO_LIMITS.map(|name| (name, "0".to_owned())));
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let room = *target.rooms(&[], 0).await?.first().context("there is no room")?;
    let dialer = Dialer::new(Door { transport: args.transport, plain: false }, &target.ground(0, 1.0)?)?;
    let visitor = target.set_aside(PRESENT - 1).pop().context("nobody asks")?;
    let counter = target.take_tickets().pop().and_then(|mut tickets| tickets.pop_front());
    let counter = Session::open(&dialer, counter.context("nobody counts")?).await;
    let Connected { client, mut events, .. } = target.connect_late(visitor, args.transport).await?;
    // Nobody looks at them, and a client whose events lie there reads no more.
    tokio::spawn(async move { while events.next().await.is_some() {} });

    let mut visit = Visit {
        args,
        room,
        client,
        counter: counter.map_err(|answer| anyhow!("nobody counts: {answer}"))?,
        newest: Message::prepared(args.messages - 1).text(),
    };
    let mut took =
        Took { opening_us: latencies()?, page_us: latencies()?, members_us: latencies()?, counts_us: latencies()? };
    let snapshot = Snapshot::take(target.pid())?;
    let first = visit.open(&mut took).await?;
    for _ in 1..args.openings {
        visit.open(&mut took).await?;
    }
    let usage = snapshot.until_now()?;
    // The directory says how many there are; whoever opens a room has that from their list.
    let listed = visit.client.rooms(None, 1).await?;
    let members = listed.rooms.first().map_or(0, |room| room.members as usize);
    close_all(vec![visit.client]).await;
    target.end().await?;
    Ok(Report::new(args, first, &took, members, &usage))
}

/// Those who are there.
struct Visit<'a> {
    args: &'a OpenArgs,
    room: RoomId,
    client: Client,
    /// Has read nothing.
    counter: Session,
    newest: String,
}

struct Took {
    opening_us: Histogram<u32>,
    page_us: Histogram<u32>,
    members_us: Histogram<u32>,
    counts_us: Histogram<u32>,
}

impl Visit<'_> {
    /// Asks for everything at once, and looks at the answers.
    async fn open(&mut self, took: &mut Took) -> anyhow::Result<Duration> {
        let Self { args, room, client, counter, newest } = self;
        let start = Instant::now();
        let answered = |us: &mut Histogram<u32>| {
            us.saturating_record(u64::try_from(start.elapsed().as_micros()).unwrap_or(u64::MAX).max(1));
        };
        let page = async {
            let page = client.history(*room, Direction::Before, NEWEST, args.page).await;
            answered(&mut took.page_us);
            page
        };
        let members = async {
            let members = client.members(*room, None, args.member_page).await;
            answered(&mut took.members_us);
            members
        };
        let counts = async {
            let told = counter.resume(*room).await;
            answered(&mut took.counts_us);
            told
        };
        let (page, members, counts) = tokio::join!(page, members, counts);
        let opened = start.elapsed();
        answered(&mut took.opening_us);
        let (page, members) = (page?, members?);
        let counts = counts.map_err(|answer| anyhow!("the counts: {answer}"))?;
        let expected = u64::from(args.page).min(u64::from(args.messages));
        ensure!(page.messages.len() as u64 >= expected, "a page of {} messages", page.messages.len());
        ensure!(page.messages.last().is_some_and(|message| message.text == *newest), "another message is the newest");
        ensure!(members.members.len() == args.members.min(args.member_page as usize), "too few members");
        let unread = u64::from(args.messages).min(UNREAD_COUNT_MAX);
        let is_right = |state: &rill_protocol::message::ReadState| u64::from(state.unread) == unread;
        ensure!(counts.read.iter().any(is_right), "the counts are wrong: {:?}", counts.read);
        Ok(opened)
    }
}

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    scenario: &'static str,
    transport: String,
    members: usize,
    messages: u32,
    openings: usize,
    /// Members by the directory.
    counted: usize,
    /// From asking for everything at once until the last answer.
    opening_ms: Latency,
    page_ms: Latency,
    members_ms: Latency,
    counts_ms: Latency,
    /// The first opening behind the start of the server.
    first_ms: f64,
    server: Option<Server>,
    foreign_cpu_share: f64,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Serialize)]
struct Server {
    cpu_ms_per_opening: f64,
    rss_mib: f64,
}

impl Report {
    fn new(args: &OpenArgs, first: Duration, took: &Took, counted: usize, usage: &Usage) -> Self {
        let opening_ms = Latency::of(&took.opening_us);
        let first_ms = rounded(first.as_secs_f64() * 1_000.0);
        Self {
            scenario: "open",
            transport: args.transport.to_string(),
            members: args.members,
            messages: args.messages,
            openings: args.openings,
            counted,
            verdicts: vec![everybody(args.members, counted), in_time(&opening_ms, first_ms)],
            opening_ms,
            page_ms: Latency::of(&took.page_us),
            members_ms: Latency::of(&took.members_us),
            counts_ms: Latency::of(&took.counts_us),
            first_ms,
            server: usage.server.as_ref().map(|server| Server {
                cpu_ms_per_opening: rounded(server.cpu_s * 1_000.0 / args.openings as f64),
                rss_mib: rounded(server.rss_mib),
            }),
            foreign_cpu_share: rounded(usage.foreign_share),
        }
    }

    fn print(&self) {
        let Self { transport, members, messages, openings, .. } = self;
        println!("open ({transport}): a room of {members} members and {messages} messages, {openings} times");
        for (name, ms) in [
            ("all of it", &self.opening_ms),
            ("messages", &self.page_ms),
            ("members", &self.members_ms),
            ("counts", &self.counts_ms),
        ] {
            println!("  {name}, ms  p50 {}  p90 {}  p99 {}  max {}", ms.p50, ms.p90, ms.p99, ms.max);
        }
        println!(
            "  the first time {} ms; others took {:.1} % of the machine",
            self.first_ms,
            self.foreign_cpu_share * 100.0
        );
        verdict::print(&self.verdicts);
    }
}

fn everybody(members: usize, counted: usize) -> Verdict {
    let detail = format!("{counted} of {members} members are counted");
    Verdict { name: "everybody", passed: counted == members, of_timing: false, detail }
}

fn in_time(opening: &Latency, first_ms: f64) -> Verdict {
    Verdict {
        name: "in_time",
        passed: opening.p99 < OPEN_MS && first_ms < OPEN_MS,
        of_timing: true,
        detail: format!("p99 {} ms, the first time {first_ms} ms, of less than {OPEN_MS}", opening.p99),
    }
}
