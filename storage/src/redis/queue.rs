//! Where commands wait for their slot's turn: those of one slot in their order, as one batch
//! where several wait; those of different slots beside each other.

use std::{
    collections::VecDeque,
    sync::{Arc, atomic::Ordering::Relaxed},
};
use tokio::sync::oneshot;

use super::{commit::Empty, core::Core, memory::Known};
use crate::{
    StoreError,
    aggregates::Slot,
    embedded::{
        queue::{Job, Reply},
        tx::Tx,
    },
    limits::{QUEUE_COMMANDS_MAX, SCRIPT_COMMANDS_MAX, SLOT_QUEUE_COMMANDS_MAX},
};

/// A command that can run again.
struct Repeatable<T, F> {
    command: F,
    outcome: Option<Result<T, StoreError>>,
    queued_us: Option<u64>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Repeatable<T, F>
where
    T: Send,
    F: Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) {
        self.outcome = Some(tx.run(|tx| (self.command)(tx)));
    }

    fn queued_us(&self) -> Option<u64> {
        self.queued_us
    }

    fn reply(self: Box<Self>, batch: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        let outcome = batch.and_then(|()| outcome.unwrap_or(Err(StoreError::Closed)));
        // Whoever asked may be gone by now.
        let _ = reply.send(outcome);
    }
}

/// The commands that wait for a slot, and whether somebody is there to take them.
#[derive(Default)]
pub(super) struct Waiting {
    jobs: VecDeque<Box<dyn Job>>,
    is_served: bool,
}

/// A command and where its answer comes.
pub(super) fn job<T: Send + 'static>(
    queued_us: Option<u64>,
    command: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
) -> (Box<dyn Job>, oneshot::Receiver<Result<T, StoreError>>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(Repeatable { command, outcome: None, queued_us, reply }), answer)
}

impl Core {
    /// Queues a command at once, or refuses it.
    pub(super) fn submit<T: Send + 'static>(
        self: &Arc<Self>,
        slot: Slot,
        command: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        let known = self.slots.known(slot);
        let is_open = self.is_open.read();
        if !*is_open {
            return Reply::refused(StoreError::Closed);
        }
        let mut waiting = known.waiting.lock();
        let queued = self.commands.queued.fetch_add(1, Relaxed);
        if queued >= QUEUE_COMMANDS_MAX as u64 || waiting.jobs.len() >= SLOT_QUEUE_COMMANDS_MAX {
            self.commands.queued.fetch_sub(1, Relaxed);
            self.commands.refused.fetch_add(1, Relaxed);
            return Reply::refused(StoreError::Busy);
        }
        let (job, answer) = job(self.commands.now_us(), command);
        waiting.jobs.push_back(job);
        if !std::mem::replace(&mut waiting.is_served, true) {
            self.serving.fetch_add(1, Relaxed);
            let serving = Serving { core: Arc::clone(self), known: Arc::clone(&known), is_done: false };
            (self.spawn)(Box::pin(serving.serve()));
        }
        Reply::to_come(answer)
    }

    /// Refuses what comes from now on, and waits for what came before.
    pub(super) async fn finish(&self) {
        // Whoever saw it open is counted by now, for they held the lock.
        *self.is_open.write() = false;
        loop {
            let idle = self.idle.notified();
            tokio::pin!(idle);
            idle.as_mut().enable();
            if self.serving.load(Relaxed) == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// Takes a slot's commands until none waits.
struct Serving {
    core: Arc<Core>,
    known: Arc<Known>,
    is_done: bool,
}

impl Serving {
    async fn serve(mut self) {
        let mut jobs = Vec::new();
        loop {
            {
                let mut waiting = self.known.waiting.lock();
                let room = SCRIPT_COMMANDS_MAX - jobs.len();
                let count = waiting.jobs.len().min(room);
                jobs.extend(waiting.jobs.drain(..count));
                if jobs.is_empty() {
                    waiting.is_served = false;
                    self.is_done = true;
                    return;
                }
            }
            self.core.commit(&self.known, &mut jobs, Empty::Skipped).await;
            self.core.archive_what_is_due();
        }
    }
}

impl Drop for Serving {
    /// Also when its task was dropped, or panicked: nobody must wait for what nobody does.
    fn drop(&mut self) {
        if !self.is_done {
            let mut waiting = self.known.waiting.lock();
            waiting.is_served = false;
            self.core.commands.queued.fetch_sub(waiting.jobs.len() as u64, Relaxed);
            waiting.jobs.clear();
        }
        if self.core.serving.fetch_sub(1, Relaxed) == 1 {
            self.core.idle.notify_waiters();
        }
    }
}
