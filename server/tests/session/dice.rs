//! Chance that a seed repeats, though not how threads interleave what it decides.

use parking_lot::Mutex;
use std::time::Duration;
use tokio::time::sleep;

pub(crate) struct Dice(Mutex<u64>);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    pub(crate) fn below(&self, bound: u64) -> u64 {
        let mut state = self.0.lock();
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*state >> 33) % bound
    }

    pub(crate) fn one_of<T: Copy>(&self, things: &[T]) -> T {
        things[self.below(things.len() as u64) as usize]
    }

    /// Now and then a moment in which others come first.
    pub(crate) async fn dawdle(&self) {
        match self.below(4) {
            0 => sleep(Duration::from_micros(self.below(3_000))).await,
            1 => tokio::task::yield_now().await,
            _ => {}
        }
    }
}
