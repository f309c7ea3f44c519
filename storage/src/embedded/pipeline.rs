//! The thread that makes batches durable while the committer makes the next one.
//!
//! One batch is on its way at a time. The next one is made over it as if it were durable,
//! and gathers for as long as that takes; it is handed over only when the one before has
//! become durable. If that one failed, what was made over it is thrown away and its
//! commands are answered with the same failure: none of it was written or seen.

use parking_lot::{Condvar, Mutex};
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Weak,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::{
    finish::{Jobs, SharedFinish},
    queue::Order,
    tx::Effects,
};
use crate::{StoreError, engine::Engine};

/// A batch whose rows the engine has been shown.
pub(super) struct Staged {
    pub(super) effects: Effects,
    pub(super) jobs: Jobs,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Busy,
    Ended(Result<(), StoreError>),
}

#[derive(Default)]
struct Progress {
    state: Mutex<State>,
    ended: Condvar,
}

/// The committer's end. Dropping it ends the thread.
pub(super) struct Pipeline {
    progress: Arc<Progress>,
    work: Option<SyncSender<Staged>>,
    thread: Option<JoinHandle<()>>,
}

struct Worker {
    engine: Arc<dyn Engine>,
    finish: SharedFinish,
    progress: Arc<Progress>,
    /// Where the committer waits for orders; who can still give some holds it.
    orders: Weak<SyncSender<Order>>,
}

impl Pipeline {
    pub(super) fn start(
        engine: Arc<dyn Engine>,
        finish: SharedFinish,
        orders: Weak<SyncSender<Order>>,
    ) -> Result<Self, StoreError> {
        let progress = Arc::new(Progress::default());
        let worker = Worker { engine, finish, progress: Arc::clone(&progress), orders };
        let (work, works) = sync_channel(1);
        let thread = thread::Builder::new()
            .name("rill-syncer".into())
            .spawn(move || worker.run(&works))
            .map_err(|error| StoreError::Engine(format!("the syncing thread cannot start: {error}")))?;
        Ok(Self { progress, work: Some(work), thread: Some(thread) })
    }

    pub(super) fn is_busy(&self) -> bool {
        matches!(*self.progress.state.lock(), State::Busy)
    }

    /// Waits for the batch that is on its way; what became of it, the first time it is asked.
    pub(super) fn collect(&self) -> Result<(), StoreError> {
        let mut state = self.progress.state.lock();
        while matches!(*state, State::Busy) {
            self.progress.ended.wait(&mut state);
        }
        match std::mem::take(&mut *state) {
            State::Ended(made) => made,
            State::Idle | State::Busy => Ok(()),
        }
    }

    /// Sends a batch on its way; none is.
    pub(super) fn hand(&self, staged: Staged) {
        *self.progress.state.lock() = State::Busy;
        if self.work.as_ref().is_none_or(|work| work.send(staged).is_err()) {
            let ended = Err(StoreError::Engine("the syncing thread has ended".into()));
            *self.progress.state.lock() = State::Ended(ended);
        }
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Worker {
    fn run(&self, works: &Receiver<Staged>) {
        while let Ok(Staged { effects, jobs }) = works.recv() {
            let mut finish = self.finish.lock();
            let made = catch_unwind(AssertUnwindSafe(|| match self.engine.staging() {
                Some(staging) => finish.make_staged_durable(staging, &effects).inspect_err(|_| staging.unstage()),
                None => Err(StoreError::Engine("the engine takes no batch ahead".into())),
            }));
            let made = made.unwrap_or_else(|_| Err(StoreError::Engine("making a batch durable panicked".into())));
            finish.note(&made);
            // The next batch can come while this one is told and answered.
            *self.progress.state.lock() = State::Ended(made.clone());
            self.progress.ended.notify_all();
            if let Some(orders) = self.orders.upgrade() {
                // A full queue wakes the committer too.
                let _ = orders.try_send(Order::Wake);
            }
            finish.answer(effects, jobs, &made);
        }
    }
}
