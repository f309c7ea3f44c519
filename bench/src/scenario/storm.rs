//! The server is killed and started again under many clients, and all of them come back at
//! once, each with its cursors.
//!
//! They are `rill-client`s, since when a client notices, how long it waits and how it resumes is
//! half of what a storm is. Some go on posting throughout.

use anyhow::{Context, ensure};
use std::{
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};
use tokio::time::{sleep, timeout};

use crate::{
    args::{SPREAD, chaos::KillSignal, connect::ConnectArgs},
    chaos::{
        crowd::{Cast, Crowd},
        plan::Plan,
        reckoning::Reckoning,
    },
    connect::{
        storm::Storm,
        storm_report::{Seen, StormReport},
    },
    course::Course,
    hostile::counters,
    processes::Snapshot,
    pulse::{Pulse, View, Watch},
    target::{Life, Target, Wish, close_all, measured_from_one_machine},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
/// They talk before the server is killed, and when all are back.
const CALM: Duration = Duration::from_secs(3);
/// For everybody to come back.
const PATIENCE: Duration = Duration::from_secs(120);
/// Clients of which the report tells what they met.
const SLOWEST_TOLD: usize = 5;
/// Who reads the server's counters.
const READER: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

pub(crate) async fn measure(args: &ConnectArgs) -> anyhow::Result<StormReport> {
    let wish = Wish { users: args.clients, rooms: args.rooms, ..Wish::default() };
    // Of each client two connections: the server may not know yet that the first is gone.
    let settings = measured_from_one_machine(2 * args.clients);
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Again).await?;
    let pulse = Arc::new(Pulse::new()?);
    let watch = Watch::begin(&pulse, View::on_stderr(args.run.output.quiet))?;
    pulse.server(target.pid());
    pulse.stage("connecting");
    let users = target.connect(|client| args.transport_of(client)).await?;
    pulse.connected(users.len() as u64);
    let rooms = target.rooms(&users, args.rooms).await?;
    let clients: Vec<_> = users.iter().map(|user| user.client.clone()).collect();
    let cast = Cast { speakers: args.speakers, listeners: args.clients - args.speakers, rooms: args.rooms };
    let plan = Arc::new(Plan { start: Instant::now() + BREATH, rate: args.rate, speakers: args.speakers });
    let storm = Arc::new(Storm::new(args.clients, Arc::clone(&plan), Arc::clone(&pulse)));
    let mut crowd = Crowd::gather(cast, users, &rooms, &plan, &storm);
    pulse.stage("talking");
    watch.counts_from(Instant::now());
    crowd.while_it_works(sleep(BREATH + CALM)).await?;

    pulse.stage("storm");
    let killed = Instant::now();
    storm.killed(killed);
    let status = crowd.while_it_works(target.end_by(args.signal.signal())).await??;
    ensure!(args.signal == KillSignal::Kill || status.success(), "the server ended with {status}");
    let ending = killed.elapsed();
    let since_1970 = SystemTime::now().duration_since(UNIX_EPOCH).context("the clock stands before 1970")?;
    storm.restarting(u64::try_from(since_1970.as_millis())?);
    let started = Instant::now();
    crowd.while_it_works(target.start_again()).await??;
    let starting = started.elapsed();
    pulse.server(target.pid());
    let snapshot = Snapshot::take(target.pid())?;
    // Who is not back by then is told by the report.
    crowd.while_it_works(timeout(PATIENCE, storm.over())).await?.ok();
    let usage = snapshot.until_now()?;

    pulse.stage("talking");
    crowd.while_it_works(sleep(CALM)).await?;
    let back_us = storm.back_us()?;
    let (reasons, slowest) = (storm.reasons(), storm.slowest(SLOWEST_TOLD));
    let refusals = counters::refusals(READER, &target.ground(0, 1.0)?).await.unwrap_or_default();
    let (told, heard) = crowd.disperse(cast).await?;
    pulse.stage("auditing");
    let anew = async |room: usize| target.anew(room, SPREAD[room % SPREAD.len()]).await;
    let reckoning = Reckoning::of(&told, heard, &plan, &rooms, |_| 0, anew).await?;
    let course = Course::new(watch.end().await?, &back_us)?;
    close_all(clients).await;
    target.end().await?;
    Ok(StormReport::new(
        args,
        Seen { ending, starting, back_us, sums: reckoning.sums, refusals, reasons, slowest, usage, course },
    ))
}
