//! The highest rate of a chat at which p99 stays under a bound: one server, everybody connected
//! once, and one rate after the other.

use std::{thread, time::Duration};

use rill_client::TransportKind;

use super::complete;
use crate::{
    args::ramp::RampArgs,
    course::Course,
    publish::Finished,
    pulse::View,
    ramp::{
        report::{Ground, RampReport},
        search::Search,
        step::{Generator, Limit, Tried},
    },
    schedule::Patience,
    talk::Talk,
    tally::latencies,
    target::Target,
};

/// Posts of one user that may wait for their acks: far more than wait at a rate that is held, and
/// few enough that a rate that is not is over soon.
const BACKLOG_MAX: usize = 64;
/// What is later is not said any more, if the bound on p99 allows.
const LATE_MAX: Duration = Duration::from_secs(1);

/// Runs the scenario, prints its reports.
pub(crate) fn run(args: &RampArgs) -> anyhow::Result<Finished> {
    args.check()?;
    args.link.lay()?;
    let reports = complete(args.workers, async {
        let mut reports = Vec::new();
        for transport in args.transports() {
            let report = over(args, transport).await?;
            report.print();
            reports.push(report);
        }
        Ok(reports)
    })?;
    let passed = reports.iter().all(RampReport::passed);
    let failure = "no rate was held, or messages were lost, doubled, out of order or refused";
    match &reports[..] {
        [one] => Finished::with(one, passed, failure),
        all => Finished::with(&all, passed, failure),
    }
}

async fn over(args: &RampArgs, transport: TransportKind) -> anyhow::Result<RampReport> {
    let mut target = Target::prepare(&args.server, args.users, args.rooms).await?;
    let talk = Talk {
        users: args.users,
        rooms: args.rooms,
        speakers: args.users,
        rate: args.from,
        in_unison: false,
        warm_up: Duration::from_secs(args.warm_up_seconds),
        counted: Duration::from_secs(args.seconds),
        drain: Duration::from_secs(args.drain_seconds),
        text_bytes: args.text_bytes,
    };
    let view = View::on_stderr(args.output.quiet);
    let mut gathered = talk.gather_in((args.agents.agents, args.workers), &mut target, |_| transport, view).await?;
    let on = Generator {
        workers: args.workers * args.agents.agents,
        cores: thread::available_parallelism().map_or(1, usize::from),
        p99_under: args.p99_under,
    };
    // What is later than the bound is not held, whenever it is said.
    let patience = Patience { backlog_max: BACKLOG_MAX, late_max: args.p99_under.max(LATE_MAX) };
    let mut search = Search::new(args.from, args.to, args.within);
    let (mut steps, mut numbered_from) = (Vec::new(), 0);
    let (mut best_rate, mut best) = (0.0, latencies()?);
    while let Some(rate) = search.next() {
        let step = gathered.step(rate, patience, numbered_from).await?;
        numbered_from = step.numbered_to;
        let tried = Tried::new(&step, on);
        search.tried(rate, tried.held);
        if tried.held && rate > best_rate {
            best_rate = rate;
            best = step.totals.latency.into_iter().next().unwrap_or(best);
        }
        // What is still under way would be in the way of the next step.
        let is_last = !step.is_over || tried.limited_by == Some(Limit::Delivery);
        steps.push(tried);
        if is_last {
            break;
        }
    }
    let course = Course::new(gathered.leave().await?, &best)?;
    let (tls, durability) = (target.has_tls(transport), target.durability.to_owned());
    target.end().await?;
    let ground = Ground { transport: transport.to_string(), tls, durability };
    Ok(RampReport::new(args, ground, steps, course))
}
