//! A talk from the first connection to the last delivery: users who post at the moments of a
//! schedule and read everything, watched second by second.

use anyhow::Context;
use rill_client::{Client, TransportKind};
use rill_protocol::RoomId;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, sleep_until},
};

use crate::{
    course::Course,
    load::{Progress, User},
    processes::{Snapshot, Usage},
    pulse::{Moment, View, Watch},
    schedule::Schedule,
    tally::{Tally, Totals},
    target::{Connected, Target, close_all},
};

/// From the last connection to the first message.
const BREATH: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(20);

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
    users: Vec<Connected>,
    progress: Arc<Progress>,
    watch: Watch,
    server: Option<u32>,
}

/// It has begun.
pub(crate) struct Talking {
    pub(crate) counted_start: Instant,
    clients: Vec<Client>,
    schedule: Arc<Schedule>,
    progress: Arc<Progress>,
    talking: JoinSet<anyhow::Result<Tally>>,
    stop: watch::Sender<bool>,
    watch: Watch,
    server: Option<u32>,
    drain: Duration,
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
        let progress = Arc::new(Progress::new()?);
        let watch = Watch::begin(&progress.pulse, view)?;
        progress.pulse.server(target.pid());
        progress.pulse.stage("connecting");
        let users = target.connect(transport).await?;
        let rooms = target.rooms(&users, self.rooms).await?;
        for user in &users {
            user.client.view(Some(rooms[user.number % self.rooms])).await?;
        }
        let clients = users.iter().map(|user| user.client.clone()).collect();
        Ok(Gathered { talk: self, clients, rooms, users, progress, watch, server: target.pid() })
    }
}

impl Gathered {
    pub(crate) fn begin(self) -> Talking {
        let Self { talk, clients, rooms, users, progress, watch, server } = self;
        let spans = (talk.warm_up, &[talk.counted][..]);
        let everybody = (talk.users, talk.rooms);
        let schedule = Schedule::new(Instant::now() + BREATH, talk.rate, everybody, spans, talk.text_bytes);
        let schedule = Arc::new(schedule.said_by(talk.speakers, talk.in_unison));
        let (stop, stopped) = watch::channel(false);
        let mut talking = JoinSet::new();
        for Connected { number, client, events } in users {
            let user = User { number, client, events, room: rooms[schedule.room(number)] };
            talking.spawn(user.run(Arc::clone(&schedule), Arc::clone(&progress), stopped.clone()));
        }
        progress.pulse.stage("warming up");
        let (counted_start, drain) = (schedule.counted_start(), talk.drain);
        Talking { counted_start, clients, schedule, progress, talking, stop, watch, server, drain }
    }
}

impl Talking {
    /// Until everything that was said was answered and read, or the patience ends.
    pub(crate) async fn finish(mut self) -> anyhow::Result<Talked> {
        sleep_until(self.counted_start.into()).await;
        self.progress.pulse.stage("measuring");
        self.watch.counts_from(self.counted_start);
        let (start, snapshot) = (Instant::now(), Snapshot::take(self.server)?);
        self.everything().await?;
        let (usage, lasted) = (snapshot.until_now()?, start.elapsed());
        self.stop.send_replace(true);
        let timeline = self.watch.end().await?;
        let mut tallies: Vec<Tally> = Vec::with_capacity(self.clients.len());
        while let Some(tally) = self.talking.join_next().await {
            tallies.push(tally??);
        }
        let totals = Totals::of(&self.schedule, &tallies)?;
        Ok(Talked { clients: self.clients, totals, usage, lasted, timeline })
    }

    async fn everything(&mut self) -> anyhow::Result<()> {
        let end = self.schedule.end();
        while Instant::now() < end + self.drain {
            tokio::select! {
                Some(ended) = self.talking.join_next() => {
                    ended?.context("a user gave up")?;
                    anyhow::bail!("a user ended early");
                }
                () = sleep(LOOK_EVERY) => {}
            }
            if Instant::now() >= end && self.progress.is_complete(&self.schedule) {
                break;
            }
        }
        Ok(())
    }
}

impl Talked {
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
