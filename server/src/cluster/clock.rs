//! The time of day that all nodes agree on. Machines' clocks differ, by an hour where
//! somebody is careless; a ticket that one node issues for a minute must be worth a minute
//! at another. So a node that shares its store goes by the time of what all nodes ask.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering::Relaxed},
};

use super::attendance::Attendance;
use crate::runtime::Clock;

/// A difference that is worth a word in the log.
const TOLD_MS: u64 = 1_000;

/// The machine's clock, put right.
pub struct AgreedClock {
    own: Arc<dyn Clock>,
    ahead_ms: AtomicI64,
}

impl AgreedClock {
    /// Asks for the time; if nobody says it, the machine's own counts until somebody does.
    pub async fn agree(attendance: &dyn Attendance, own: Arc<dyn Clock>) -> Arc<Self> {
        let clock = Arc::new(Self { own, ahead_ms: AtomicI64::new(0) });
        match attendance.now_ms().await {
            Ok(now_ms) => clock.hear(now_ms),
            Err(away) => tracing::warn!(%away, "the time of the other nodes is not known yet"),
        }
        clock
    }

    /// It is this time now, give or take the way of an answer.
    pub fn hear(&self, now_ms: u64) {
        let ahead_ms = now_ms as i64 - self.own.now_ms() as i64;
        let before = self.ahead_ms.swap(ahead_ms, Relaxed);
        if before.abs_diff(ahead_ms) > TOLD_MS {
            tracing::warn!(ahead_ms, "the clock of this machine is not that of the other nodes: theirs counts");
        }
    }
}

impl Clock for AgreedClock {
    fn now_ms(&self) -> u64 {
        self.own.now_ms().saturating_add_signed(self.ahead_ms.load(Relaxed))
    }
}
