//! Everybody talks, everybody listens.

use std::time::Duration;

use super::complete;
use crate::{
    args::{ChatArgs, ServerArgs},
    mint::Minted,
    publish::Finished,
    pulse::View,
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
    let mut talked = talk
        .gather_in((args.agents.agents, args.workers), &mut target, |_| args.transport, view)
        .await?
        .begin()
        .await?
        .finish()
        .await?;
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
    Ok(Report::new(setting, &talked.totals, &talked.usage, talked.course()?))
}
