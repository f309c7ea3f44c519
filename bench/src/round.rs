//! Some users who say what one schedule has for them and read everything, from its first message
//! to the last delivery. They are connected before, and stay connected behind it.

use anyhow::Context;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{sync::watch, task::JoinSet, time::sleep};

use crate::{
    load::{Progress, User},
    pulse::Pulse,
    schedule::Schedule,
    tally::{Tally, Totals},
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
                Some(ended) = self.talking.join_next() => {
                    ended?.context("a user gave up")?;
                    anyhow::bail!("a user ended early");
                }
                () = sleep(LOOK_EVERY) => {}
            }
            if Instant::now() >= end && self.progress.is_complete(&self.schedule) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What came of it. The users are as they were, in no order.
    pub(crate) async fn end(mut self) -> anyhow::Result<(Vec<User>, Totals)> {
        self.stop.send_replace(true);
        let (mut users, mut tallies) = (Vec::new(), Vec::new());
        while let Some(ended) = self.talking.join_next().await {
            let (user, tally) = ended??;
            users.push(user);
            tallies.push(tally);
        }
        Ok((users, Totals::of(&self.schedule, &tallies, &self.progress.timing)?))
    }
}
