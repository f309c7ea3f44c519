//! Who listens during one visit: every room must come without a hole from where its tail began.

use parking_lot::Mutex;
use rill_client::{Client, EntryKind, Event, Events, State, TailCause};
use rill_protocol::RoomId;
use std::{collections::HashMap, sync::Arc, time::Instant};

use super::ledger::Ledger;
use crate::chaos::{listener, plan::Message};

/// Events taken at once.
const EVENTS_AT_ONCE: usize = 256;

/// Of one room in one visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Heard {
    /// Everything above this was to be given.
    pub(crate) base: u64,
    /// The last entry that was.
    pub(crate) last: u64,
    /// Places and numbers of messages.
    pub(crate) given: Vec<(u64, u32)>,
    /// Places that were left out, and entries that came behind a later one.
    pub(crate) skipped: u64,
    pub(crate) doubled: u64,
    /// How often there was too much to replay, so that history filled a gap.
    pub(crate) gaps: u64,
    /// They were there to the end.
    pub(crate) stayed: bool,
    /// What was said before is read up on, and told late by nobody.
    pub(crate) since: Option<Instant>,
}

impl Heard {
    fn entry(&mut self, seq: u64) {
        match seq.checked_sub(self.last + 1) {
            Some(hole) => self.skipped += hole,
            None => self.doubled += 1,
        }
        self.last = self.last.max(seq);
    }
}

/// What one visitor has heard so far; others look at it.
pub(crate) type Memory = Arc<Mutex<HashMap<RoomId, Heard>>>;

/// Listens until the client ends.
pub(crate) async fn listen(
    user: usize,
    client: Client,
    mut events: Events,
    memory: Memory,
    ledger: Arc<Ledger>,
) -> anyhow::Result<()> {
    let mut batch = Vec::with_capacity(EVENTS_AT_ONCE);
    while events.next_many(&mut batch, EVENTS_AT_ONCE).await > 0 {
        for event in batch.drain(..) {
            match event {
                Event::Entry(entry) => {
                    let message = match &entry.kind {
                        EntryKind::Posted { text } => Message::of_text(text).and_then(Message::said_number),
                        _ => None,
                    };
                    let mut memory = memory.lock();
                    let heard = memory.entry(entry.room).or_default();
                    heard.entry(entry.seq);
                    if let Some(number) = message {
                        heard.given.push((entry.seq, number));
                        ledger.delivered(user, number, (heard.since, Instant::now()));
                    }
                }
                Event::Tail { room, base, cause: TailCause::Limited, .. } => {
                    let have = memory.lock().get(&room).map_or(0, |heard| heard.last);
                    let missed = listener::read(&client, room, have, base).await?;
                    let mut memory = memory.lock();
                    let heard = memory.entry(room).or_default();
                    let numbers = missed.iter().filter_map(|placed| {
                        placed.message.and_then(Message::said_number).map(|number| (placed.seq, number))
                    });
                    heard.given.extend(numbers);
                    (heard.last, heard.gaps) = (base, heard.gaps + 1);
                }
                Event::Tail { room, base, .. } => {
                    memory
                        .lock()
                        .insert(room, Heard { base, last: base, since: Some(Instant::now()), ..Heard::default() });
                }
                Event::State(State::Online { .. }) => ledger.pulse.connected(1),
                Event::State(State::Offline { .. } | State::Closed) => ledger.pulse.disconnected(),
                Event::State(State::LoggedOut(failure) | State::Stopped(failure)) => return Err(failure.into()),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hole_and_a_repetition_are_noticed() {
        let mut heard = Heard { base: 5, last: 5, ..Heard::default() };
        for seq in [6, 7, 10, 10, 11] {
            heard.entry(seq);
        }
        assert_eq!((heard.skipped, heard.doubled, heard.last), (2, 1, 11));
    }
}
