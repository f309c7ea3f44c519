//! A talk from the first connection to the last delivery: users who post at the moments of a
//! schedule and read everything, watched second by second.

use anyhow::Context;
use rill_client::{Client, TransportKind};
use rill_protocol::RoomId;
use serde::{Deserialize, Serialize};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::time::sleep_until;

use crate::{
    agents::Crew,
    course::Course,
    crowd::{Crowd, Saying},
    load::User,
    processes::{Snapshot, Usage},
    pulse::{Moment, Pulse, View, Watch},
    rebind,
    schedule::{Patience, Schedule},
    tally::Totals,
    target::{Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
const NOBODY: &str = "nobody is there any more";

/// What is to be said.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
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

/// A talk among others in the same rooms, as all who take part know it.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub(crate) struct Plan {
    talk: Talk,
    /// Nothing where the load is kept up in any case.
    patience: Option<Patience>,
    /// What the text of the first message says.
    numbered_from: u32,
    /// The counted time has the phases of [`rebind::phases`].
    is_rebound: bool,
}

/// Everybody is connected and looks at their room.
pub(crate) struct Gathered {
    talk: Talk,
    /// By the users' numbers; of those in this process.
    pub(crate) clients: Vec<Client>,
    pub(crate) rooms: Vec<RoomId>,
    /// Nobody while something is being said.
    crowd: Option<Crowd>,
    pulse: Arc<Pulse>,
    watch: Watch,
    server: Option<u32>,
}

/// It has begun.
pub(crate) struct Talking {
    pub(crate) counted_start: Instant,
    clients: Vec<Client>,
    saying: Saying,
    /// The processes that the users are in, besides this one.
    agents: Vec<u32>,
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
    crowd: Option<Crowd>,
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
        self.gather_in((1, 0), target, transport, view).await
    }

    /// The same, with the users divided among so many processes of so many threads each; one is
    /// this process itself.
    pub(crate) async fn gather_in(
        self,
        (agents, workers): (usize, usize),
        target: &mut Target,
        transport: impl Fn(usize) -> TransportKind,
        view: View,
    ) -> anyhow::Result<Gathered> {
        let pulse = Arc::new(Pulse::new()?);
        let watch = Watch::begin(&pulse, view)?;
        pulse.server(target.pid());
        pulse.stage("connecting");
        let server = target.pid();
        if agents > 1 {
            let crew = Crew::gather((agents, workers), target, transport, self.rooms, &pulse).await?;
            let (crowd, clients, rooms) = (Some(Crowd::Agents(crew)), Vec::new(), Vec::new());
            return Ok(Gathered { talk: self, clients, rooms, crowd, pulse, watch, server });
        }
        let users = target.connect(transport).await?;
        let rooms = target.rooms(&users, self.rooms).await?;
        for user in &users {
            user.client.view(Some(rooms[user.number % self.rooms])).await?;
        }
        let clients = users.iter().map(|user| user.client.clone()).collect();
        let users = users.into_iter().map(|user| (rooms[user.number % self.rooms], user));
        let users = users.map(|(room, user)| User::new(user, room)).collect();
        let crowd = Some(Crowd::Here(users));
        Ok(Gathered { talk: self, clients, rooms, crowd, pulse, watch, server })
    }
}

impl Plan {
    pub(crate) fn schedule(&self, start: Instant) -> Schedule {
        let Talk { users, rooms, speakers, rate, in_unison, warm_up, counted, text_bytes, .. } = self.talk;
        let phases = if self.is_rebound { rebind::phases(counted).to_vec() } else { vec![counted] };
        let schedule = Schedule::new(start, rate, (users, rooms), (warm_up, &phases), text_bytes);
        let schedule = schedule.said_by(speakers, in_unison).numbered_from(self.numbered_from);
        match self.patience {
            Some(patience) => schedule.giving_up(patience),
            None => schedule,
        }
    }
}

impl Gathered {
    pub(crate) async fn begin(self) -> anyhow::Result<Talking> {
        self.begin_with(false).await
    }

    /// With a change of addresses in the middle, for which the counted time has phases.
    pub(crate) async fn begin_rebound(self) -> anyhow::Result<Talking> {
        self.begin_with(true).await
    }

