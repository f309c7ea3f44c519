//! The thread that puts generations into the engine, one at a time.

use parking_lot::{Condvar, Mutex};
use std::{
    path::PathBuf,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use super::{Engine, Layers, Overlay, recovery, spares::Spares};
use crate::{StoreError, platform};

/// A generation on its way to the engine.
pub(super) struct Handed {
    pub(super) rows: Arc<Overlay>,
    /// The last batch in it.
    pub(super) through: u64,
    /// What can go once the engine has it, oldest first.
    pub(super) segments: Vec<PathBuf>,
}

enum State {
    Idle,
    Busy,
    /// For good: the journal keeps what the engine did not take.
    Failed(StoreError),
}

struct Progress {
    state: Mutex<State>,
    changed: Condvar,
}

/// The handle of the thread, which ends with it.
pub(super) struct Applier {
    progress: Arc<Progress>,
    work: Option<SyncSender<Handed>>,
    thread: Option<JoinHandle<()>>,
}

impl Applier {
    pub(super) fn start(layers: Arc<Layers>, spares: Arc<Spares>) -> Result<Self, StoreError> {
        let progress = Arc::new(Progress { state: Mutex::new(State::Idle), changed: Condvar::new() });
        let (work, orders) = sync_channel(1);
        let shared = Arc::clone(&progress);
        let thread = thread::Builder::new()
            .name("rill-applier".into())
            .spawn(move || run(&layers, &spares, &shared, &orders))
            .map_err(|error| StoreError::Engine(format!("the applier's thread cannot start: {error}")))?;
        Ok(Self { progress, work: Some(work), thread: Some(thread) })
    }

    /// Whether it can be handed a generation.
    pub(super) fn is_idle(&self) -> Result<bool, StoreError> {
        match &*self.progress.state.lock() {
            State::Idle => Ok(true),
            State::Busy => Ok(false),
            State::Failed(error) => Err(error.clone()),
        }
    }

    pub(super) fn hand(&self, handed: Handed) {
        *self.progress.state.lock() = State::Busy;
        if self.work.as_ref().is_none_or(|work| work.send(handed).is_err()) {
            let failed = State::Failed(StoreError::Engine("the applier's thread has ended".into()));
            *self.progress.state.lock() = failed;
        }
    }

    /// Waits until it is idle.
    pub(super) fn wait(&self) -> Result<(), StoreError> {
        let mut state = self.progress.state.lock();
        loop {
            match &*state {
                State::Idle => return Ok(()),
                State::Failed(error) => return Err(error.clone()),
                State::Busy => self.progress.changed.wait(&mut state),
            }
        }
    }
}

impl Drop for Applier {
    fn drop(&mut self) {
        drop(self.work.take());
        if let Some(thread) = self.thread.take() {
            // It catches what it can fail of.
            let _ = thread.join();
        }
    }
}

fn run(layers: &Layers, spares: &Spares, progress: &Progress, orders: &Receiver<Handed>) {
    platform::yield_to_other_threads();
    while let Ok(Handed { rows, through, segments }) = orders.recv() {
        let applied = apply(&*layers.engine, &rows, through);
        let state = match applied {
            Ok(()) => {
                drop(rows);
                layers.thaw();
                spares.retire(segments);
                State::Idle
            }
            Err(error) => {
                tracing::error!(%error, "the engine does not take what is in the journal; the store refuses writes until a restart");
                State::Failed(error)
            }
        };
        *progress.state.lock() = state;
        progress.changed.notify_all();
    }
}

/// Puts rows into the engine, durably; it then has every batch through that number.
pub(super) fn apply(engine: &dyn Engine, rows: &Overlay, through: u64) -> Result<(), StoreError> {
    engine.absorb(rows, recovery::applied_row(through))
}
