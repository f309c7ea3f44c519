//! How long users waited: each of them once, for the longest time that they did.

use parking_lot::Mutex;
use rill_client::Posted;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

use crate::chaos::Watch;

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
}

impl Waits {
    pub(crate) fn new(users: usize, now: Instant) -> Self {
        let users = Mutex::new(vec![Wait { heard: now, longest: Duration::ZERO }; users]);
        Self { users, delivered: AtomicU64::new(0) }
    }

    /// From now on it counts.
    pub(crate) fn begin(&self, now: Instant) {
        self.users.lock().iter_mut().for_each(|wait| *wait = Wait { heard: now, longest: Duration::ZERO });
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

    fn delivered(&self, user: usize, _at_ms: u64, now: Instant) {
        self.delivered.fetch_add(1, Ordering::Relaxed);
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
        let waits = Waits::new(2, start);
        Watch::delivered(&waits, 0, 1, at(900));
        waits.begin(at(1_000));
        Watch::delivered(&waits, 0, 1, at(1_200));
        Watch::delivered(&waits, 0, 1, at(1_250));
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
