//! The same number of deliveries in rooms of several sizes: what one costs must not grow with the
//! room.

use std::time::Duration;

use super::complete;
use crate::{
    args::growth::{GrowthArgs, Shape},
    course::Course,
    growth::report::{GrowthReport, Run},
    light,
    publish::Finished,
    pulse::View,
    talk::{Talk, Talked},
    target::{Life, Target, Wish, measured_from_one_machine},
};

/// For the last deliveries.
const DRAIN: Duration = Duration::from_secs(30);

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &GrowthArgs) -> anyhow::Result<Finished> {
    args.check()?;
    light::allow(args.most_users())?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "a delivery costs more in a large room; the verdicts above say how much")
}

async fn measure(args: &GrowthArgs) -> anyhow::Result<GrowthReport> {
    let (mut rounds, mut course) = (Vec::new(), Course::default());
    for _ in 0..args.rounds {
        let mut runs = Vec::new();
        for shape in &args.shapes {
            let talked = in_shape(args, *shape).await?;
            runs.push(Run::of(&talked));
            course = talked.course()?;
        }
        rounds.push(runs);
    }
    Ok(GrowthReport::new(args, rounds, course))
}

/// One run, on a server of its own.
async fn in_shape(args: &GrowthArgs, shape: Shape) -> anyhow::Result<Talked> {
    let users = shape.users();
    let wish = Wish { users, rooms: shape.rooms, ..Wish::default() };
    let settings = measured_from_one_machine(users);
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let talk = Talk {
        users,
        rooms: shape.rooms,
        speakers: args.speakers.min(users),
        rate: shape.rate(args.deliveries_per_s),
        in_unison: false,
        warm_up: Duration::from_secs(args.warm_up_seconds),
        counted: Duration::from_secs(args.seconds),
        drain: DRAIN,
        text_bytes: args.text_bytes,
    };
    let view = View::on_stderr(args.run.output.quiet);
    let mut talked = talk.gather(&mut target, |_| args.transport, view).await?.begin().await?.finish().await?;
    talked.goodbye().await?;
    target.end().await?;
    Ok(talked)
}
