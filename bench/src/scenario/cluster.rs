//! Several nodes on one Redis, people spread over them and over all transports, and a
//! hardship in the middle of their talk; everything is checked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep;

use super::complete;
use crate::{
    args::cluster::ClusterArgs,
    chaos::{crowd::Crowd, plan::Plan, reckoning::Reckoning},
    cluster::{
        hardship::{Hardship, Shared},
        report::{ClusterReport, Phase, Seen},
        waits::Waits,
    },
    processes::cpu_s,
    publish::Finished,
    target::{Nodes, Wish, close_all},
};

/// From the last connection to the first message, and of talk before anything happens.
const BREATH: Duration = Duration::from_millis(500);

/// Runs the scenario, prints its report. Whether every promise was kept.
pub(crate) fn run(args: &ClusterArgs) -> anyhow::Result<Finished> {
    args.check()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.is_kept(), "a promise was not kept; the lines above say which")
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
    let mut nodes = Nodes::start(args.run.rill.as_deref(), &wish, &shared.ways(nodes), &shared.settings()).await?;
    let outboxes = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
    let outbox = |user: usize| (user < cast.speakers).then(|| outboxes.path().join(format!("{user}.json")));
    let users = nodes.connect(|user| cast.transport(user), outbox).await?;
    let rooms = nodes.rooms.clone();
    let clients: Vec<_> = users.iter().map(|user| user.client.clone()).collect();

    let plan = Arc::new(Plan { start: Instant::now() + BREATH, rate: args.rate, speakers: cast.speakers });
    let waits = Arc::new(Waits::new(cast.users(), nodes.len(), &plan, Instant::now())?);
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
    let (told, heard) = crowd.disperse(cast).await?;

    let reckoning = Reckoning::of(&told, heard, &plan, &rooms, |_| 0, async |room| nodes.anew(room).await).await?;
    close_all(clients).await;
    let across_ms = waits.across();
    let seen = Seen { reckoning, waited: waits.longest(), across_ms, cpu_us_per_delivery, said: nodes.said() };
    Ok(Phase::new(hardship, nodes.len(), seen))
}
