//! Some users who say what one schedule has for them and read everything, from its first message
//! to the last delivery. They are connected before, and stay connected behind it.

use anyhow::{Context, bail};
use std::{
    future::pending,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    load::{Counts, Progress, User},
    pulse::Pulse,
    schedule::Schedule,
    tally::{Set, Tally, Totals, acked},
};

const LOOK_EVERY: Duration = Duration::from_millis(20);

/// See the module.
pub(crate) struct Round {
    pub(crate) schedule: Arc<Schedule>,
    progress: Arc<Progress>,
    talking: JoinSet<anyhow::Result<(User, Tally)>>,
    stop: watch::Sender<bool>,
}

impl Round {
    pub(crate) fn begin(users: Vec<User>, schedule: Schedule, pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        let schedule = Arc::new(schedule);
        let progress = Arc::new(Progress::watched(&schedule, pulse)?);
        let (stop, stopped) = watch::channel(false);
        let mut talking = JoinSet::new();
        for mut user in users {
            let (schedule, progress, stopped) = (Arc::clone(&schedule), Arc::clone(&progress), stopped.clone());
            talking.spawn(async move {
                let tally = user.take_part(schedule, progress, stopped).await?;
                Ok((user, tally))
            });
        }
        Ok(Self { schedule, progress, talking, stop })
    }

    /// Until everything that was said was answered and read: true; or until the patience ends.
    pub(crate) async fn is_complete_within(&mut self, drain: Duration) -> anyhow::Result<bool> {
        let end = self.schedule.end();
        let deadline = self.schedule.gives_up_at().unwrap_or(end) + drain;
        while Instant::now() < deadline {
            tokio::select! {
                ended = self.ends_early() => ended?,
                () = sleep(LOOK_EVERY) => {}
            }
            if Instant::now() >= end && self.progress.is_complete(&self.schedule) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Why a user does not go on; as long as all do, never.
    pub(crate) async fn ends_early(&mut self) -> anyhow::Result<()> {
        match self.talking.join_next().await {
            Some(ended) => ended?.context("a user gave up").and_then(|_| bail!("a user ended early")),
            None => pending().await,
        }
    }

    pub(crate) fn counts(&self) -> Counts {
        self.progress.counts()
    }

    /// What came of it. The users are as they were, in no order.
    pub(crate) async fn end(self) -> anyhow::Result<(Vec<User>, Totals)> {
        let (users, said) = self.stop().await?;
        let totals = said.totals(&said.acked())?;
        Ok((users, totals))
    }

    /// The same where others say something too, and everybody's acks are needed to reckon.
    pub(crate) async fn stop(mut self) -> anyhow::Result<(Vec<User>, Said)> {
        self.stop.send_replace(true);
        let (mut users, mut tallies) = (Vec::new(), Vec::new());
        while let Some(ended) = self.talking.join_next().await {
            let (user, tally) = ended??;
            users.push(user);
            tallies.push(tally);
        }
        Ok((users, Said { schedule: self.schedule, progress: self.progress, tallies }))
    }
}

/// What some users said and read.
pub(crate) struct Said {
    schedule: Arc<Schedule>,
    progress: Arc<Progress>,
    tallies: Vec<Tally>,
}

impl Said {
    /// To these users.
    pub(crate) fn acked(&self) -> Set {
        acked(&self.schedule, &self.tallies)
    }

    /// Of these users, where this was acked to all.
    pub(crate) fn totals(&self, all_acked: &Set) -> anyhow::Result<Totals> {
        Totals::knowing(all_acked, &self.schedule, &self.tallies, &self.progress.timing)
    }
}
