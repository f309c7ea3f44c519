//! Who speaks: hands messages to the client at their moments, whatever the server does,
//! and notes every ack.
//!
//! The client keeps them in its outbox, in a file as a bot's would be, until they are
//! acked. Saying and hearing are two tasks: a wait for acks must hold up no message.

use anyhow::bail;
use hdrhistogram::Histogram;
use rill_client::{Client, Error, Receipt, limits::OUTBOX_POSTS_MAX};
use rill_protocol::{RoomId, message::Replay};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, watch},
    time::{sleep, sleep_until},
};

use super::{
    Watch,
    audit::Placed,
    plan::{Message, Plan},
};

/// When a full outbox is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(5);

/// A user who is connected.
#[derive(Clone, Debug)]
pub(crate) struct Speaker {
    pub(crate) user: usize,
    /// Its place in [`crate::args::SPREAD`].
    pub(crate) transport: usize,
    pub(crate) room: RoomId,
    pub(crate) client: Client,
}

/// What a speaker was told.
#[derive(Debug)]
pub(crate) struct Told {
    pub(crate) user: usize,
    pub(crate) acked: Vec<Placed>,
    /// Posts that the server refused for good, or took for others.
    pub(crate) refused: u64,
    /// From the moment a message was due to its ack, in microseconds.
    pub(crate) latency_us: Histogram<u32>,
}

/// From a microsecond to ten minutes, to three digits.
pub(crate) fn latency_us() -> anyhow::Result<Histogram<u32>> {
    Ok(Histogram::new_with_bounds(1, 600_000_000, 3)?)
}

struct Said {
    number: u32,
    due: Instant,
    receipt: Receipt,
}

impl Speaker {
    /// Speaks until told to stop, then waits for the last acks.
    pub(crate) async fn run(
        self,
        plan: Arc<Plan>,
        watch: Arc<impl Watch>,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Told> {
        // The outbox holds no more: saying never waits for hearing.
        let (said, acks) = mpsc::channel(OUTBOX_POSTS_MAX);
        let (_, told) = tokio::try_join!(self.speak(plan, said, stop), self.hear(watch, acks))?;
        Ok(told)
    }

    async fn speak(
        &self,
        plan: Arc<Plan>,
        said: mpsc::Sender<Said>,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let mut number = u32::try_from(self.user)?;
        loop {
            let due = plan.due(number);
            tokio::select! {
                () = sleep_until(due.into()) => {}
                _ = stop.changed() => return Ok(()),
            }
            let receipt = loop {
                match self.client.post(self.room, Message::said(number).text()).await {
                    Ok(receipt) => break receipt,
                    // The message stays due, and its wait counts.
                    Err(Error::OutboxFull) => sleep(RETRY_AFTER).await,
                    Err(error) => return Err(error.into()),
                }
            };
            if said.send(Said { number, due, receipt }).await.is_err() {
                return Ok(());
            }
            number += u32::try_from(plan.speakers)?;
        }
    }

    async fn hear(&self, watch: Arc<impl Watch>, mut said: mpsc::Receiver<Said>) -> anyhow::Result<Told> {
        let mut told = Told { user: self.user, acked: Vec::new(), refused: 0, latency_us: latency_us()? };
        // All of them are in one room, so they are acked in the order in which they were said.
        while let Some(Said { number, due, receipt }) = said.recv().await {
            match receipt.posted().await {
                Ok(posted) => {
                    let now = Instant::now();
                    watch.acked(self.user, self.transport, &posted, due, now);
                    told.acked.push(Placed { seq: posted.seq, message: Some(Message::said(number)) });
                    told.refused += u64::from(posted.replay == Replay::Different);
                    let us = now.saturating_duration_since(due).as_micros();
                    told.latency_us.saturating_record(u64::try_from(us).unwrap_or(u64::MAX).max(1));
                }
                Err(Error::Refused(_)) => told.refused += 1,
                Err(error) => bail!("speaker {} was thrown out: {error}", self.user),
            }
        }
        Ok(told)
    }
}