    async fn begin_with(self, is_rebound: bool) -> anyhow::Result<Talking> {
        let Self { talk, clients, crowd, pulse, watch, server, .. } = self;
        pulse.stage("warming up");
        let plan = Plan { talk, patience: None, numbered_from: 0, is_rebound };
        let crowd = crowd.context(NOBODY)?;
        let agents = crowd.pids();
        let saying = crowd.begin(&plan, Instant::now() + BREATH, &pulse).await?;
        let (counted_start, drain) = (saying.schedule().counted_start(), talk.drain);
        Ok(Talking { counted_start, clients, saying, agents, pulse, watch, server, drain })
    }

    /// Everybody says what is said at another rate, and stays. Texts are numbered on from
    /// `numbered_from`.
    pub(crate) async fn step(&mut self, rate: f64, patience: Patience, numbered_from: u32) -> anyhow::Result<Step> {
        let talk = Talk { rate, ..self.talk };
        let plan = Plan { talk, patience: Some(patience), numbered_from, is_rebound: false };
        let start = Instant::now() + BREATH;
        let numbered_to = plan.schedule(start).next_number().context("so many messages have no numbers")?;
        self.pulse.stage(format!("{rate:.0}/s"));
        let crowd = self.crowd.take().context(NOBODY)?;
        let agents = crowd.pids();
        let mut saying = crowd.begin(&plan, start, &self.pulse).await?;
        let counted_start = saying.schedule().counted_start();
        sleep_until(counted_start.into()).await;
        self.watch.counts_from_first(counted_start);
        let (start, snapshot) = (Instant::now(), Snapshot::with_agents(self.server, agents)?);
        let is_over = saying.is_complete_within(talk.drain).await?;
        let (usage, lasted) = (snapshot.until_now()?, start.elapsed());
        let (crowd, totals) = saying.end().await?;
        self.crowd = Some(crowd);
        Ok(Step { rate, totals, usage, lasted, is_over, numbered_to })
    }

    /// Everybody leaves. What was seen second by second.
    pub(crate) async fn leave(self) -> anyhow::Result<Vec<Moment>> {
        let timeline = self.watch.end().await?;
        leave(self.crowd, self.clients).await?;
        Ok(timeline)
    }
}

impl Talking {
    /// When a counted phase begins.
    pub(crate) fn phase_start(&self, phase: usize) -> Instant {
        self.saying.schedule().phase_start(phase)
    }

    /// By the users' numbers.
    pub(crate) fn clients(&self) -> &[Client] {
        &self.clients
    }

    /// Until everything that was said was answered and read, or the patience ends.
    pub(crate) async fn finish(mut self) -> anyhow::Result<Talked> {
        sleep_until(self.counted_start.into()).await;
        self.pulse.stage("measuring");
        self.watch.counts_from(self.counted_start);
        let (start, snapshot) = (Instant::now(), Snapshot::with_agents(self.server, self.agents)?);
        self.saying.is_complete_within(self.drain).await?;
        let (usage, lasted) = (snapshot.until_now()?, start.elapsed());
        let timeline = self.watch.end().await?;
        let (crowd, totals) = self.saying.end().await?;
        Ok(Talked { clients: self.clients, crowd: Some(crowd), totals, usage, lasted, timeline })
    }
}

impl Talked {
    #[cfg(test)]
    pub(crate) fn seen(totals: Totals, usage: Usage) -> Self {
        Self { clients: Vec::new(), crowd: None, totals, usage, lasted: Duration::from_secs(1), timeline: Vec::new() }
    }

    /// Everybody leaves.
    pub(crate) async fn goodbye(&mut self) -> anyhow::Result<()> {
        leave(self.crowd.take(), std::mem::take(&mut self.clients)).await
    }

    pub(crate) fn course(&self) -> anyhow::Result<Course> {
        Course::new(self.timeline.clone(), &self.totals.latency_of_all()?)
    }

    /// The most that the server's memory was, or is now.
    pub(crate) fn rss_mib_max(&self) -> Option<f64> {
        let now = self.usage.server.as_ref().map(|server| server.rss_mib);
        let seen = self.timeline.iter().filter_map(|moment| moment.server_rss_mib);
        seen.chain(now).max_by(f64::total_cmp)
    }
}

async fn leave(crowd: Option<Crowd>, clients: Vec<Client>) -> anyhow::Result<()> {
    match crowd {
        Some(Crowd::Agents(crew)) => crew.leave().await?,
        // Nobody reads their events any more.
        here => drop(here),
    }
    close_all(clients).await;
    Ok(())
}
