//! Connections on which nothing happens: what each of them costs the server's memory, and
//! whether one of very many is still reached at once.

use anyhow::{Context, ensure};
use hdrhistogram::Histogram;
use rill_client::Client;
use rill_protocol::{RoomId, Ticket};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::mpsc,
    task::JoinSet,
    time::{sleep, timeout, timeout_at},
};

use super::complete;
use crate::{
    args::idle::IdleArgs,
    course::Course,
    hostile::answer::Answer,
    idle_report::{Deliveries, IdleReport, Seen},
    light::{self, Dialer, Door, Heard, Session},
    processes::{self, Snapshot},
    publish::Finished,
    pulse::{Pulse, View, Watch},
    tally::latencies,
    target::{Circles, Connected, Life, Target, Wish, close_all, measured_from_one_machine},
};

/// For the one message that everybody is given.
const GREETING_PATIENCE: Duration = Duration::from_secs(60);
/// Of each user, as a device has them: the one that it comes with, and another. Each more is a row that the
/// server reads when its user connects, and keeps in the store's cache.
const TICKETS: usize = 2;
/// For a message to one of them.
const PROBE_PATIENCE: Duration = Duration::from_secs(10);
/// Between two of those.
const PROBE_PAUSE: Duration = Duration::from_millis(20);
/// When all is there: what comes now comes twice.
const AFTERWARDS: Duration = Duration::from_millis(200);
/// Deliveries that wait to be counted.
const HEARD_MAX: usize = 4_096;

/// Runs the scenario, prints its report.
pub(crate) fn run(args: &IdleArgs) -> anyhow::Result<Finished> {
    args.check()?;
    light::allow(args.connections)?;
    let report = complete(args.workers, measure(args))?;
    report.print();
    Finished::with(&report, report.passed(), "idle connections were lost or cost too much; the verdicts above say how")
}

async fn measure(args: &IdleArgs) -> anyhow::Result<IdleReport> {
    let circles = Circles { members: args.members, rooms: args.rooms, speakers: 1, apart: args.apart() };
    let users = args.connections;
    eprintln!("rill-bench: writing {users} users and their memberships of {} rooms each", args.rooms);
    let wish = Wish { users, circles: Some(circles), tickets: Some(TICKETS), ..Wish::default() };
    let mut target =
        Target::start(args.run.rill.as_deref(), &wish, measured_from_one_machine(users), Life::Once).await?;
    let pid = target.pid().context("the server has no process")?;
    let speaker = target.set_aside(users).pop().context("nobody speaks")?;
    let tickets = target.take_tickets();
    let rooms = target.rooms(&[], 0).await?;
    let door = Door { transport: args.transport, plain: args.plain };
    let dialer = Arc::new(Dialer::new(door, &target.ground(0, 1.0)?)?);
    let rss_base_mib = processes::rss_mib(pid)?;

    let pulse = Arc::new(Pulse::new()?);
    let watch = Watch::begin(&pulse, View::on_stderr(args.run.output.quiet))?;
    pulse.server(Some(pid));
    pulse.stage("connecting");
    let start = Instant::now();
    watch.counts_from(start);
    let Connected { client: speaker, events: mut of_speaker, .. } =
        target.connect_late(speaker, args.transport).await?;
    // Nobody looks at them, and a client whose events lie there reads no more.
    tokio::spawn(async move { while of_speaker.next().await.is_some() {} });
    let (hears, mut heard) = mpsc::channel(HEARD_MAX);
    let mut crowd =
        Crowd { staying: JoinSet::new(), refused: BTreeMap::new(), rooms: args.rooms, pulse: Arc::clone(&pulse) };
    let mut present = crowd.connect(&dialer, tickets, args.in_flight, &hears).await?;
    let connect_s = start.elapsed().as_secs_f64();

    pulse.stage("greeting");
    let mut deliveries = Deliveries::default();
    let first_rooms = (0..circles.count(users)).map(|circle| rooms[circles.first_room(circle)]);
    let greeted = greet(&speaker, first_rooms.collect(), &mut heard, &present, &circles, &mut deliveries).await;
    greeted.context("the first message")?;

    pulse.stage("quiet");
    let quiet = Snapshot::take(Some(pid))?;
    sleep(Duration::from_secs(args.quiet_seconds)).await;
    let quiet = quiet.until_now()?;
    let rss_mib = processes::rss_mib(pid)?;
    crowd.look(&mut present);

    pulse.stage("speaking");
    let mut latency_us = latencies()?;
    let apart: Vec<(usize, RoomId)> = circles.apart(users).map(|(user, room)| (user, rooms[room])).collect();
    let probes = Probes { client: &speaker, apart: &apart, pulse: &pulse };
    probes.run(args.probes, &present, &mut heard, &mut deliveries, &mut latency_us).await?;
    crowd.look(&mut present);

    let seen = Seen {
        ready: present.iter().filter(|is_present| **is_present).count(),
        refused: crowd.refused,
        deliveries,
        connect_s,
        rss_base_mib,
        rss_mib,
        quiet,
        client_rss_mib: processes::rss_mib(std::process::id())?,
        course: Course::new(watch.end().await?, &latency_us)?,
        latency_us,
    };
    close_all(vec![speaker]).await;
    drop(crowd.staying);
    target.end().await?;
    Ok(IdleReport::new(args, door, seen))
}

