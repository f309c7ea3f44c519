//! Many come online within a moment, each of whom watches others who do, and all of them must
//! see each other.

use anyhow::Context;
use rill_protocol::{Ticket, UserId};
use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::{Notify, watch},
    task::JoinSet,
    time::{sleep, sleep_until, timeout_at},
};

use super::complete;
use crate::{
    args::presence::PresenceArgs,
    course::Course,
    hostile::answer::Answer,
    light::{self, Dialer, Door, News, Session},
    presence::{PresenceReport, Seen, Sight},
    processes::Snapshot,
    publish::Finished,
    pulse::{Pulse, View, Watch},
    tally::latencies,
    target::{Circles, Life, Target, Wish, measured_from_one_machine},
};

/// From the first packet of the run to the first one who comes.
const BREATH: Duration = Duration::from_millis(500);
/// From the last one who was to come, for every view to be right.
const PATIENCE: Duration = Duration::from_secs(30);
/// Behind that: a view that is right must stay so.
const AFTERWARDS: Duration = Duration::from_secs(1);

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &PresenceArgs) -> anyhow::Result<Finished> {
    args.check()?;
    light::allow(args.users)?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "somebody was not seen, or late; the verdicts above say how")
}

async fn measure(args: &PresenceArgs) -> anyhow::Result<PresenceReport> {
    let circles = Circles { members: args.members, rooms: 1, speakers: 0, apart: 0 };
    let wish = Wish { users: args.users, circles: Some(circles), ..Wish::default() };
    let settings = measured_from_one_machine(args.users);
    let mut target = Target::start(args.run.rill.as_deref(), &wish, settings, Life::Once).await?;
    let door = Door { transport: args.transport, plain: args.plain };
    let dialer = Arc::new(Dialer::new(door, &target.ground(0, 1.0)?)?);
    let tickets = target.take_tickets().into_iter().map(|mut of_user| of_user.pop_front());
    let tickets: Vec<Ticket> = tickets.collect::<Option<_>>().context("a user without a ticket")?;
    let users: Vec<UserId> = tickets.iter().map(Ticket::user).collect();

    let pulse = Arc::new(Pulse::new()?);
    let watch = Watch::begin(&pulse, View::on_stderr(args.run.output.quiet))?;
    pulse.server(target.pid());
    pulse.stage("coming");
    let snapshot = Snapshot::take(target.pid())?;
    let start = Instant::now() + BREATH;
    watch.counts_from(start);
    let hall = Arc::new(Hall { right: AtomicUsize::new(0), all: args.users, filled: Notify::new() });
    let (over, is_over) = watch::channel(false);
    let mut visitors = JoinSet::new();
    for (number, ticket) in tickets.into_iter().enumerate() {
        let due = start + Duration::from_micros(args.over_ms * 1_000 * number as u64 / args.users as u64);
        let watched = neighbours(number, args).map(|user| users[user]).collect();
        let (dialer, hall, pulse) = (Arc::clone(&dialer), Arc::clone(&hall), Arc::clone(&pulse));
        let visitor = Visitor { number, due, ticket, watched, dialer, hall, pulse };
        visitors.spawn(visitor.stay(is_over.clone()));
    }
    let last_due = start + Duration::from_millis(args.over_ms);
    let filled = timeout_at((last_due + PATIENCE).into(), hall.filled.notified()).await;
    let usage = snapshot.until_now()?;
    if filled.is_ok() {
        sleep(AFTERWARDS).await;
    }
    over.send_replace(true);
    let (mut stays, mut refused) = (vec![None; args.users], BTreeMap::<String, u64>::new());
    while let Some(visited) = visitors.join_next().await {
        match visited? {
            (number, Ok(stay)) => stays[number] = Some(stay),
            (_, Err(answer)) => *refused.entry(answer.to_string()).or_default() += 1,
        }
    }
    let mut seen = Seen {
        arrived: Duration::ZERO,
        all_right: Duration::ZERO,
        present: stays.iter().flatten().count(),
        right: 0,
        refused,
        view_us: latencies()?,
        usage,
        course: Course::default(),
    };
    for (number, stay) in stays.iter().enumerate() {
        let Some(Stay { here, right }) = stay else { continue };
        seen.arrived = seen.arrived.max(here.saturating_duration_since(start));
        let Some(right) = right else { continue };
        seen.right += 1;
        seen.all_right = seen.all_right.max(right.saturating_duration_since(start));
        let shown = neighbours(number, args).filter_map(|user| Some(stays[user].as_ref()?.here));
        let all_here = shown.fold(*here, Instant::max);
        let us = u64::try_from(right.saturating_duration_since(all_here).as_micros())?;
        seen.view_us.saturating_record(us.max(1));
    }
    seen.course = Course::new(watch.end().await?, &seen.view_us)?;
    target.end().await?;
    Ok(PresenceReport::new(args, door, seen))
}

/// Whom a user watches: those behind them in their room, which has no end.
fn neighbours(number: usize, args: &PresenceArgs) -> impl Iterator<Item = usize> + use<> {
    let (members, place) = (args.members, number % args.members);
    let first = number - place;
    (1..=args.watched).map(move |step| first + (place + step) % members)
}

/// Where everybody comes to.
struct Hall {
    /// Views that are right at this moment.
    right: AtomicUsize,
    all: usize,
    /// All of them are.
    filled: Notify,
}

impl Hall {
    fn turned(&self, is_right: bool) {
        if !is_right {
            self.right.fetch_sub(1, SeqCst);
        } else if self.right.fetch_add(1, SeqCst) + 1 == self.all {
            self.filled.notify_one();
        }
    }
}

/// One who comes.
struct Visitor {
    number: usize,
    due: Instant,
    ticket: Ticket,
    watched: Vec<UserId>,
    dialer: Arc<Dialer>,
    hall: Arc<Hall>,
    pulse: Arc<Pulse>,
}

/// What a visit was like.
#[derive(Clone, Debug)]
struct Stay {
    /// The session was ready: others see this user from then on.
    here: Instant,
    /// The view was right from then until the end.
    right: Option<Instant>,
}

impl Visitor {
    async fn stay(self, over: watch::Receiver<bool>) -> (usize, Result<Stay, Answer>) {
        let stayed = self.visit(over).await;
        if stayed.is_err() {
            self.pulse.error();
        }
        (self.number, stayed)
    }

    async fn visit(&self, mut over: watch::Receiver<bool>) -> Result<Stay, Answer> {
        sleep_until(self.due.into()).await;
        let mut session = Session::open(&self.dialer, self.ticket).await?;
        let mut stay = Stay { here: Instant::now(), right: None };
        self.pulse.connected(1);
        session.watch(self.watched.clone()).await?;
        let mut sight = Sight::of(&self.watched);
        loop {
            let news = tokio::select! {
                _ = over.wait_for(|is_over| *is_over) => return Ok(stay),
                news = session.next() => news?,
            };
            // Others who leave now are no news any more, and may be told of before this one is woken.
            if *over.borrow() {
                return Ok(stay);
            }
            let News::Presence(slots) = news else { continue };
            sight.apply(&slots);
            if sight.is_full() != stay.right.is_some() {
                let now = Instant::now();
                stay.right = sight.is_full().then_some(now);
                self.pulse.done(self.number, u64::try_from((now - stay.here).as_micros()).unwrap_or(u64::MAX));
                self.hall.turned(sight.is_full());
            }
        }
    }
}
