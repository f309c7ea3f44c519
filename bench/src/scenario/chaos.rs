//! The server is killed under load, again and again, and everything is checked.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, timeout};

use super::complete;
use crate::{
    args::{SPREAD, chaos::ChaosArgs},
    chaos::{
        crowd::Crowd,
        kill::kill,
        outage::Outages,
        plan::Plan,
        reckoning::Reckoning,
        report::{ChaosReport, Parts, Seen},
    },
    dice::Dice,
    publish::Finished,
    target::{Life, Target, Wish, close_all},
};

/// From the last connection to the first message, and to the first kill.
const BREATH: Duration = Duration::from_millis(500);
/// For posting to work again after a kill.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the scenario, prints its report. Whether every promise was kept.
pub(crate) fn run(args: &ChaosArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.broken().is_empty(), "a promise was not kept; the lines above say which")
}

async fn measure(args: &ChaosArgs) -> anyhow::Result<ChaosReport> {
    let wish = Wish {
        users: args.users(),
        rooms: args.rooms,
        messages: args.messages,
        engine: args.engine,
        ..Wish::default()
    };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, Vec::new(), Life::Again).await?;
    let outboxes = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
    let outbox = |user: usize| (user < args.speakers).then(|| outboxes.path().join(format!("{user}.json")));
    let users = target.connect_with(|user| SPREAD[args.cast().transport(user)], outbox).await?;
    let rooms = target.rooms(&users, args.rooms).await?;
    let clients: Vec<_> = users.iter().map(|user| user.client.clone()).collect();

    let plan = Arc::new(Plan { start: Instant::now() + BREATH, rate: args.rate, speakers: args.speakers });
    let outages = Arc::new(Outages::new(args.users()));
    let mut crowd = Crowd::gather(args.cast(), users, &rooms, &plan, &outages);
    let mut parts = Parts::default();
    let mut bad_ends = 0;
    let mut dice = Dice::new(args.seed, "chaos");
    crowd.while_it_works(sleep(2 * BREATH)).await?;
    for _ in 0..args.kills {
        let pause = Duration::from_millis(dice.below(usize::try_from(args.pause_ms)?) as u64);
        crowd.while_it_works(sleep(pause)).await?;
        let kill = kill(&mut target, args.signal, &outages, &mut parts);
        let ended_well = crowd.while_it_works(kill).await??;
        bad_ends += u64::from(!ended_well);
        let over = crowd.while_it_works(timeout(PATIENCE, outages.over())).await?;
        over.map_err(|_| anyhow::anyhow!("nobody could post again within {PATIENCE:?}"))?;
    }
    crowd.while_it_works(sleep(2 * BREATH)).await?;
    let (told, heard) = crowd.disperse(args.cast()).await?;

    let prepared = |room: usize| (args.messages + (args.rooms - 1 - room) as u32) / args.rooms as u32;
    let anew = async |room: usize| target.anew(room, SPREAD[room % SPREAD.len()]).await;
    let reckoning = Reckoning::of(&told, heard, &plan, &rooms, prepared, anew).await?;
    close_all(clients).await;
    target.end().await?;

    Ok(ChaosReport::new(
        args,
        Seen {
            outages: outages.outages(),
            speakers_back: outages.back_after(0..args.speakers),
            listeners_back: outages.back_after(args.speakers..args.users()),
            parts,
            reckoning,
            bad_ends,
        },
    ))
}
