//! Who listens: notes everything that the client gives, in the order in which it gives it.

use anyhow::{Context, bail};
use rill_client::{Client, EntryKind, Event, Events, HistoryPage, State, TailCause};
use rill_protocol::{
    RoomId,
    message::{Direction, MessageKind},
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};
use tokio::sync::watch;

use super::{
    Watch,
    audit::{Held, Placed},
    plan::Message,
};

/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;
/// The most that the server gives.
const PAGE: u32 = rill_protocol::limits::HISTORY_PAGE_MAX as u32;

/// A user who is connected.
#[derive(Debug)]
pub(crate) struct Listener {
    pub(crate) user: usize,
    pub(crate) room: RoomId,
    pub(crate) client: Client,
    pub(crate) events: Events,
    /// The last seq that was given; others look at it.
    pub(crate) reached: Arc<AtomicU64>,
}

/// What a listener came to.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    pub(crate) user: usize,
    pub(crate) held: Held,
    /// How often there was too much to replay, so that history had to fill a gap.
    pub(crate) gaps: u64,
    /// How often the log became another one.
    pub(crate) epochs_changed: u64,
}

impl Listener {
    /// Listens until told to stop.
    pub(crate) async fn run(
        mut self,
        watch: Arc<impl Watch>,
        mut stop: watch::Receiver<bool>,
    ) -> anyhow::Result<Heard> {
        let mut heard = Heard { user: self.user, ..Heard::default() };
        let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
        loop {
            tokio::select! {
                taken = self.events.next_many(&mut batch, EVENTS_AT_ONCE) => {
                    if taken == 0 {
                        bail!("user {} was thrown out: {:?}", self.user, self.client.state());
                    }
                    for event in batch.drain(..) {
                        self.event(event, &mut heard, &*watch).await?;
                    }
                }
                _ = stop.changed() => return Ok(heard),
            }
        }
    }

    async fn event(&self, event: Event, heard: &mut Heard, watch: &impl Watch) -> anyhow::Result<()> {
        match event {
            Event::Entry(entry) if entry.room == self.room => {
                let message = match &entry.kind {
                    EntryKind::Posted { text } => Message::of_text(text),
                    _ => None,
                };
                self.reached.store(entry.seq, Ordering::Relaxed);
                watch.delivered(self.user, entry.at_ms, message, Instant::now());
                heard.held.given.push(Placed { seq: entry.seq, message });
            }
            Event::Tail { room, base, cause, .. } if room == self.room => match cause {
                TailCause::Started => {
                    heard.held.base = base;
                    self.reached.store(base, Ordering::Relaxed);
                }
                TailCause::Limited => {
                    heard.gaps += 1;
                    let have = self.reached.load(Ordering::Relaxed);
                    let missed = read(&self.client, self.room, have, base).await?;
                    heard.held.given.extend(missed);
                    self.reached.store(base, Ordering::Relaxed);
                }
                TailCause::EpochChanged => heard.epochs_changed += 1,
            },
            Event::State(State::Online { .. }) => watch.way(self.user, true),
            Event::State(State::Offline { reason, .. }) => {
                watch.way(self.user, false);
                watch.away(self.user, &reason);
            }
            Event::State(State::LoggedOut(failure) | State::Stopped(failure)) => {
                return Err(failure).with_context(|| format!("user {} was thrown out", self.user));
            }
            _ => {}
        }
        Ok(())
    }
}

/// The messages of a room behind `after` up to `until`, page after page.
pub(crate) async fn read(client: &Client, room: RoomId, after: u64, until: u64) -> anyhow::Result<Vec<Placed>> {
    let (mut found, mut after) = (Vec::new(), after);
    loop {
        let HistoryPage { messages, next, .. } = client.history(room, Direction::After, after, PAGE).await?;
        for message in messages {
            let seq = message.seq.get();
            if seq > until {
                return Ok(found);
            }
            let of_text = || Message::of_text(&message.text);
            found.push(Placed { seq, message: (message.kind == MessageKind::Text).then(of_text).flatten() });
        }
        match next {
            Some(next) => after = next.get(),
            None => return Ok(found),
        }
    }
}