/// Everybody who is there.
struct Crowd {
    staying: JoinSet<(usize, Answer)>,
    /// How connections were refused, or ended, and how often.
    refused: BTreeMap<String, u64>,
    /// Of each at least.
    rooms: usize,
    pulse: Arc<Pulse>,
}

impl Crowd {
    /// Who is there then, by number.
    async fn connect(
        &mut self,
        dialer: &Arc<Dialer>,
        tickets: Vec<VecDeque<Ticket>>,
        in_flight: usize,
        hears: &mpsc::Sender<Heard>,
    ) -> anyhow::Result<Vec<bool>> {
        let mut present = vec![false; tickets.len()];
        let mut waiting = tickets.into_iter().enumerate();
        let mut connecting = JoinSet::new();
        loop {
            while connecting.len() < in_flight
                && let Some((number, mut tickets)) = waiting.next()
            {
                let ticket = tickets.pop_front().context("a user without a ticket")?;
                let dialer = Arc::clone(dialer);
                connecting.spawn(async move {
                    let start = Instant::now();
                    (number, start, Session::open(&dialer, ticket).await)
                });
            }
            let Some(opened) = connecting.join_next().await else { return Ok(present) };
            match opened? {
                (number, start, Ok(session)) => {
                    ensure!(session.rooms >= self.rooms, "user {number} has {} rooms", session.rooms);
                    present[number] = true;
                    self.pulse.connected(1);
                    self.pulse.done(number, u64::try_from(start.elapsed().as_micros())?);
                    let hears = hears.clone();
                    self.staying.spawn(async move { (number, session.stay(number, hears).await) });
                }
                (_, _, Err(answer)) => self.refused(&answer),
            }
        }
    }

    /// Notes who is gone.
    fn look(&mut self, present: &mut [bool]) {
        while let Some(Ok((number, answer))) = self.staying.try_join_next() {
            present[number] = false;
            self.pulse.disconnected();
            self.refused(&answer);
        }
    }

    fn refused(&mut self, answer: &Answer) {
        self.pulse.error();
        *self.refused.entry(answer.to_string()).or_default() += 1;
    }
}

/// One message to each circle, until everybody who is there was given theirs.
async fn greet(
    client: &Client,
    rooms: Vec<RoomId>,
    heard: &mut mpsc::Receiver<Heard>,
    present: &[bool],
    circles: &Circles,
    deliveries: &mut Deliveries,
) -> anyhow::Result<()> {
    let mut receipts = Vec::with_capacity(rooms.len());
    for (circle, room) in rooms.iter().enumerate() {
        receipts.push(client.post(*room, greeting(circle)).await?);
    }
    let acked = async {
        for receipt in receipts {
            receipt.posted().await?;
        }
        anyhow::Ok(())
    };
    let mut given = vec![0u32; present.len()];
    let expected = present.iter().filter(|is_present| **is_present).count() as u64;
    deliveries.expected += expected;
    let count = async {
        let deadline = Instant::now() + GREETING_PATIENCE;
        let mut left = expected;
        let mut until = deadline;
        while let Ok(Some(message)) = timeout_at(until.into(), heard.recv()).await {
            let circle = circles.circle_of(message.by);
            let is_right = message.room == rooms[circle] && message.text == greeting(circle);
            if deliveries.count(&message, is_right, &mut given[message.by]) {
                left -= 1;
            }
            if left == 0 {
                until = deadline.min(Instant::now() + AFTERWARDS);
            }
        }
    };
    let (acked, ()) = tokio::join!(acked, count);
    acked
}

fn greeting(circle: usize) -> String {
    format!("to circle {circle}")
}

/// Messages to one user each.
struct Probes<'a> {
    client: &'a Client,
    apart: &'a [(usize, RoomId)],
    pulse: &'a Pulse,
}

impl Probes<'_> {
    async fn run(
        &self,
        probes: usize,
        present: &[bool],
        heard: &mut mpsc::Receiver<Heard>,
        deliveries: &mut Deliveries,
        latency_us: &mut Histogram<u32>,
    ) -> anyhow::Result<()> {
        let there: Vec<(usize, RoomId)> = self.apart.iter().copied().filter(|(user, _)| present[*user]).collect();
        ensure!(!there.is_empty(), "nobody is left to speak to");
        for number in 0..probes {
            let (user, room) = there[number % there.len()];
            let text = format!("to one {number}");
            let said = Instant::now();
            let receipt = self.client.post(room, text.clone()).await?;
            deliveries.expected += 1;
            let mut given = 0;
            let deadline = said + PROBE_PATIENCE;
            while let Ok(Some(message)) = timeout_at(deadline.into(), heard.recv()).await {
                let is_right = message.by == user && message.room == room && message.text == text;
                if deliveries.count(&message, is_right, &mut given) {
                    let us = u64::try_from(message.at.saturating_duration_since(said).as_micros())?;
                    latency_us.saturating_record(us.max(1));
                    self.pulse.done(user, us);
                    break;
                }
            }
            timeout(PROBE_PATIENCE, receipt.posted()).await.context("an ack does not come")??;
            sleep(PROBE_PAUSE).await;
        }
        while let Ok(Some(message)) = timeout(AFTERWARDS, heard.recv()).await {
            deliveries.count(&message, false, &mut 0);
        }
        Ok(())
    }
}
