//! Messages on a connection that carries files too: nobody should notice the files.
//!
//! Two people talk. One of them has the files on the connection that the messages come on,
//! and only what this one reads is measured; the other has a connection of their own. Three
//! phases: the files alone, the talk alone, both.

use anyhow::Context;
use hdrhistogram::Histogram;
use rill_client::{
    Client,
    files::{Download, Throttle, Upload},
};
use rill_protocol::RoomId;
use serde::Serialize;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, sleep_until},
};

use super::{complete, files::no_limits};
use crate::{
    args::beside::BesideArgs,
    ceiling::disk,
    link::{self, Link, LinkReport},
    load::{self, User},
    processes::{Snapshot, Usage},
    publish::Finished,
    rebind::{self, RebindReport},
    report::rounded,
    schedule::Schedule,
    tally::{Tally, Totals, latencies},
    target::{Life, Target, Wish, close_all},
    traffic::{Going, Way},
};

/// The one with the files, and the other.
const PEOPLE: usize = 2;
/// Of them, the one whose connection has files.
const CARRIER: usize = 0;
/// From the last connection to the first message, and for files to get going.
const BREATH: Duration = Duration::from_secs(2);
/// The talk before anything counts.
const WARM_UP: Duration = Duration::from_secs(2);
/// For the last deliveries.
const DRAIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(50);
const TEXT_BYTES: usize = 100;
/// Phases of the talk: alone, while the files get going, beside them.
const IDLE: usize = 0;
const BESIDE: usize = 2;

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
struct Report {
    transport: String,
    transfers: usize,
    direction: String,
    held_mib_per_s: Option<u64>,
    stalled_reader: bool,
    rate: f64,
    seconds: u64,
    idle_ms: Quantiles,
    beside_ms: Quantiles,
    transfer_mib_per_s: f64,
    transfer_alone_mib_per_s: f64,
    transfer_ratio: f64,
    delivered: u64,
    expected: u64,
    lost: u64,
    duplicated: u64,
    reordered: u64,
    refused: u64,
    /// Beside the files.
    server_cpu_s: f64,
    client_cpu_s: f64,
    server_rss_mib: f64,
    foreign_cpu_share: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rebind: Option<RebindReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<LinkReport>,
}

#[derive(Clone, Copy, Debug, Serialize)]
struct Quantiles {
    p50: f64,
    p95: f64,
    p99: f64,
    max: f64,
}

impl Quantiles {
    fn of(us: &Histogram<u32>) -> Self {
        let ms = |us: u64| rounded(us as f64 / 1_000.0);
        let at = |quantile: f64| ms(us.value_at_quantile(quantile));
        Self { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: ms(us.max()) }
    }
}

/// Runs the scenario, prints its report. Whether the talk lost nothing.
pub(crate) fn run(args: &BesideArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.is_sound(), "messages were lost, doubled, out of order or refused")
}

async fn measure(args: &BesideArgs) -> anyhow::Result<Report> {
    let parent = args.parent();
    let folder = tempfile::Builder::new().prefix("rill-bench-beside").tempdir_in(&parent);
    let folder = folder.with_context(|| format!("{}", parent.display()))?;
    let wish = Wish { users: PEOPLE, rooms: 1, parent: Some(parent), ..Wish::default() };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, no_limits(), Life::Once).await?;
    target.transfers_at_once = args.transfers + usize::from(args.stalled_reader);
    let pid = target.pid().context("the server has no process")?;
    let users = target.connect(|_| args.transport).await?;
    let room = target.rooms(&users, 1).await?[0];
    let carrier = users.first().context("nobody is there")?.client.clone();

    let load = Load::prepare(args, carrier, room, folder.path()).await?;
    let files_alone = load.begin(args);
    sleep(BREATH).await;
    let alone_mib_per_s = files_alone.mib_per_s(Duration::from_secs(args.seconds)).await;
    files_alone.end().await?;

    let start = Instant::now() + BREATH;
    let span = Duration::from_secs(args.seconds);
    let beside = if args.rebind { rebind::phases(span).to_vec() } else { vec![span] };
    let phases = [&[span, BREATH][..], &beside].concat();
    let schedule = Arc::new(Schedule::new(start, args.rate, (PEOPLE, 1), (WARM_UP, &phases), TEXT_BYTES));
    let progress = Arc::new(load::Progress::new(&schedule)?);
    let (stop, stopped) = watch::channel(false);
    let (mut talking, mut clients) = (JoinSet::new(), Vec::new());
    for user in users {
        clients.push(user.client.clone());
        user.client.view(Some(room)).await?;
        let user = User::new(user, room);
        // What the one with the files reads is timed; the other's connection has none.
        let user = if user.number == CARRIER { user } else { user.untimed() };
        talking.spawn(user.run(Arc::clone(&schedule), Arc::clone(&progress), stopped.clone()));
    }
    sleep_until(schedule.phase_start(IDLE + 1).into()).await;
    let files = load.begin(args);
    sleep_until(schedule.phase_start(BESIDE).into()).await;
    let snapshot = Snapshot::take(Some(pid))?;
    let change = async {
        let (at, from) = (schedule.phase_start(BESIDE + usize::from(args.rebind)), schedule.counted_start());
        if args.rebind { rebind::change_at(at, from, &clients).await.map(Some) } else { Ok(None) }
    };
    let rate = async { anyhow::Ok(files.mib_per_s(schedule.end().saturating_duration_since(Instant::now())).await) };
    let (mib_per_s, changed) = tokio::try_join!(rate, change)?;
    let usage = snapshot.until_now()?;
    let deadline = Instant::now() + DRAIN;
    while Instant::now() < deadline && !progress.is_complete(&schedule) {
        sleep(LOOK_EVERY).await;
    }
    stop.send_replace(true);
    let mut tallies: Vec<Tally> = Vec::with_capacity(PEOPLE);
    while let Some(tally) = talking.join_next().await {
        tallies.push(tally??);
    }
    files.end().await?;
    close_all(clients).await;
    target.end().await?;
    let totals = Totals::of(&schedule, &tallies, &progress.timing)?;
    // What the one with the files noticed of it.
    let carrier = tallies.into_iter().filter(|tally| tally.user() == CARRIER).collect::<Vec<_>>();
    let noticed = Totals::of(&schedule, &carrier, &progress.timing)?;
    let rebind = changed.map(|(changed, at)| RebindReport::new(changed, at, &noticed, BESIDE)).transpose()?;
    Report::new(args, &totals, (mib_per_s, alone_mib_per_s), rebind, &usage)
}

