//! A chat goes on for a long time while its server is restarted now and then, and everything is
//! checked.
//!
//! All restarts lie in the first half: the second is the life of one process, and what that holds
//! must not grow without end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::{sleep, sleep_until, timeout};

use super::complete;
use crate::{
    args::{SPREAD, chaos::KillSignal, soak::SoakArgs},
    chaos::{crowd::Crowd, kill::kill, plan::Plan, reckoning::Reckoning, report::Parts},
    publish::Finished,
    pulse::{self, Pulse, View},
    soak::{
        holdings::Looker,
        probes::Probes,
        report::{Seen, SoakReport},
    },
    target::{Life, Target, Wish, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
/// For posting to work again after a restart.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs the scenario, prints its report. Whether every verdict is good.
pub(crate) fn run(args: &SoakArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "a promise was not kept; the verdicts above say which")
}

async fn measure(args: &SoakArgs) -> anyhow::Result<SoakReport> {
    let cast = args.cast();
    let wish = Wish { users: cast.users(), rooms: args.rooms, engine: args.engine, ..Wish::default() };
    let mut target = Target::start(args.run.rill.as_deref(), &wish, Vec::new(), Life::Again).await?;
    let pulse = Arc::new(Pulse::new()?);
    let watch = pulse::Watch::begin(&pulse, View::on_stderr(args.run.output.quiet))?;
    pulse.server(target.pid());
    pulse.stage("connecting");
    let outboxes = tempfile::Builder::new().prefix("rill-bench").tempdir()?;
    let outbox = |user: usize| (user < args.speakers).then(|| outboxes.path().join(format!("{user}.json")));
    let users = target.connect_with(|user| SPREAD[cast.transport(user)], outbox).await?;
    let rooms = target.rooms(&users, args.rooms).await?;
    let clients: Vec<_> = users.iter().map(|user| user.client.clone()).collect();

    let plan = Arc::new(Plan { start: Instant::now() + BREATH, rate: args.rate, speakers: args.speakers });
    let probes = Arc::new(Probes::new(cast.users(), &plan, &pulse)?);
    let mut crowd = Crowd::gather(cast, users, &rooms, &plan, &probes);
    let looker = Looker::begin(plan.start, args.length());
    looker.at(target.pid());
    watch.counts_from(plan.start);
    let half = args.length() / 2;
    let (mut parts, mut bad_ends) = (Parts::default(), 0);
    for number in 0..args.restarts {
        pulse.stage("talking");
        let at = half.mul_f64((f64::from(number) + 0.5) / f64::from(args.restarts));
        crowd.while_it_works(sleep_until((plan.start + at).into())).await?;
        pulse.stage("restarting");
        looker.at(None);
        pulse.server(None);
        let signal = if number.is_multiple_of(2) { KillSignal::Term } else { KillSignal::Kill };
        let ended_well = crowd.while_it_works(kill(&mut target, signal, &probes.outages, &mut parts)).await??;
        bad_ends += u64::from(!ended_well);
        looker.at(target.pid());
        pulse.server(target.pid());
        let over = crowd.while_it_works(timeout(PATIENCE, probes.outages.over())).await?;
        over.map_err(|_| anyhow::anyhow!("nobody could post again within {PATIENCE:?}"))?;
    }
    pulse.stage("talking");
    crowd.while_it_works(sleep_until((plan.start + half).into())).await?;
    pulse.stage("steady");
    let steady_from_s = plan.start.elapsed().as_secs_f64();
    crowd.while_it_works(sleep(half)).await?;
    let holdings = looker.seen();
    drop(looker);
    pulse.stage("counting");
    let (told, heard) = crowd.disperse(cast).await?;
    let timeline = watch.end().await?;

    let anew = async |room: usize| target.anew(room, SPREAD[room % SPREAD.len()]).await;
    let reckoning = Reckoning::of(&told, heard, &plan, &rooms, |_| 0, anew).await?;
    close_all(clients).await;
    target.end().await?;

    SoakReport::new(
        args,
        Seen {
            counts: probes.counts(),
            outages: probes.outages.outages(),
            parts,
            bad_ends,
            reckoning,
            delivery_us: probes.delivery_us(),
            holdings,
            steady_from_s,
            timeline,
        },
    )
}
