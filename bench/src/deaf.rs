//! A session whose application reads nothing for a while, and then everything: what it
//! missed must be there, in order and without a hole that was not announced.

use anyhow::{Context, bail};
use rill_client::{Client, Event, Events};
use rill_protocol::{Epoch, RoomId, message::Direction};
use std::time::Duration;
use tokio::time::timeout;

use crate::target::Connected;

/// For the newest entry, from the moment it begins to read.
const PATIENCE: Duration = Duration::from_secs(60);

/// See the module.
pub(crate) struct Deaf {
    number: usize,
    client: Client,
    events: Events,
    room: RoomId,
}

/// What it found when it began to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Entries that were given out.
    pub(crate) entries: u64,
    /// How often a tail began anew behind the first: so much was missed that history holds
    /// it, and not the tail.
    pub(crate) tails_restarted: u64,
}

impl Deaf {
    /// Looks at the room, as a window that was just opened does, and reads nothing.
    pub(crate) async fn new(connected: Connected, room: RoomId) -> anyhow::Result<Self> {
        let Connected { number, client, events } = connected;
        client.view(Some(room)).await?;
        Ok(Self { number, client, events, room })
    }

    /// Reads up to the newest entry.
    pub(crate) async fn catch_up(mut self) -> anyhow::Result<Found> {
        let found = timeout(PATIENCE, self.read_all()).await;
        let found = found.unwrap_or_else(|_| bail!("it does not come to the newest entry"));
        let found = found.with_context(|| format!("session {}: {:?}", self.number, self.client.state()));
        self.client.close().await;
        found
    }

    async fn read_all(&mut self) -> anyhow::Result<Found> {
        let mut newest = std::pin::pin!(self.client.history(self.room, Direction::Before, (1 << 53) - 1, 1));
        let (mut tail, mut head, mut found) = (Tail::default(), None, Found::default());
        while head.is_none_or(|head| tail.have < head) {
            tokio::select! {
                page = &mut newest, if head.is_none() => head = Some(page?.as_of.get()),
                event = self.events.next() => {
                    tail.event(&event.context("the session ended")?, self.room, &mut found)?;
                }
            }
        }
        Ok(found)
    }
}

/// What was given out of the room.
#[derive(Debug, Default)]
struct Tail {
    epoch: Option<Epoch>,
    have: u64,
}

impl Tail {
    fn event(&mut self, event: &Event, room: RoomId, found: &mut Found) -> anyhow::Result<()> {
        match event {
            Event::Tail { room: of, epoch, base, .. } if *of == room => {
                found.tails_restarted += u64::from(self.epoch.is_some());
                (self.epoch, self.have) = (Some(*epoch), *base);
            }
            Event::Entry(entry) if entry.room == room => {
                if Some(entry.epoch) != self.epoch || entry.seq != self.have + 1 {
                    bail!("entry {} came behind {}", entry.seq, self.have);
                }
                self.have = entry.seq;
                found.entries += 1;
            }
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_client::{Entry, EntryKind, TailCause};

    const ROOM: RoomId = RoomId([1; 16]);

    fn tail(base: u64) -> Event {
        Event::Tail { room: ROOM, epoch: Epoch([2; 16]), base, head: base, cause: TailCause::Limited }
    }

    fn entry(seq: u64) -> Event {
        Event::Entry(Entry {
            room: ROOM,
            epoch: Epoch([2; 16]),
            seq,
            at_ms: 0,
            author: Default::default(),
            client_id: Default::default(),
            kind: EntryKind::Joined,
        })
    }

    #[test]
    fn a_hole_is_a_fault_unless_the_tail_began_anew() {
        let (mut seen, mut found) = (Tail::default(), Found::default());
        for event in [tail(5), entry(6), entry(7), tail(50), entry(51)] {
            seen.event(&event, ROOM, &mut found).unwrap();
        }
        assert_eq!((seen.have, found), (51, Found { entries: 3, tails_restarted: 1 }));
        for wrong in [entry(51), entry(53)] {
            assert!(seen.event(&wrong, ROOM, &mut found).is_err());
        }
    }
}
