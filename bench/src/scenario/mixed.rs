//! A day in a company, compressed: everything that people do, at once.

use anyhow::{Context, ensure};
use rill_client::Credentials;
use rill_protocol::RoomId;
use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use super::complete;
use crate::{
    args::{SPREAD, mixed::MixedArgs},
    chaos::{audit::Findings, listener, plan::Message},
    dice::Dice,
    mixed::{
        audit::audit,
        ears::{Heard, Memory},
        ledger::Ledger,
        person::{Day, Person},
        report::{MixedReport, Seen},
        roster::{self, VISITS_MAX},
    },
    processes::Snapshot,
    publish::Finished,
    pulse::{Pulse, View, Watch},
    target::{Life, Target, Wish},
};

/// From the start of the server to that of the day.
const BREATH: Duration = Duration::from_millis(500);
/// For the last deliveries.
const DRAIN: Duration = Duration::from_secs(60);
/// When all is there: what comes now comes twice.
const AFTERWARDS: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Runs the scenario, prints its report. Whether every verdict is good.
pub(crate) fn run(args: &MixedArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "the day went wrong; the verdicts above say how")
}

async fn measure(args: &MixedArgs) -> anyhow::Result<MixedReport> {
    let wish = Wish { users: args.users, rooms: args.rooms, ..Wish::default() };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, Vec::new(), Life::Once).await?;
    let rooms = target.rooms(&[], args.rooms).await?;
    let folder = tempfile::Builder::new().prefix("rill-bench-mixed").tempdir()?;
    let pulse = Arc::new(Pulse::new()?);
    let watch = Watch::begin(&pulse, View::on_stderr(args.run.output.quiet))?;
    pulse.server(target.pid());
    pulse.stage("the day");
    let ledger = Arc::new(Ledger::new(&pulse)?);
    let day = Arc::new(Day {
        start: Instant::now() + BREATH,
        length: args.length(),
        rate: args.rate / args.users as f64,
        folder: folder.path().to_owned(),
        ledger: Arc::clone(&ledger),
        at_work: AtomicUsize::new(args.users),
    });
    let snapshot = Snapshot::take(target.pid())?;
    watch.counts_from(day.start);
    let (over, waits) = watch::channel(false);
    let (mut living, mut memories) = (JoinSet::new(), Vec::new());
    let mut memberships = 0;
    for (number, credentials) in target.set_aside(0) {
        let plan = roster::plan(number, args.rooms, args.seed);
        memberships += plan.rooms.len();
        let configs = rights(credentials)?.into_iter().map(|rights| target.visit(rights, args.transport_of(number)));
        let visits: Vec<_> = configs.take(plan.visits.len()).map(|config| (config, Memory::default())).collect();
        ensure!(visits.len() == plan.visits.len(), "everybody may come as often as they want");
        memories.extend(visits.iter().map(|(_, memory)| (number, Arc::clone(memory))));
        let theirs = plan.rooms.iter().map(|room| rooms[*room]).collect();
        let dice = Dice::new(args.seed, &format!("day of {number}"));
        let person = Person { number, plan, rooms: theirs, visits, dice };
        living.spawn(person.live(Arc::clone(&day), waits.clone()));
    }
    while day.at_work.load(Relaxed) > 0 {
        tokio::select! {
            Some(ended) = living.join_next() => ended?.context("somebody had to give up")?,
            () = sleep(LOOK_EVERY) => {}
        }
    }
    pulse.stage("counting");
    let ends = ends(&ledger);
    let owners: Vec<&Memory> =
        memories.iter().filter(|(user, _)| *user < args.rooms).map(|(_, memory)| memory).collect();
    let deadline = Instant::now() + DRAIN;
    // Whoever is behind at the deadline is found by the audit.
    while owners.iter().any(|memory| is_behind(memory, &ends)) && Instant::now() < deadline {
        sleep(LOOK_EVERY).await;
    }
    sleep(AFTERWARDS).await;
    let usage = snapshot.until_now()?;
    let timeline = watch.end().await?;
    over.send_replace(true);
    while let Some(ended) = living.join_next().await {
        ended??;
    }
    let findings = findings(&mut target, &rooms, &ledger, &memories).await?;
    target.end().await?;
    let gaps = memories.iter().map(|(_, memory)| memory.lock().values().map(|heard| heard.gaps).sum::<u64>()).sum();
    let seen = Seen { findings, visits: memories.len(), memberships, gaps, usage, timeline };
    ledger.read(|entries| MixedReport::new(args, entries, seen))
}

/// Of a user, those for each visit: a connection uses one up, and one that breaks another.
fn rights(credentials: Credentials) -> anyhow::Result<Vec<Credentials>> {
    let Credentials::Tickets(tickets) = credentials else { anyhow::bail!("users come with tickets") };
    let each = tickets.len() / VISITS_MAX;
    Ok(tickets.chunks(each.max(1)).map(|rights| Credentials::Tickets(rights.to_vec())).collect())
}

/// The last acked place of each room.
fn ends(ledger: &Ledger) -> HashMap<RoomId, u64> {
    ledger.read(|entries| {
        let mut ends = HashMap::new();
        for acked in &entries.acked {
            let end = ends.entry(acked.room).or_insert(acked.seq);
            *end = acked.seq.max(*end);
        }
        ends
    })
}

fn is_behind(memory: &Memory, ends: &HashMap<RoomId, u64>) -> bool {
    memory.lock().iter().any(|(room, heard)| ends.get(room).is_some_and(|end| heard.last < *end))
}

/// Over all rooms, each as somebody finds it who comes anew.
async fn findings(
    target: &mut Target,
    rooms: &[RoomId],
    ledger: &Ledger,
    memories: &[(usize, Memory)],
) -> anyhow::Result<Findings> {
    let mut findings = Findings::default();
    for (number, room) in rooms.iter().enumerate() {
        let reader = target.anew(number, SPREAD[number % SPREAD.len()]).await?;
        let placed = listener::read(&reader.client, *room, 0, u64::MAX).await?;
        reader.client.close().await;
        let said = |placed: &crate::chaos::audit::Placed| {
            placed.message.and_then(Message::said_number).map(|number| (placed.seq, number))
        };
        let log: Vec<(u64, u32)> = placed.iter().filter_map(said).collect();
        let acked: Vec<(u64, u32)> = ledger.read(|entries| {
            let here = entries.acked.iter().filter(|acked| acked.room == *room);
            here.map(|acked| (acked.seq, acked.number)).collect()
        });
        let heard: Vec<Heard> = memories.iter().filter_map(|(_, memory)| memory.lock().get(room).cloned()).collect();
        findings += audit(&log, &acked, &heard.iter().collect::<Vec<_>>());
    }
    Ok(findings)
}
