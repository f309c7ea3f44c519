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
    load::{Progress, User},
    processes::{Snapshot, Usage},
    report::{Report, Setting, write_json},
    schedule::Schedule,
    tally::{Tally, Totals},
    target::{Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Runs the scenario, prints and writes its report.
pub(crate) fn run(args: &ChatArgs) -> anyhow::Result<Report> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    write_json(&report, args.json.as_deref())?;
    Ok(report)
}

async fn measure(args: &ChatArgs) -> anyhow::Result<Report> {
    let mut target = Target::prepare(&args.server, args.users, args.rooms).await?;
    let users = target.connect(|_| args.transport).await?;
    let rooms = target.rooms(&users, args.rooms).await?;
    let spans = (args.warm_up(), &[Duration::from_secs(args.seconds)][..]);
    let start = Instant::now() + BREATH;
    let schedule = Arc::new(Schedule::new(start, args.rate, (args.users, args.rooms), spans, args.text_bytes));
    let progress = Arc::new(Progress::default());
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
    sleep_until(schedule.counted_start().into()).await;
    let snapshot = Snapshot::take(target.pid())?;
    let usage = wait(&schedule, &progress, &mut talking, args, snapshot).await?;
    stop.send_replace(true);

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
    Ok(Report::new(setting, &totals, &usage))
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
