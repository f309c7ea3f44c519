//! Those who talk: in this process, or in several that it has started.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use crate::{
    agents::{Crew, CrewRound},
    load::User,
    pulse::Pulse,
    round::Round,
    schedule::Schedule,
    talk::Plan,
    tally::Totals,
};

/// Connected, and silent.
pub(crate) enum Crowd {
    Here(Vec<User>),
    Agents(Crew),
}

/// Something is being said.
pub(crate) enum Saying {
    Here(Round),
    Agents(CrewRound),
}

impl Crowd {
    /// The processes, besides this one.
    pub(crate) fn pids(&self) -> Vec<u32> {
        match self {
            Self::Here(_) => Vec::new(),
            Self::Agents(crew) => crew.pids(),
        }
    }

    pub(crate) async fn begin(self, plan: &Plan, start: Instant, pulse: &Arc<Pulse>) -> anyhow::Result<Saying> {
        Ok(match self {
            Self::Here(users) => Saying::Here(Round::begin(users, plan.schedule(start), pulse)?),
            Self::Agents(crew) => Saying::Agents(crew.begin(plan, start).await?),
        })
    }
}

impl Saying {
    pub(crate) fn schedule(&self) -> &Schedule {
        match self {
            Self::Here(round) => &round.schedule,
            Self::Agents(round) => &round.schedule,
        }
    }

    /// Until everything that was said was answered and read: true; or until the patience ends.
    pub(crate) async fn is_complete_within(&mut self, drain: Duration) -> anyhow::Result<bool> {
        match self {
            Self::Here(round) => round.is_complete_within(drain).await,
            Self::Agents(round) => round.is_complete_within(drain).await,
        }
    }

    /// What came of it.
    pub(crate) async fn end(self) -> anyhow::Result<(Crowd, Totals)> {
        match self {
            Self::Here(round) => round.end().await.map(|(users, totals)| (Crowd::Here(users), totals)),
            Self::Agents(round) => round.end().await.map(|(crew, totals)| (Crowd::Agents(crew), totals)),
        }
    }
}
