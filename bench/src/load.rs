//! One user under load: says what is due, reads everything, counts.

use rill_client::{Client, EntryKind, Event, Events, Receipt, State, TailCause};
use rill_protocol::{ClientId, RoomId};
use serde::{Deserialize, Serialize};
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

use crate::{pulse::Pulse, schedule::Schedule, tally::Tally, target::Connected, timing::Timing};

/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;
/// When a full outbox is tried again.
const RETRY_AFTER: Duration = Duration::from_millis(5);

/// How far users are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Counts {
    answered: u64,
    unsaid: u64,
    expected: u64,
    delivered: u64,
}

impl Counts {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            answered: self.answered + other.answered,
            unsaid: self.unsaid + other.unsaid,
            expected: self.expected + other.expected,
            delivered: self.delivered + other.delivered,
        }
    }

    pub(crate) fn are_complete(self, schedule: &Schedule) -> bool {
        self.answered + self.unsaid == schedule.counted() && self.delivered >= self.expected
    }
}

/// How far all users are together, so that the run can end as soon as all is done.
#[derive(Debug)]
pub(crate) struct Progress {
    /// Counted messages that were answered, acked or not.
    pub(crate) answered: AtomicU64,
    /// Counted messages that stay unsaid.
    unsaid: AtomicU64,
    /// Deliveries that the acks so far call for.
    pub(crate) expected: AtomicU64,
    pub(crate) delivered: AtomicU64,
    pub(crate) timing: Timing,
    /// For those who watch.
    pub(crate) pulse: Arc<Pulse>,
}

impl Progress {
    pub(crate) fn new(schedule: &Schedule) -> anyhow::Result<Self> {
        Self::watched(schedule, &Arc::new(Pulse::new()?))
    }

    /// By somebody whose pulse it is.
    pub(crate) fn watched(schedule: &Schedule, pulse: &Arc<Pulse>) -> anyhow::Result<Self> {
        let nothing = AtomicU64::default;
        let (timing, pulse) = (Timing::new(schedule)?, Arc::clone(pulse));
        let (answered, unsaid, expected, delivered) = (nothing(), nothing(), nothing(), nothing());
        Ok(Self { answered, unsaid, expected, delivered, timing, pulse })
    }

    pub(crate) fn is_complete(&self, schedule: &Schedule) -> bool {
        self.counts().are_complete(schedule)
    }

    pub(crate) fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts {
            answered: read(&self.answered),
            unsaid: read(&self.unsaid),
            expected: read(&self.expected),
            delivered: read(&self.delivered),
        }
    }
}

/// A user who is attached and waits for the start.
pub(crate) struct User {
    pub(crate) number: usize,
    pub(crate) client: Client,
    pub(crate) events: Events,
    pub(crate) room: RoomId,
    is_timed: bool,
}

/// What is being counted.
pub(crate) struct Counting {
    schedule: Arc<Schedule>,
    progress: Arc<Progress>,
    tally: Tally,
    room: RoomId,
    members: u64,
    is_timed: bool,
    /// Posts in the order in which the client will have them acked.
    unacked: VecDeque<(ClientId, u32)>,
}

impl User {
    pub(crate) fn new(connected: Connected, room: RoomId) -> Self {
        let Connected { number, client, events } = connected;
        Self { number, client, events, room, is_timed: true }
    }

    /// How long it takes until this one reads something is not looked at.
    pub(crate) fn untimed(self) -> Self {
        Self { is_timed: false, ..self }
    }

    /// Takes part until told to stop.
    pub(crate) async fn run(
        mut self,
        schedule: Arc<Schedule>,
        progress: Arc<Progress>,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Tally> {
        self.take_part(schedule, progress, stop).await
    }

    /// The same, and may do so again.
    pub(crate) async fn take_part(
        &mut self,
        schedule: Arc<Schedule>,
        progress: Arc<Progress>,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Tally> {
        let mut counting = Counting {
            tally: Tally::new(self.number, &schedule),
            members: schedule.members(schedule.room(self.number)),
            room: self.room,
            is_timed: self.is_timed,
            unacked: VecDeque::new(),
            schedule: Arc::clone(&schedule),
            progress,
        };
        let mut due = schedule.of_user(self.number);
        let mut next = due.next();
        // Whether what is due waits behind what waited for the server.
        let mut is_behind = false;
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
                    if schedule.gives_up_at().is_some_and(|end| end <= now) {
                        counting.unsaid(next.take().into_iter().chain(due.by_ref()));
                    }
                    let mut again = None;
                    while let Some(message) = next.filter(|message| schedule.due(*message) <= now) {
                        if !is_behind {
                            counting.lag(message, now);
                        }
                        // The server is behind: the message stays due, and its wait counts.
                        let held = counting.has_enough_unacked()
                            || match self.client.post(self.room, schedule.text(message)).await {
                                Ok(receipt) => {
                                    counting.sent(&receipt, message);
                                    false
                                }
                                Err(rill_client::Error::OutboxFull) => true,
                                Err(error) => return Err(error.into()),
                            };
                        if held {
                            again = Some(now + RETRY_AFTER);
                            break;
                        }
                        next = due.next();
                    }
                    is_behind = again.is_some();
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

    fn has_enough_unacked(&self) -> bool {
        self.schedule.patience.is_some_and(|patience| self.unacked.len() >= patience.backlog_max)
    }

    /// This program is late by so much with what nobody else holds up.
    fn lag(&self, message: u32, now: Instant) {
        if self.schedule.is_counted(message) {
            let late = now.saturating_duration_since(self.schedule.due(message));
            self.progress.timing.lag.record(self.tally.user(), u64::try_from(late.as_micros()).unwrap_or(u64::MAX));
        }
    }

    fn unsaid(&self, messages: impl Iterator<Item = u32>) {
        let counted = messages.filter(|message| self.schedule.is_counted(*message)).count();
        self.progress.unsaid.fetch_add(counted as u64, Ordering::Relaxed);
    }

    fn event(&mut self, event: Event) -> anyhow::Result<()> {
        match event {
            Event::Entry(entry) if entry.room == self.room => {
                let EntryKind::Posted { text } = &entry.kind else { return Ok(()) };
                let Some(message) = self.schedule.message(text) else { return Ok(()) };
                if let Some(us) = self.tally.delivery(&self.schedule, message, entry.seq, Instant::now()) {
                    self.progress.delivered.fetch_add(1, Ordering::Relaxed);
                    if self.is_timed {
                        self.progress.timing.delivered(self.tally.user(), self.schedule.phase(message), us);
                    }
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
            Event::State(State::Online { .. }) => {
                self.tally.connected += 1;
                self.progress.pulse.connected(1);
            }
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
