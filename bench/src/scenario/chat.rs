//! Everybody talks, everybody listens.

use std::time::Duration;

use super::complete;
use crate::{
    args::{ChatArgs, ServerArgs},
    mint::Minted,
    publish::Finished,
    pulse::View,
    rebind::{self, RebindReport},
    report::{Report, Setting},
    talk::Talk,
    target::Target,
};

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
    let Some(minted) = Minted::of(&args.mint, &args.server, args.users).await? else {
        return talk(args, &args.server).await;
    };
    let report = talk(args, &minted.server()).await;
    minted.end().await?;
    report
}

async fn talk(args: &ChatArgs, server: &ServerArgs) -> anyhow::Result<Report> {
    let mut target = Target::prepare(server, args.users, args.rooms).await?;
    let talk = Talk {
        users: args.users,
        rooms: args.rooms,
        speakers: args.users,
        rate: args.rate,
        in_unison: false,
        warm_up: args.warm_up(),
        counted: Duration::from_secs(args.seconds),
        drain: Duration::from_secs(args.drain_seconds),
        text_bytes: args.text_bytes,
    };
    let view = View::on_stderr(args.output.quiet);
    let processes = (args.agents.agents, args.workers);
    let gathered = talk.gather_in(processes, &mut target, |_| args.transport, view).await?;
    let (mut talked, changed) = if args.rebind {
        let talking = gathered.begin_rebound().await?;
        let (at, from, clients) = (talking.phase_start(1), talking.counted_start, talking.clients().to_vec());
        let (talked, changed) = tokio::try_join!(talking.finish(), rebind::change_at(at, from, &clients))?;
        (talked, Some(changed))
    } else {
        (gathered.begin().await?.finish().await?, None)
    };
    talked.goodbye().await?;
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
    let mut report = Report::new(setting, &talked.totals, &talked.usage, talked.course()?)?;
    report.rebind = changed.map(|(changed, at)| RebindReport::new(changed, at, &talked.totals, 0)).transpose()?;
    Ok(report)
}
