//! One switch that tells every part of the server to end.
//!
//! Whoever waits is woken in the order of coming, which tokio's `watch` leaves to chance.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::Notify;

#[derive(Default)]
struct Shared {
    is_thrown: AtomicBool,
    told: Notify,
}

/// Held by whoever runs the server. Dropping it throws it.
#[derive(Default)]
pub struct StopSwitch(Arc<Shared>);

/// Held by whoever has to end.
#[derive(Clone)]
pub struct Stop(Arc<Shared>);

impl StopSwitch {
    /// A switch that was not thrown.
    pub fn new() -> Self {
        Self::default()
    }

    /// Everybody ends. There is no way back.
    pub fn throw(&self) {
        self.0.is_thrown.store(true, Ordering::Release);
        self.0.told.notify_waiters();
    }

    pub fn stop(&self) -> Stop {
        Stop(self.0.clone())
    }
}

impl Drop for StopSwitch {
    fn drop(&mut self) {
        self.throw();
    }
}

impl Stop {
    /// Whether the switch was thrown.
    pub fn is_thrown(&self) -> bool {
        self.0.is_thrown.load(Ordering::Acquire)
    }

    /// Resolves once the switch is thrown, or gone; also if it was before. Cancel safe.
    pub async fn thrown(&mut self) {
        // Made before the look, so that a throw in between is not missed.
        let told = self.0.told.notified();
        if !self.is_thrown() {
            told.await;
        }
    }
}
