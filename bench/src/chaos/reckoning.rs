//! What a run came to when everybody has gone: acks and deliveries added up, and held
//! against the logs as somebody finds them who comes anew.

use hdrhistogram::Histogram;
use rill_protocol::RoomId;
use serde::Serialize;

use super::{
    audit::{Evidence, Findings, audit},
    listener::{self, Heard},
    plan::Plan,
    speaker::{self, Told},
};
use crate::target::Connected;

/// Keys are fixed: comparisons read them.
#[derive(Debug, Serialize)]
pub(crate) struct Sums {
    pub(crate) acked: u64,
    pub(crate) delivered: u64,
    #[serde(flatten)]
    pub(crate) findings: Findings,
    pub(crate) refused: u64,
    /// Resumes that were too long to replay: history filled the gap.
    pub(crate) gaps: u64,
    pub(crate) epochs_changed: u64,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Reckoning {
    pub(crate) sums: Sums,
    /// From the moment when a message was due to its ack.
    pub(crate) latency_us: Histogram<u32>,
}

impl Reckoning {
    /// `prepared` tells how many messages a room had before, `anew` connects the one who
    /// knows nothing yet.
    pub(crate) async fn of(
        told: &[Told],
        mut heard: Vec<Heard>,
        plan: &Plan,
        rooms: &[RoomId],
        prepared: impl Fn(usize) -> u32,
        mut anew: impl AsyncFnMut(usize) -> anyhow::Result<Connected>,
    ) -> anyhow::Result<Self> {
        let mut sums = Sums {
            acked: told.iter().map(|told| told.acked.len() as u64).sum(),
            delivered: heard.iter().map(|heard| heard.held.given.len() as u64).sum(),
            findings: Findings::default(),
            refused: told.iter().map(|told| told.refused).sum(),
            gaps: heard.iter().map(|heard| heard.gaps).sum(),
            epochs_changed: heard.iter().map(|heard| heard.epochs_changed).sum(),
        };
        for (room, id) in rooms.iter().enumerate() {
            let is_here = |user: usize| user % rooms.len() == room;
            let reader = anew(room).await?;
            let evidence = Evidence {
                prepared: prepared(room),
                log: listener::read(&reader.client, *id, 0, u64::MAX).await?,
                acked: told.iter().filter(|told| is_here(told.user)).flat_map(|told| told.acked.clone()).collect(),
                held: heard.extract_if(.., |heard| is_here(heard.user)).map(|heard| heard.held).collect(),
            };
            reader.client.close().await;
            sums.findings += audit(&evidence, |number| plan.speaker(number));
        }
        let mut latency_us = speaker::latency_us()?;
        for told in told {
            latency_us.add(&told.latency_us)?;
        }
        Ok(Self { sums, latency_us })
    }
}
