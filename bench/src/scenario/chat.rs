//! Everybody talks, everybody listens.

use anyhow::Context;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, sleep_until},
};

use super::complete;
use crate::{
    args::ChatArgs,
    course::Course,
    load::{Progress, User},
    processes::{Snapshot, Usage},
    publish::Finished,
    pulse::{View, Watch},
    report::{Report, Setting},
    schedule::Schedule,
    tally::{Tally, Totals},
    target::{Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &ChatArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(
        &report,
        report.is_sound(),
        "messages were lost, doubled, out of order, refused or not acked in time",
    )
}

async fn measure(args: &ChatArgs) -> anyhow::Result<Report> {
    let progress = Arc::new(Progress::new()?);
    let watch = Watch::begin(&progress.pulse, View::on_stderr(args.output.quiet))?;
    let mut target = Target::prepare(&args.server, args.users, args.rooms).await?;
    progress.pulse.server(target.pid());
    progress.pulse.stage("connecting");
    let users = target.connect(|_| args.transport).await?;
    let rooms = target.rooms(&users, args.rooms).await?;
    let spans = (args.warm_up(), &[Duration::from_secs(args.seconds)][..]);
    let start = Instant::now() + BREATH;
    let schedule = Arc::new(Schedule::new(start, args.rate, (args.users, args.rooms), spans, args.text_bytes));
    let (stop, stopped) = watch::channel(false);

    let mut talking = JoinSet::new();
    let mut clients = Vec::with_capacity(users.len());
    for user in users {
        clients.push(user.client.clone());
        let room = rooms[schedule.room(user.number)];
        user.client.view(Some(room)).await?;
        let user = User { number: user.number, client: user.client, events: user.events, room };
        talking.spawn(user.run(Arc::clone(&schedule), Arc::clone(&progress), stopped.clone()));
    }
    progress.pulse.stage("warming up");
    sleep_until(schedule.counted_start().into()).await;
    progress.pulse.stage("measuring");
    watch.counts_from(schedule.counted_start());
    let snapshot = Snapshot::take(target.pid())?;
    let usage = wait(&schedule, &progress, &mut talking, args, snapshot).await?;
    stop.send_replace(true);
    let timeline = watch.end().await?;

    let mut tallies: Vec<Tally> = Vec::with_capacity(args.users);
    while let Some(tally) = talking.join_next().await {
        tallies.push(tally??);
    }
    let totals = Totals::of(&schedule, &tallies)?;
    close_all(clients).await;
    let setting = Setting {
        transport: args.transport.to_string(),
        tls: target.has_tls(args.transport),
        durability: target.durability.to_owned(),
        users: args.users,
        rooms: args.rooms,
        rate: args.rate,
        seconds: args.seconds,
    };
    target.end().await?;
    let course = Course::new(timeline, &totals.latency[0])?;
    Ok(Report::new(setting, &totals, &usage, course))
}

/// Until everything that was said was answered and read, or the patience ends.
async fn wait(
    schedule: &Schedule,
    progress: &Progress,
    talking: &mut JoinSet<anyhow::Result<Tally>>,
    args: &ChatArgs,
    snapshot: Snapshot,
) -> anyhow::Result<Usage> {
    let deadline = schedule.end() + Duration::from_secs(args.drain_seconds);
    while Instant::now() < deadline {
        tokio::select! {
            Some(ended) = talking.join_next() => {
                ended?.context("a user gave up")?;
                anyhow::bail!("a user ended early");
            }
            () = sleep(LOOK_EVERY) => {}
        }
        if Instant::now() >= schedule.end() && progress.is_complete(schedule) {
            break;
        }
    }
    snapshot.until_now()
}
