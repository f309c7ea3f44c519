//! New connections, a fixed number under way at any time; or a storm of clients that come back.

use anyhow::Context;
use hdrhistogram::Histogram;
use rill_protocol::Ticket;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{task::JoinSet, time::sleep_until};

use super::{complete, storm};
use crate::{
    args::connect::ConnectArgs,
    connect::report::{ConnectReport, Seen},
    course::Course,
    light::{self, Dialer, Door, Session},
    processes::Snapshot,
    publish::Finished,
    pulse::{Pulse, View, Watch},
    tally::latencies,
    target::{Life, Target, Wish, measured_from_one_machine},
};

/// Connections that were closed, and of which a side does not know it yet.
const CLOSING: usize = 1_000;
/// Users of a bench come back more often than people do.
const NO_LIMITS: [&str; 2] = ["RILL_LIMITS_STREAMS_PER_SECOND_PER_USER", "RILL_LIMITS_REQUESTS_PER_SECOND_PER_USER"];

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &ConnectArgs) -> anyhow::Result<Finished> {
    args.check()?;
    if args.storm {
        light::allow(args.clients)?;
        let report = complete(args.workers, storm::measure(args))?;
        report.print();
        return Finished::with(&report, report.passed(), "clients did not come back as they must; see the verdicts");
    }
    light::allow(args.in_flight + CLOSING)?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "connections came to nothing; the lines above say how")
}

async fn measure(args: &ConnectArgs) -> anyhow::Result<ConnectReport> {
    let wish = Wish { users: args.in_flight, rooms: 1, ..Wish::default() };
    let mut settings = measured_from_one_machine(args.in_flight + CLOSING);
    settings.extend(NO_LIMITS.map(|name| (name, "0".to_owned())));
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let door = Door { transport: args.one_transport()?, plain: args.plain };
    let dialer = Arc::new(Dialer::new(door, &target.ground(0, 1.0)?)?);

    let pulse = Arc::new(Pulse::new()?);
    let watch = Watch::begin(&pulse, View::on_stderr(args.run.output.quiet))?;
    pulse.server(target.pid());
    pulse.stage("warming up");
    let counted_start = Instant::now() + Duration::from_secs(args.warm_up_seconds);
    let counted_end = counted_start + Duration::from_secs(args.seconds);
    watch.counts_from(counted_start);
    let mut places = JoinSet::new();
    for (number, tickets) in target.take_tickets().into_iter().enumerate() {
        let place = Place {
            number,
            tickets,
            dialer: Arc::clone(&dialer),
            pulse: Arc::clone(&pulse),
            counted: (counted_start, counted_end),
        };
        places.spawn(place.run());
    }
    sleep_until(counted_start.into()).await;
    pulse.stage("measuring");
    let snapshot = Snapshot::take(target.pid())?;
    sleep_until(counted_end.into()).await;
    let (usage, lasted) = (snapshot.until_now()?, counted_start.elapsed());
    let mut latency_us = latencies()?;
    let mut errors = BTreeMap::<String, u64>::new();
    while let Some(place) = places.join_next().await {
        let (of_place, errors_of_place) = place??;
        latency_us.add(of_place)?;
        errors_of_place.into_iter().for_each(|answer| *errors.entry(answer).or_default() += 1);
    }
    let course = Course::new(watch.end().await?, &latency_us)?;
    target.end().await?;
    Ok(ConnectReport::new(args, door, Seen { latency_us, lasted, errors, usage, course }))
}

/// One of those under way: connects, leaves, and connects again.
struct Place {
    number: usize,
    tickets: VecDeque<Ticket>,
    dialer: Arc<Dialer>,
    pulse: Arc<Pulse>,
    /// From when to when.
    counted: (Instant, Instant),
}

impl Place {
    /// How long those took that ended in the time that counts, and how others ended.
    async fn run(mut self) -> anyhow::Result<(Histogram<u32>, Vec<String>)> {
        let (mut latency_us, mut errors) = (latencies()?, Vec::new());
        let (from, until) = self.counted;
        loop {
            let start = Instant::now();
            if start >= until {
                return Ok((latency_us, errors));
            }
            let ticket = self.tickets.pop_front().with_context(|| format!("user {}: {errors:?}", self.number))?;
            match Session::open(&self.dialer, ticket).await {
                Ok(session) => {
                    let now = Instant::now();
                    let us = u64::try_from((now - start).as_micros())?.max(1);
                    self.pulse.done(self.number, us);
                    if now >= from && now < until {
                        latency_us.saturating_record(us);
                    }
                    // The next connection needs no other right.
                    self.tickets.push_front(session.next_ticket);
                }
                Err(answer) => {
                    self.pulse.error();
                    errors.push(answer.to_string());
                }
            }
        }
    }
}
