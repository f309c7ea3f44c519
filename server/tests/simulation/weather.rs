//! What the bus between nodes does to messages: it loses, delays and repeats them.

use parking_lot::Mutex;
use rill_server::{cluster::local::Fate, runtime::Clock};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use crate::{clock::Watch, dice::Dice};

pub(crate) struct Weather {
    dice: Mutex<Dice>,
    /// Of a hundred messages.
    lost: AtomicU64,
    twice: AtomicU64,
    late_ms_max: AtomicU64,
    /// Since when every message comes, at once and once.
    quiet: Mutex<Option<Instant>>,
}

impl Weather {
    pub(crate) fn new(dice: Dice) -> Self {
        let zero = || AtomicU64::new(0);
        Self {
            dice: Mutex::new(dice),
            lost: zero(),
            twice: zero(),
            late_ms_max: zero(),
            quiet: Mutex::new(Some(Instant::now())),
        }
    }

    pub(crate) fn set(&self, lost: u64, twice: u64, late_ms_max: u64) {
        self.lost.store(lost, Ordering::Relaxed);
        self.twice.store(twice, Ordering::Relaxed);
        self.late_ms_max.store(late_ms_max, Ordering::Relaxed);
        let mut quiet = self.quiet.lock();
        match (lost, twice, late_ms_max) {
            (0, 0, 0) => drop(quiet.get_or_insert_with(Instant::now)),
            _ => *quiet = None,
        }
    }

    /// Since when every message comes, at once and once; nothing if they do not.
    pub(crate) fn quiet(&self) -> Option<Instant> {
        *self.quiet.lock()
    }

    pub(crate) fn fate(&self) -> Fate {
        let mut dice = self.dice.lock();
        let kind = dice.below(100);
        let late_ms_max = self.late_ms_max.load(Ordering::Relaxed);
        let mut late = || Duration::from_millis(dice.below(late_ms_max + 1));
        let (lost, twice) = (self.lost.load(Ordering::Relaxed), self.twice.load(Ordering::Relaxed));
        if kind < lost {
            Fate::Lost
        } else if kind < lost + twice {
            Fate::Twice(late(), late())
        } else {
            Fate::After(late())
        }
    }
}

/// The clock of a machine that somebody has set by hand.
pub(crate) struct Skewed {
    pub(crate) watch: Arc<Watch>,
    pub(crate) ahead_ms: i64,
}

impl Clock for Skewed {
    fn now_ms(&self) -> u64 {
        self.watch.now_ms().saturating_add_signed(self.ahead_ms)
    }
}
