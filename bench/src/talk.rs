//! A talk from the first connection to the last delivery: users who post at the moments of a
//! schedule and read everything, watched second by second.

use anyhow::Context;
use rill_client::{Client, TransportKind};
use rill_protocol::RoomId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

use crate::{
    course::Course,
    load::User,
    processes::{Snapshot, Usage},
    pulse::{Moment, Pulse, View, Watch},
    round::Round,
    schedule::Schedule,
    tally::Totals,
    target::{Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);

/// What is to be said.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    pub(crate) users: usize,
    pub(crate) rooms: usize,
    /// The first so many users post, the others only read.
    pub(crate) speakers: usize,
    /// Messages a second, of all together.
    pub(crate) rate: f64,
    /// All speakers post at the same instants instead of in turn.
    pub(crate) in_unison: bool,
    pub(crate) warm_up: Duration,
    pub(crate) counted: Duration,
    /// For the last deliveries.
    pub(crate) drain: Duration,
    pub(crate) text_bytes: usize,
}

/// Everybody is connected and looks at their room.
pub(crate) struct Gathered {
    talk: Talk,
    /// By the users' numbers.
    pub(crate) clients: Vec<Client>,
    pub(crate) rooms: Vec<RoomId>,
    users: Vec<User>,
    pulse: Arc<Pulse>,
    watch: Watch,
    server: Option<u32>,
}

/// It has begun.
pub(crate) struct Talking {
    pub(crate) counted_start: Instant,
    clients: Vec<Client>,
    round: Round,
    pulse: Arc<Pulse>,
    watch: Watch,
    server: Option<u32>,
    drain: Duration,
}

/// One rate of several, and what it came to.
pub(crate) struct Step {
    pub(crate) rate: f64,
    pub(crate) totals: Totals,
    pub(crate) usage: Usage,
    pub(crate) lasted: Duration,
    /// Whether everything that was said was answered and read in the end.
    pub(crate) is_over: bool,
    /// From here on the next step's texts are numbered.
    pub(crate) numbered_to: u32,
}

/// What it came to. Everybody is still connected.
pub(crate) struct Talked {
    clients: Vec<Client>,
    pub(crate) totals: Totals,
    pub(crate) usage: Usage,
    /// The time that the usage is of.
    pub(crate) lasted: Duration,
    pub(crate) timeline: Vec<Moment>,
}

impl Talk {
    pub(crate) async fn gather(
        self,
        target: &mut Target,
        transport: impl Fn(usize) -> TransportKind,
        view: View,
    ) -> anyhow::Result<Gathered> {
        let pulse = Arc::new(Pulse::new()?);
        let watch = Watch::begin(&pulse, view)?;
        pulse.server(target.pid());
        pulse.stage("connecting");
        let users = target.connect(transport).await?;
        let rooms = target.rooms(&users, self.rooms).await?;
        for user in &users {
            user.client.view(Some(rooms[user.number % self.rooms])).await?;
        }
        let clients = users.iter().map(|user| user.client.clone()).collect();
        let users = users.into_iter().map(|user| (rooms[user.number % self.rooms], user));
        let users = users.map(|(room, user)| User::new(user, room)).collect();
        Ok(Gathered { talk: self, clients, rooms, users, pulse, watch, server: target.pid() })
    }

    fn schedule(&self) -> Schedule {
        let spans = (self.warm_up, &[self.counted][..]);
        let everybody = (self.users, self.rooms);
        let schedule = Schedule::new(Instant::now() + BREATH, self.rate, everybody, spans, self.text_bytes);
        schedule.said_by(self.speakers, self.in_unison)
    }
}

impl Gathered {
    pub(crate) fn begin(self) -> anyhow::Result<Talking> {
        let Self { talk, clients, users, pulse, watch, server, .. } = self;
        pulse.stage("warming up");
        let round = Round::begin(users, talk.schedule(), &pulse)?;
        let (counted_start, drain) = (round.schedule.counted_start(), talk.drain);
        Ok(Talking { counted_start, clients, round, pulse, watch, server, drain })
    }

    /// Everybody says what is said at another rate, and stays. Whoever has so many posts without
    /// an ack waits with the next; texts are numbered on from `numbered_from`.
    pub(crate) async fn step(&mut self, rate: f64, backlog_max: usize, numbered_from: u32) -> anyhow::Result<Step> {
        let talk = Talk { rate, ..self.talk };
        let schedule = talk.schedule().giving_up(backlog_max).numbered_from(numbered_from);
        let numbered_to = schedule.next_number().context("so many messages have no numbers")?;
        self.pulse.stage(format!("{rate}/s"));
        let mut round = Round::begin(std::mem::take(&mut self.users), schedule, &self.pulse)?;
        let counted_start = round.schedule.counted_start();
        sleep_until(counted_start.into()).await;
        self.watch.counts_from_first(counted_start);
        let (start, snapshot) = (Instant::now(), Snapshot::take(self.server)?);
        let is_over = round.is_complete_within(talk.drain).await?;
        let (usage, lasted) = (snapshot.until_now()?, start.elapsed());
        let (users, totals) = round.end().await?;
        self.users = users;
        Ok(Step { rate, totals, usage, lasted, is_over, numbered_to })
    }

    /// Everybody leaves. What was seen second by second.
    pub(crate) async fn leave(self) -> anyhow::Result<Vec<Moment>> {
        let timeline = self.watch.end().await?;
        close_all(self.clients).await;
        Ok(timeline)
    }
}

impl Talking {
    /// Until everything that was said was answered and read, or the patience ends.
    pub(crate) async fn finish(mut self) -> anyhow::Result<Talked> {
        sleep_until(self.counted_start.into()).await;
        self.pulse.stage("measuring");
        self.watch.counts_from(self.counted_start);
        let (start, snapshot) = (Instant::now(), Snapshot::take(self.server)?);
        self.round.is_complete_within(self.drain).await?;
        let (usage, lasted) = (snapshot.until_now()?, start.elapsed());
        let timeline = self.watch.end().await?;
        let (_, totals) = self.round.end().await?;
        Ok(Talked { clients: self.clients, totals, usage, lasted, timeline })
    }
}

impl Talked {
    #[cfg(test)]
    pub(crate) fn seen(totals: Totals, usage: Usage) -> Self {
        Self { clients: Vec::new(), totals, usage, lasted: Duration::from_secs(1), timeline: Vec::new() }
    }

    /// Everybody leaves.
    pub(crate) async fn goodbye(&mut self) {
        close_all(std::mem::take(&mut self.clients)).await;
    }

    pub(crate) fn course(&self) -> anyhow::Result<Course> {
        Course::new(self.timeline.clone(), &self.totals.latency[0])
    }

    /// The most that the server's memory was, or is now.
    pub(crate) fn rss_mib_max(&self) -> Option<f64> {
        let now = self.usage.server.as_ref().map(|server| server.rss_mib);
        let seen = self.timeline.iter().filter_map(|moment| moment.server_rss_mib);
        seen.chain(now).max_by(f64::total_cmp)
    }
}
