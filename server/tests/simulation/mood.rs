//! How slow things are at the moment: reads of the store, commits, the way.

use parking_lot::Mutex;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};
use tokio::time::sleep;

use crate::dice::Dice;

pub(crate) struct Mood {
    dice: Mutex<Dice>,
    reads_ms_max: AtomicU64,
    commits_ms_max: AtomicU64,
    way_ms_max: AtomicU64,
}

impl Mood {
    pub(crate) fn new(dice: Dice) -> Self {
        let zero = || AtomicU64::new(0);
        Self { dice: Mutex::new(dice), reads_ms_max: zero(), commits_ms_max: zero(), way_ms_max: zero() }
    }

    pub(crate) fn set(&self, reads_ms_max: u64, commits_ms_max: u64, way_ms_max: u64) {
        self.reads_ms_max.store(reads_ms_max, Ordering::Relaxed);
        self.commits_ms_max.store(commits_ms_max, Ordering::Relaxed);
        self.way_ms_max.store(way_ms_max, Ordering::Relaxed);
    }

    /// A read, or the way to whoever asked for it.
    pub(crate) async fn read(&self) {
        self.pause(&self.reads_ms_max).await;
    }

    pub(crate) async fn commit(&self) {
        self.pause(&self.commits_ms_max).await;
    }

    /// How long bytes take on their way.
    pub(crate) fn way(&self) -> Duration {
        let max = self.way_ms_max.load(Ordering::Relaxed);
        let mut dice = self.dice.lock();
        Duration::from_millis(if max > 0 && dice.one_in(3) { dice.below(max + 1) } else { 0 })
    }

    async fn pause(&self, ms_max: &AtomicU64) {
        let ms_max = ms_max.load(Ordering::Relaxed);
        let (kind, ms) = {
            let mut dice = self.dice.lock();
            (dice.below(4), dice.below(ms_max + 1))
        };
        match kind {
            0 if ms > 0 => sleep(Duration::from_millis(ms)).await,
            1 => tokio::task::yield_now().await,
            _ => {}
        }
    }
}
