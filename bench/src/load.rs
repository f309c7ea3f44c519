//! One user under load: says what is due, reads everything, counts.

use rill_client::{Client, EntryKind, Event, Events, Receipt, State, TailCause};
use rill_protocol::{ClientId, RoomId};
use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    sync::watch,
    time::{Sleep, sleep_until},
};

use crate::{pulse::Pulse, schedule::Schedule, tally::Tally};

/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;
/// When a full outbox is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(5);

/// How far all users are together, so that the run can end as soon as all is done.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Counted messages that were answered, acked or not.
    pub(crate) answered: AtomicU64,
    /// Deliveries that the acks so far call for.
    pub(crate) expected: AtomicU64,
    pub(crate) delivered: AtomicU64,
    /// For those who watch.
    pub(crate) pulse: Arc<Pulse>,
}

impl Progress {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let nothing = AtomicU64::default;
        Ok(Self { answered: nothing(), expected: nothing(), delivered: nothing(), pulse: Arc::new(Pulse::new()?) })
    }

    pub(crate) fn is_complete(&self, schedule: &Schedule) -> bool {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        read(&self.answered) == schedule.counted() && read(&self.delivered) >= read(&self.expected)
    }
}

/// A user who is attached and waits for the start.
pub(crate) struct User {
    pub(crate) number: usize,
    pub(crate) client: Client,
    pub(crate) events: Events,
    pub(crate) room: RoomId,
}

/// What is being counted.
pub(crate) struct Counting {
    schedule: Arc<Schedule>,
    progress: Arc<Progress>,
    tally: Tally,
    room: RoomId,
    members: u64,
    /// Posts in the order in which the client will have them acked.
    unacked: VecDeque<(ClientId, u32)>,
}

impl User {
    /// Takes part until told to stop.
    pub(crate) async fn run(
        mut self,
        schedule: Arc<Schedule>,
        progress: Arc<Progress>,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Tally> {
        let mut counting = Counting {
            tally: Tally::new(self.number, &schedule)?,
            members: schedule.members(schedule.room(self.number)),
            room: self.room,
            unacked: VecDeque::new(),
            schedule: Arc::clone(&schedule),
            progress,
        };
        let mut due = schedule.of_user(self.number);
        let mut next = due.next();
        let mut timer: std::pin::Pin<Box<Sleep>> = Box::pin(sleep_until(when(&schedule, next).into()));
        let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
        loop {
            tokio::select! {
                taken = self.events.next_many(&mut batch, EVENTS_AT_ONCE) => {
                    if taken == 0 {
                        anyhow::bail!("user {} was thrown out: {:?}", self.number, self.client.state());
                    }
                    for event in batch.drain(..) {
                        counting.event(event)?;
                    }
                }
                () = &mut timer, if next.is_some() => {
                    let now = Instant::now();
                    let mut again = None;
                    while let Some(message) = next.filter(|message| schedule.due(*message) <= now) {
                        match self.client.post(self.room, schedule.text(message)).await {
                            Ok(receipt) => counting.sent(&receipt, message),
                            // The server is behind: the message stays due, and its wait counts.
                            Err(rill_client::Error::OutboxFull) => {
                                again = Some(now + RETRY_AFTER);
                                break;
                            }
                            Err(error) => return Err(error.into()),
                        }
                        next = due.next();
                    }
                    timer.as_mut().reset(again.unwrap_or_else(|| when(&schedule, next)).into());
                }
                _ = stop.changed() => return Ok(counting.tally),
            }
        }
    }
}

fn when(schedule: &Schedule, message: Option<u32>) -> Instant {
    message.map_or_else(|| schedule.end(), |message| schedule.due(message))
}

impl Counting {
    fn sent(&mut self, receipt: &Receipt, message: u32) {
        self.unacked.push_back((receipt.client_id, message));
        if self.schedule.is_counted(message) {
            self.tally.sent += 1;
        }
    }

    fn event(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Entry(entry) if entry.room == self.room => {
                let EntryKind::Posted { text } = &entry.kind else { return Ok(()) };
                let Some(message) = self.schedule.message(text) else { return Ok(()) };
                if let Some(us) = self.tally.delivery(&self.schedule, message, entry.seq, Instant::now()) {
                    self.progress.delivered.fetch_add(1, Ordering::Relaxed);
                    self.progress.pulse.done(self.tally.user(), us);
                }
            }
            Event::Posted(posted) => {
                if let Some(message) = self.answered(posted.client_id) {
                    self.tally.ack(message);
                    if self.schedule.is_counted(message) {
                        self.progress.expected.fetch_add(self.members, Ordering::Relaxed);
                        self.progress.answered.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }
            Event::PostFailed { client_id, .. } => {
                if let Some(message) = self.answered(client_id)
                    && self.schedule.is_counted(message)
                {
                    self.progress.pulse.error();
                    self.tally.refused += 1;
                    self.progress.answered.fetch_add(1, Ordering::Relaxed);
                }
            }
            Event::Tail { room, cause, .. } if room == self.room && cause != TailCause::Started => {
                self.tally.skipped += 1;
            }
            Event::State(State::Online { .. }) => self.progress.pulse.connected(1),
            Event::State(State::Offline { .. }) => {
                self.progress.pulse.error();
                self.progress.pulse.disconnected();
            }
            Event::State(State::LoggedOut(failure) | State::Stopped(failure)) => return Err(failure.into()),
            _ => {}
        }
        Ok(())
    }

    fn answered(&mut self, client_id: ClientId) -> Option<u32> {
        let at = self.unacked.iter().position(|(id, _)| *id == client_id)?;
        self.unacked.remove(at).map(|(_, message)| message)
    }
}
