//! Several nodes on one Redis, people spread over them and over all transports, and a
//! hardship in the middle of their talk; everything is checked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{runtime, task::JoinSet, time::sleep};

use super::interruptible;
use crate::{
    args::cluster::ClusterArgs,
    chaos::{
        audit::{Evidence, Findings, audit},
        crowd::Crowd,
        listener,
        plan::Plan,
        speaker,
    },
    cluster::{
        hardship::{Hardship, Shared},
        report::{ClusterReport, Phase, Seen},
        waits::Waits,
    },
    processes::cpu_s,
    report::write_json,
    target::{Nodes, Wish},
};

/// From the last connection to the first message, and of talk before anything happens.
const BREATH: Duration = Duration::from_millis(500);

/// Runs the scenario, prints and writes its report. Whether every promise was kept.
pub(crate) fn run(args: &ClusterArgs) -> anyhow::Result<bool> {
    args.check()?;
    let runtime = runtime::Builder::new_multi_thread().worker_threads(args.workers).enable_all().build()?;
    let report = runtime.block_on(interruptible(measure(args)))?;
    report.print();
    if let Some(path) = &args.json {
        write_json(&report, path)?;
    }
    Ok(report.is_kept())
}

async fn measure(args: &ClusterArgs) -> anyhow::Result<ClusterReport> {
    let mut phases = Vec::new();
    for hardship in args.hardships() {
        let phase = live_through(args, hardship, args.nodes).await?;
        phase.print();
        phases.push(phase);
    }
    let single = match args.single {
        true => Some(live_through(args, Hardship::None, 1).await?),
        false => None,
    };
    single.iter().for_each(Phase::print);
    Ok(ClusterReport::new(args, phases, single))
}

/// One Redis, its nodes, and everybody, from the beginning to the end.
async fn live_through(args: &ClusterArgs, hardship: Hardship, nodes: usize) -> anyhow::Result<Phase> {
    let cast = args.cast();
    let mut shared = Shared::start(hardship, args.fsync.of_server(), nodes).await?;
    let wish = Wish { users: cast.users(), rooms: cast.rooms, redis: Some(shared.url()), ..Wish::default() };
    let mut nodes = Nodes::start(args.rill.as_deref(), &wish, &shared.ways(nodes), &shared.settings()).await?;
    let outboxes = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
    let outbox = |user: usize| (user < cast.speakers).then(|| outboxes.path().join(format!("{user}.json")));
    let users = nodes.connect(|user| cast.transport(user), outbox).await?;
    let rooms = nodes.rooms.clone();
    let clients: Vec<_> = users.iter().map(|user| user.client.clone()).collect();

    let plan = Arc::new(Plan { start: Instant::now() + BREATH, rate: args.rate, speakers: cast.speakers });
    let waits = Arc::new(Waits::new(cast.users(), Instant::now()));
    let mut crowd = Crowd::gather(cast, users, &rooms, &plan, &waits);
    crowd.while_it_works(sleep(4 * BREATH)).await?;
    waits.begin(Instant::now());
    let (cpu_before, delivered_before) = (cpu_s(&nodes.process_ids())?, waits.delivered());
    let happened = crowd.while_it_works(shared.happen(hardship, &mut nodes)).await?;
    happened?;
    crowd.while_it_works(sleep(Duration::from_secs(args.seconds))).await?;
    let cpu_us_per_delivery = match hardship {
        Hardship::None => {
            let (cpu, delivered) = (cpu_s(&nodes.process_ids())?, waits.delivered());
            Some((cpu - cpu_before) * 1e6 / delivered.saturating_sub(delivered_before).max(1) as f64)
        }
        _ => None,
    };
    let (told, mut heard) = crowd.disperse(cast).await?;

    let (acked, delivered) = (
        told.iter().map(|told| told.acked.len() as u64).sum(),
        heard.iter().map(|heard| heard.held.given.len() as u64).sum(),
    );
    let (gaps, epochs_changed) =
        heard.iter().fold((0, 0), |(gaps, epochs), heard| (gaps + heard.gaps, epochs + heard.epochs_changed));
    let mut findings = Findings::default();
    for (room, id) in rooms.iter().enumerate() {
        let is_here = |user: usize| user % rooms.len() == room;
        let anew = nodes.anew(room).await?;
        let evidence = Evidence {
            prepared: 0,
            log: listener::read(&anew.client, *id, 0, u64::MAX).await?,
            acked: told.iter().filter(|told| is_here(told.user)).flat_map(|told| told.acked.clone()).collect(),
            held: heard.extract_if(.., |heard| is_here(heard.user)).map(|heard| heard.held).collect(),
        };
        anew.client.close().await;
        findings += audit(&evidence, |number| plan.speaker(number));
    }
    let mut closing = JoinSet::new();
    clients.into_iter().for_each(|client| drop(closing.spawn(async move { client.close().await })));
    closing.join_all().await;
    let mut latency_us = speaker::latency_us()?;
    for told in &told {
        latency_us.add(&told.latency_us)?;
    }
    let refused = told.iter().map(|told| told.refused).sum();
    let (waited, said) = (waits.longest(), nodes.said());
    let seen = Seen {
        acked,
        delivered,
        findings,
        refused,
        gaps,
        epochs_changed,
        waited,
        latency_us,
        cpu_us_per_delivery,
        said,
    };
    Ok(Phase::new(hardship, nodes.len(), seen))
}
