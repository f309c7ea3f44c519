//! How long users waited: each of them once, for the longest time that they did. And how
//! long messages took that came from another node.

use hdrhistogram::Histogram;
use parking_lot::Mutex;
use rill_client::Posted;
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{
    chaos::{
        Watch,
        plan::{Message, Plan},
        speaker::latency_us,
    },
    report::Latency,
};

/// One user's.
#[derive(Clone, Copy, Debug)]
struct Wait {
    /// When something was given to them last.
    heard: Instant,
    longest: Duration,
}

/// The stopwatch that everybody shares.
#[derive(Debug)]
pub(crate) struct Waits {
    users: Mutex<Vec<Wait>>,
    /// Entries that were given to somebody.
    delivered: AtomicU64,
    plan: Arc<Plan>,
    /// User `u` is at home at node `u mod nodes`.
    nodes: usize,
    /// From the moment when a message was due to a reader at another node, in microseconds.
    across_us: Mutex<Histogram<u32>>,
}

impl Waits {
    pub(crate) fn new(users: usize, nodes: usize, plan: &Arc<Plan>, now: Instant) -> anyhow::Result<Self> {
        let users = Mutex::new(vec![Wait { heard: now, longest: Duration::ZERO }; users]);
        let across_us = Mutex::new(latency_us()?);
        Ok(Self { users, delivered: AtomicU64::new(0), plan: plan.clone(), nodes, across_us })
    }

    /// From now on it counts.
    pub(crate) fn begin(&self, now: Instant) {
        self.users.lock().iter_mut().for_each(|wait| *wait = Wait { heard: now, longest: Duration::ZERO });
        self.across_us.lock().reset();
    }

    /// Of messages that came from another node, if any did.
    pub(crate) fn across(&self) -> Option<Latency> {
        let across_us = self.across_us.lock();
        (!across_us.is_empty()).then(|| Latency::of(&across_us))
    }

    pub(crate) fn delivered(&self) -> u64 {
        self.delivered.load(Ordering::Relaxed)
    }

    /// Of each user: how long a post of theirs waited for its ack, or how long they were
    /// given nothing, whichever was longer.
    pub(crate) fn longest(&self) -> Vec<Duration> {
        self.users.lock().iter().map(|wait| wait.longest).collect()
    }
}

impl Watch for Waits {
    fn acked(&self, user: usize, _transport: usize, _posted: &Posted, due: Instant, now: Instant) {
        let wait = &mut self.users.lock()[user];
        wait.longest = wait.longest.max(now.saturating_duration_since(due));
    }

    fn delivered(&self, user: usize, _at_ms: u64, message: Option<Message>, now: Instant) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
        if let Some(number) = message.and_then(Message::said_number)
            && self.plan.speaker(number) % self.nodes != user % self.nodes
        {
            let us = now.saturating_duration_since(self.plan.due(number)).as_micros();
            self.across_us.lock().saturating_record(u64::try_from(us).unwrap_or(u64::MAX).max(1));
        }
        let wait = &mut self.users.lock()[user];
        wait.longest = wait.longest.max(now.saturating_duration_since(wait.heard));
        wait.heard = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_client::Posted;
    use rill_protocol::{ClientId, Epoch, RoomId, message::Replay};

    #[test]
    fn the_longest_wait_of_each_counts_from_the_beginning_on() {
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let plan = Arc::new(Plan { start, rate: 1.0, speakers: 2 });
        let waits = Waits::new(2, 2, &plan, start).unwrap();
        Watch::delivered(&waits, 0, 1, Some(Message::said(1)), at(900));
        waits.begin(at(1_000));
        assert!(waits.across().is_none());
        // The first is their own, the second somebody's at the other node, due after a second.
        Watch::delivered(&waits, 0, 1, Some(Message::said(0)), at(1_200));
        Watch::delivered(&waits, 0, 1, Some(Message::said(1)), at(1_250));
        assert_eq!(waits.across().unwrap().max.round(), 250.0);
        let posted = Posted {
            room: RoomId::default(),
            client_id: ClientId::default(),
            epoch: Epoch::default(),
            seq: 1,
            at_ms: 1,
            replay: Replay::First,
        };
        waits.acked(1, 0, &posted, at(1_100), at(1_500));
        assert_eq!(waits.longest(), [200, 400].map(Duration::from_millis));
        assert_eq!(waits.delivered(), 3);
    }
}
