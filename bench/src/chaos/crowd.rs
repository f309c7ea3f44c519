//! Everybody at work: speakers and listeners, until they are told to stop, and in order.

use anyhow::{Context, bail};
use rill_protocol::RoomId;
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    task::JoinSet,
    time::{sleep, timeout},
};

use super::{
    Watch,
    listener::{Heard, Listener},
    plan::Plan,
    speaker::{Speaker, Told},
};
use crate::{args::SPREAD, target::Connected};

/// For the last acks and the last deliveries.
const DRAIN: Duration = Duration::from_secs(60);
/// When all is there: what comes now comes twice.
const AFTERWARDS: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// Who they are. User `u` is in room `u mod rooms`; those who speak come first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cast {
    pub(crate) speakers: usize,
    pub(crate) listeners: usize,
    pub(crate) rooms: usize,
}

impl Cast {
    /// Refuses a cast that leaves something out, and a rate of messages a second that is none.
    pub(crate) fn check(self, rate: f64) -> anyhow::Result<()> {
        if self.speakers < self.rooms * SPREAD.len() {
            bail!("--speakers is at least three times --rooms: every transport speaks in every room");
        }
        if !(rate > 0.0 && rate <= 1e5) {
            bail!("--rate is above 0 and at most 100000 a second");
        }
        Ok(())
    }

    pub(crate) fn users(self) -> usize {
        self.speakers + self.listeners
    }

    /// Of a user, as a place in [`SPREAD`]: each in turn in every room.
    pub(crate) fn transport(self, user: usize) -> usize {
        (user / self.rooms) % SPREAD.len()
    }
}

/// See the module.
pub(crate) struct Crowd {
    speaking: JoinSet<anyhow::Result<Told>>,
    listening: JoinSet<anyhow::Result<Heard>>,
    /// How far each user was given their room.
    reached: Vec<Arc<AtomicU64>>,
    quiet: watch::Sender<bool>,
    gone: watch::Sender<bool>,
}

impl Crowd {
    pub(crate) fn gather<W: Watch>(
        cast: Cast,
        users: Vec<Connected>,
        rooms: &[RoomId],
        plan: &Arc<Plan>,
        watch: &Arc<W>,
    ) -> Self {
        let (quiet, quieted) = watch::channel(false);
        let (gone, going) = watch::channel(false);
        let (mut speaking, mut listening, mut reached) = (JoinSet::new(), JoinSet::new(), Vec::new());
        for Connected { number: user, client, events } in users {
            let room = rooms[user % rooms.len()];
            if user < cast.speakers {
                let speaker = Speaker { user, transport: cast.transport(user), room, client: client.clone() };
                speaking.spawn(speaker.run(plan.clone(), watch.clone(), quieted.clone()));
            }
            let at = Arc::<AtomicU64>::default();
            reached.push(at.clone());
            let listener = Listener { user, room, client, events, reached: at };
            listening.spawn(listener.run(watch.clone(), going.clone()));
        }
        Self { speaking, listening, reached, quiet, gone }
    }

    /// Does `work`, and fails as soon as one of the crowd has to give up.
    pub(crate) async fn while_it_works<T>(&mut self, work: impl Future<Output = T>) -> anyhow::Result<T> {
        tokio::select! {
            done = work => Ok(done),
            Some(ended) = self.speaking.join_next() => {
                ended??;
                bail!("a speaker ended early");
            }
            Some(ended) = self.listening.join_next() => {
                ended??;
                bail!("a listener ended early");
            }
        }
    }

    /// Ends in order: nobody speaks any more, every ack is in, everybody was given what was
    /// acked, and a little later nothing more has come.
    pub(crate) async fn disperse(mut self, cast: Cast) -> anyhow::Result<(Vec<Told>, Vec<Heard>)> {
        self.quiet.send_replace(true);
        let mut told: Vec<Told> = Vec::with_capacity(cast.speakers);
        let hear_out = async {
            while let Some(speaker) = self.speaking.join_next().await {
                told.push(speaker??);
            }
            anyhow::Ok(())
        };
        timeout(DRAIN, hear_out).await.context("some posts were not answered")??;
        let mut ends = vec![0; cast.rooms];
        for told in &told {
            let end = &mut ends[told.user % cast.rooms];
            *end = told.acked.iter().map(|acked| acked.seq).fold(*end, u64::max);
        }
        let deadline = Instant::now() + DRAIN;
        let is_behind = |(user, at): (usize, &Arc<AtomicU64>)| at.load(Ordering::Relaxed) < ends[user % cast.rooms];
        // Whoever is behind at the deadline is found by the audit.
        while self.reached.iter().enumerate().any(is_behind) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
        sleep(AFTERWARDS).await;
        self.gone.send_replace(true);
        let mut heard = Vec::with_capacity(cast.users());
        while let Some(listener) = self.listening.join_next().await {
            heard.push(listener??);
        }
        Ok((told, heard))
    }
}
