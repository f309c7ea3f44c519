//! What nodes say to each other: hints, on channels that only those hear who asked.
//!
//! Any of them may be lost, late or repeated, and the bus may be away for a while. So a
//! message says "look", never what there is to see, and the beginning of every hearing is
//! an occasion to look: what was said before it was said to nobody here.

use async_trait::async_trait;
use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId};
use rill_storage::port::changes::Changed;
use std::{collections::BTreeMap, sync::Arc};
use tokio::{
    sync::Notify,
    time::{Instant, sleep_until},
};

use crate::limits::{BUS_BYTES_WAITING_MAX, BUS_EVENTS_WAITING_MAX};

/// What is talked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    /// Doorbells of a room's log.
    Room(RoomId),
    /// Doorbells of a user's own log.
    User(UserId),
    /// Where a user is attached.
    Presence(UserId),
    /// Which nodes there are.
    Nodes,
    /// That logins have ended.
    Logins,
    /// Who writes, in any room.
    Typing,
    /// How many of a large room are online, of any that somebody looks at.
    Crowd,
    /// What changes of a room or a user beside their logs.
    Change(Changed),
}

/// What the bus tells a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Message {
        channel: Channel,
        payload: Arc<[u8]>,
    },
    /// From here on the channel is heard, for the first time or again.
    Heard(Channel),
    /// Something was dropped, of whatever channel.
    Missed,
    /// Nothing is heard any more, until it is told of each channel that it is.
    Away,
}

/// One node's place on the bus. Every method but `next` returns at once; what cannot be
/// done now is done when the bus is there again (subscriptions), or not at all (messages).
#[async_trait]
pub trait Bus: Send + Sync + 'static {
    /// Says something to whoever hears the channel, this node included.
    fn publish(&self, channel: Channel, payload: String);
    /// Asks to hear a channel; [`Event::Heard`] comes when it is heard.
    fn subscribe(&self, channel: Channel);
    /// Some messages may still come.
    fn unsubscribe(&self, channel: Channel);
    /// The next event. Cancel safe; one caller at a time.
    async fn next(&self) -> Event;
    /// Does what has to be done for the above, for as long as it is polled.
    async fn run(&self) {}
}

/// Events that wait for their node, bounded. An event may be put in for later.
#[derive(Default)]
pub(super) struct Inlet {
    state: Mutex<Waiting>,
    came: Notify,
}

#[derive(Default)]
struct Waiting {
    /// By the time when they are due, and in the order of their coming.
    events: BTreeMap<(Instant, u64), Event>,
    came: u64,
    /// Of all payloads.
    bytes: usize,
}

/// What an event holds beside its place.
fn payload_bytes(event: &Event) -> usize {
    match event {
        Event::Message { payload, .. } => payload.len(),
        Event::Heard(_) | Event::Missed | Event::Away => 0,
    }
}

impl Inlet {
    pub(super) fn push(&self, due: Instant, event: Event) {
        let mut waiting = self.state.lock();
        waiting.came += 1;
        let key = (due, waiting.came);
        let bytes = waiting.bytes + payload_bytes(&event);
        if waiting.events.len() >= BUS_EVENTS_WAITING_MAX || bytes > BUS_BYTES_WAITING_MAX {
            let is_away = event == Event::Away || waiting.events.values().any(|waiting| *waiting == Event::Away);
            waiting.events.clear();
            waiting.bytes = 0;
            waiting.events.insert(key, Event::Missed);
            if is_away {
                // That nothing is heard stays true.
                waiting.came += 1;
                let behind = (due, waiting.came);
                waiting.events.insert(behind, Event::Away);
            }
        } else {
            waiting.bytes = bytes;
            waiting.events.insert(key, event);
        }
        drop(waiting);
        self.came.notify_one();
    }

    /// Cancel safe.
    pub(super) async fn next(&self) -> Event {
        loop {
            let due = {
                let mut waiting = self.state.lock();
                match waiting.events.first_entry() {
                    Some(first) if first.key().0 <= Instant::now() => {
                        let event = first.remove();
                        waiting.bytes -= payload_bytes(&event);
                        return event;
                    }
                    first => first.map(|first| first.key().0),
                }
            };
            tokio::select! {
                biased;
                () = self.came.notified() => {}
                () = until(due) => {}
            }
        }
    }

    /// What was on its way is lost.
    pub(super) fn clear(&self) {
        let mut waiting = self.state.lock();
        waiting.events.clear();
        waiting.bytes = 0;
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => sleep_until(due).await,
        None => std::future::pending().await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[tokio::test(start_paused = true)]
    async fn events_come_when_they_are_due_and_too_many_become_one_that_says_so() {
        let inlet = Inlet::default();
        let now = Instant::now();
        inlet.push(now + Duration::from_secs(5), Event::Heard(Channel::Nodes));
        inlet.push(now, Event::Heard(Channel::User(UserId([1; 16]))));
        assert_eq!(inlet.next().await, Event::Heard(Channel::User(UserId([1; 16]))));
        assert_eq!(inlet.next().await, Event::Heard(Channel::Nodes));
        assert_eq!(now.elapsed(), Duration::from_secs(5));
        for _ in 0..=BUS_EVENTS_WAITING_MAX {
            inlet.push(now, Event::Heard(Channel::Nodes));
        }
        assert_eq!(inlet.next().await, Event::Missed);
        assert!(inlet.state.lock().events.is_empty());
        let room = Channel::User(UserId([1; 16]));
        let large = || Event::Message { channel: room, payload: vec![0; 1024 * 1024].into() };
        inlet.push(now, large());
        assert_eq!(inlet.next().await, large());
        inlet.push(now, Event::Away);
        for _ in 0..=BUS_BYTES_WAITING_MAX / (1024 * 1024) {
            inlet.push(now, large());
        }
        assert_eq!((inlet.next().await, inlet.next().await), (Event::Missed, Event::Away));
        assert!(inlet.state.lock().events.is_empty() && inlet.state.lock().bytes == 0);
    }
}