impl Report {
    fn new(
        args: &BesideArgs,
        totals: &Totals,
        (mib_per_s, alone_mib_per_s): (f64, f64),
        rebind: Option<RebindReport>,
        usage: &Usage,
    ) -> anyhow::Result<Self> {
        let mut beside = latencies()?;
        totals.latency[BESIDE..].iter().try_for_each(|of_phase| beside.add(of_phase))?;
        let server = usage.server.as_ref().context("the server was started here")?;
        Ok(Self {
            transport: args.transport.to_string(),
            transfers: args.transfers,
            direction: format!("{:?}", args.direction).to_lowercase(),
            held_mib_per_s: Some(args.held_mib_per_s).filter(|held| *held > 0),
            stalled_reader: args.stalled_reader,
            rate: args.rate,
            seconds: args.seconds,
            idle_ms: Quantiles::of(&totals.latency[IDLE]),
            beside_ms: Quantiles::of(&beside),
            transfer_mib_per_s: rounded(mib_per_s),
            transfer_alone_mib_per_s: rounded(alone_mib_per_s),
            transfer_ratio: rounded(mib_per_s / alone_mib_per_s),
            delivered: totals.delivered,
            expected: totals.expected,
            lost: totals.lost,
            duplicated: totals.duplicated,
            reordered: totals.reordered,
            refused: totals.refused,
            server_cpu_s: rounded(server.cpu_s),
            client_cpu_s: rounded(usage.client_cpu_s),
            server_rss_mib: rounded(server.rss_mib),
            foreign_cpu_share: rounded(usage.foreign_share),
            rebind,
            link: link::laid().map(Link::report),
        })
    }

    fn is_sound(&self) -> bool {
        self.delivered > 0 && self.lost + self.duplicated + self.reordered + self.refused == 0
    }

    fn print(&self) {
        let held = self.held_mib_per_s.map_or_else(|| "as fast as they go".to_owned(), |held| format!("{held} MiB/s"));
        println!(
            "{}: {} transfers ({}), {held}{}, {} messages/s for {} s each",
            self.transport,
            self.transfers,
            self.direction,
            if self.stalled_reader { ", beside a reader that takes nothing" } else { "" },
            self.rate,
            self.seconds
        );
        for (what, ms) in [("idle", &self.idle_ms), ("beside", &self.beside_ms)] {
            println!("  {what} ms  p50 {}  p95 {}  p99 {}  max {}", ms.p50, ms.p95, ms.p99, ms.max);
        }
        self.rebind.iter().for_each(RebindReport::print);
        println!(
            "  files {} MiB/s, alone {} ({}); lost {} of {}",
            self.transfer_mib_per_s, self.transfer_alone_mib_per_s, self.transfer_ratio, self.lost, self.expected
        );
        println!(
            "  CPU s: server {}, client {}; others {:.1} % of the machine; server {:.0} MiB",
            self.server_cpu_s,
            self.client_cpu_s,
            self.foreign_cpu_share * 100.0,
            self.server_rss_mib
        );
    }
}

/// What the files need.
struct Load {
    client: Client,
    room: RoomId,
    /// One for each that goes up: names of the same bytes.
    sources: Vec<PathBuf>,
    /// What comes down, if anything does.
    seq: u64,
    folder: PathBuf,
}

impl Load {
    async fn prepare(args: &BesideArgs, client: Client, room: RoomId, folder: &Path) -> anyhow::Result<Self> {
        let first = folder.join("up 0");
        disk::random(&first, args.mib << 20)?;
        let mut sources = vec![first.clone()];
        for number in 1..args.transfers {
            let path = folder.join(format!("up {number}"));
            fs::hard_link(&first, &path)?;
            sources.push(path);
        }
        let seq = match args.has_downloads() {
            true => client.upload(Upload::new(room, &first)).await?.done().await?.seq,
            false => 0,
        };
        Ok(Self { client, room, sources, seq, folder: folder.to_owned() })
    }

    /// Files begin to travel, each followed by another.
    fn begin(&self, args: &BesideArgs) -> Going {
        let throttle = Some(args.held_mib_per_s).filter(|held| *held > 0).map(|held| Throttle::new(held << 20));
        let mut going = Going::new();
        for (number, source) in self.sources.iter().enumerate() {
            let way = if args.goes_up(number) {
                let upload = Upload::new(self.room, source);
                Way::Up(throttle.iter().cloned().fold(upload, Upload::throttle))
            } else {
                let download = Download::new(self.room, self.seq, self.folder.join(format!("down {number}")));
                Way::Down(throttle.iter().cloned().fold(download, Download::throttle))
            };
            going.carry(self.client.clone(), way);
        }
        if args.stalled_reader {
            // Its reader takes a byte a second: whatever the windows hold stays there.
            let into = self.folder.join("stalled");
            let download = Download::new(self.room, self.seq, into).throttle(Throttle::new(1));
            going.carry_uncounted(self.client.clone(), Way::Down(download));
        }
        going
    }
}
