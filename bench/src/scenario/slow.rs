//! One room at full rate, and sessions in it that never read: the others must not notice.

use anyhow::{Context, bail};
use futures_util::future::try_join_all;
use rill_protocol::Code;
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep_until};

use super::complete;
use crate::{
    args::{ServerArgs, slow::SlowArgs},
    deaf::Deaf,
    hostile::{counters, ground::Ground},
    load::{Progress, User},
    processes::{self, Snapshot},
    publish::Finished,
    schedule::Schedule,
    slow_report::{Memory, Seen, SlowReport},
    tally::{Tally, Totals},
    target::{Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
/// The room talks before anything counts.
const WARM_UP: Duration = Duration::from_secs(3);
/// For the last deliveries behind the end.
const DRAIN: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// The phase in which the slow are there.
const WITH: usize = 1;
/// Who reads the server's counters.
const READER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

/// Runs the scenario, prints its report. Whether every verdict is good.
pub(crate) fn run(args: &SlowArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "those who never read were noticed; the verdicts above say how")
}

type Talking = JoinSet<anyhow::Result<Tally>>;

async fn measure(args: &SlowArgs) -> anyhow::Result<SlowReport> {
    let server = ServerArgs { rill: args.run.rill.clone(), target: None, accounts: None, danger_accept_any: false };
    let mut target = Target::prepare(&server, args.users, 1).await?;
    let pid = target.pid().context("the server has no process")?;
    let ground = target.ground(0, 1.0)?;
    let late = target.set_aside(args.readers());
    let users = target.connect(|number| args.transport_of(number)).await?;
    let room = target.rooms(&users, 1).await?[0];
    let phases = [args.without_seconds, args.seconds].map(Duration::from_secs);
    let spans = (WARM_UP, &phases[..]);
    let start = Instant::now() + BREATH;
    let schedule = Arc::new(Schedule::new(start, args.rate, (args.readers(), 1), spans, args.text_bytes));
    let progress = Arc::new(Progress::new(&schedule)?);
    let (stop, stopped) = watch::channel(false);
    let mut talking = Talking::new();
    let mut clients = Vec::with_capacity(users.len());
    for user in users {
        clients.push(user.client.clone());
        user.client.view(Some(room)).await?;
        talking.spawn(User::new(user, room).run(Arc::clone(&schedule), Arc::clone(&progress), stopped.clone()));
    }

    sleep_until(schedule.counted_start().into()).await;
    let without = Snapshot::take(Some(pid))?;
    let rss_without = watched(&mut talking, schedule.phase_start(WITH), pid).await?;
    let without = without.until_now()?;

    let with = Snapshot::take(Some(pid))?;
    let arrive = late.into_iter().map(async |late| {
        let transport = args.transport_of(late.0);
        Deaf::new(target.connect_late(late, transport).await?, room).await
    });
    let deaf = try_join_all(arrive).await.context("the slow do not arrive")?;
    let rss_with = watched(&mut talking, schedule.end(), pid).await?;
    let with = with.until_now()?;
    let deadline = Instant::now() + DRAIN;
    while Instant::now() < deadline && !progress.is_complete(&schedule) {
        watched(&mut talking, Instant::now() + LOOK_EVERY, pid).await?;
    }
    stop.send_replace(true);
    let mut tallies: Vec<Tally> = Vec::with_capacity(args.readers());
    while let Some(tally) = talking.join_next().await {
        tallies.push(tally??);
    }
    let totals = Totals::of(&schedule, &tallies, &progress.timing)?;

    let mut reading = JoinSet::new();
    deaf.into_iter().for_each(|deaf| drop(reading.spawn(deaf.catch_up())));
    let found = reading.join_all().await.into_iter().collect();
    let sent_away = sent_away(&ground).await;
    close_all(clients).await;
    target.end().await?;
    let seen = Seen { totals, without, with, rss_without, rss_with, sent_away, found };
    Ok(SlowReport::new(args, seen))
}

/// Watches the talk and the server's memory until `deadline`.
async fn watched(talking: &mut Talking, deadline: Instant, pid: u32) -> anyhow::Result<Memory> {
    let half = Instant::now() + deadline.saturating_duration_since(Instant::now()) / 2;
    let mut memory = Memory::default();
    loop {
        let now = Instant::now();
        memory.end = processes::rss_mib(pid).context("the server is gone")?;
        memory.peak = memory.peak.max(memory.end);
        if now <= half || memory.half == 0.0 {
            memory.half = memory.end;
        }
        if now >= deadline {
            return Ok(memory);
        }
        tokio::select! {
            Some(ended) = talking.join_next() => {
                ended?.context("a reader gave up")?;
                bail!("a reader ended early");
            }
            () = sleep_until((now + LOOK_EVERY).min(deadline).into()) => {}
        }
    }
}

/// How many connections the server has closed because nothing was taken.
async fn sent_away(ground: &Ground) -> u64 {
    let counted = counters::refusals(READER, ground).await.unwrap_or_default();
    counted.iter().filter(|((_, code), _)| code == Code::TooSlow.name()).map(|(_, count)| count).sum()
}
