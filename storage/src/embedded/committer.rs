//! The one writer. A thread takes what waits, makes it one batch, makes the batch
//! durable, tells observers, and answers: in this order, and nothing is answered or
//! seen before it is durable.
//!
//! A single command is committed at once: the batch is whatever waits, and while one
//! batch syncs the next one gathers.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::Duration,
};

use super::{
    cache::Cache,
    context::Context,
    heads::RecordHeads,
    observers::Observers,
    queue::{Job, Order},
    statistics::Counters,
    tape::Tape,
    tx::{Batch, Effects, Tx},
    view::Durable,
};
use crate::{
    StoreError,
    engine::Engine,
    limits::{APPLY_IDLE_MS, BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, COMMAND_BYTES_MAX, HEADS_IDLE_MS},
    planted::{self, Bug},
};

/// Everything the thread owns.
pub(super) struct Committer {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) durable: Arc<Durable>,
    pub(super) context: Context,
    pub(super) cache: Cache,
    /// The in-memory store has none.
    pub(super) heads: Option<Box<dyn RecordHeads>>,
    pub(super) observers: Arc<Observers>,
    /// Where a backup hears of what becomes durable.
    pub(super) tape: Arc<Tape>,
    pub(super) counters: Arc<Counters>,
    pub(super) orders: Receiver<Order>,
    /// Set for good by the first batch that did not become durable.
    pub(super) failed: Option<StoreError>,
}

impl Committer {
    /// Runs until it is stopped or nobody is left who could ask; returns how the
    /// store ended.
    pub(super) fn run(mut self) -> Result<(), StoreError> {
        while let Order::Run(first) = self.wait() {
            if self.commit_with_what_waits(first).is_break() {
                break;
            }
        }
        self.end()
    }

    /// Leaves everything durable and lets go of it.
    pub(super) fn end(&mut self) -> Result<(), StoreError> {
        self.tend();
        let end = match &self.failed {
            Some(error) => Err(error.clone()),
            None => self.engine.settle(),
        };
        self.durable.close();
        end
    }

    /// Waits for the next command; uses a pause to tend the recorded heads, and a longer
    /// one to let the engine tend itself.
    fn wait(&mut self) -> Order {
        if self.failed.is_none() && self.heads.as_ref().is_some_and(|heads| heads.is_unsynced()) {
            if let Some(order) = self.wait_for(HEADS_IDLE_MS) {
                return order;
            }
            self.tend();
        }
        while self.failed.is_none() && self.engine.is_untended() {
            if let Some(order) = self.wait_for(APPLY_IDLE_MS) {
                return order;
            }
            match self.engine.tend() {
                Ok(()) | Err(StoreError::Full) => {}
                Err(error) => self.fail(&error),
            }
        }
        self.orders.recv().unwrap_or(Order::Stop)
    }

    /// The next command, if one comes within that time.
    fn wait_for(&self, pause_ms: u64) -> Option<Order> {
        match self.orders.recv_timeout(Duration::from_millis(pause_ms)) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Disconnected) => Some(Order::Stop),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// From now on writes are refused.
    fn fail(&mut self, error: &StoreError) {
        tracing::error!(%error, "the store refuses writes until a restart");
        self.counters.failed.store(true, Relaxed);
        self.failed.get_or_insert_with(|| error.clone());
    }

    pub(super) fn tend(&mut self) {
        if let Some(heads) = &mut self.heads
            && let Err(error) = heads.tend()
        {
            self.fail(&StoreError::Engine(format!("the recorded heads cannot be synced: {error}")));
        }
    }

    /// Breaks when it came upon the order to stop.
    pub(super) fn commit_with_what_waits(&mut self, first: Box<dyn Job>) -> ControlFlow<()> {
        if let Some(error) = &self.failed {
            self.counters.queued.fetch_sub(1, Relaxed);
            first.reply(Err(error.clone()));
            return ControlFlow::Continue(());
        }
        let durable = Arc::clone(&self.durable);
        let engine = Arc::clone(&self.engine);
        let mut tx = Tx::begin(&self.context, durable.ring(), &*engine, std::mem::take(&mut self.cache));
        let mut jobs = Vec::new();
        let mut next = Some(first);
        let mut flow = ControlFlow::Continue(());
        while let Some(mut job) = next.take() {
            job.run(&mut tx);
            jobs.push(job);
            if jobs.len() >= BATCH_COMMANDS_MAX || tx.bytes() > BATCH_BYTES_MAX - COMMAND_BYTES_MAX {
                break;
            }
            match self.orders.try_recv() {
                Ok(Order::Run(job)) => next = Some(job),
                Ok(Order::Stop) => flow = ControlFlow::Break(()),
                Err(_) => {}
            }
        }
        let batch = tx.finish();
        self.counters.queued.fetch_sub(jobs.len() as u64, Relaxed);
        self.counters.commands.fetch_add(jobs.len() as u64, Relaxed);
        self.counters.batch_commands.add(jobs.len() as u64);
        let made = batch.and_then(|batch| self.make_durable(batch));
        let answer = match made {
            Ok(effects) => {
                self.observers.tell(effects);
                Ok(())
            }
            // Nothing of it was written.
            Err(StoreError::Full) => Err(StoreError::Full),
            Err(error) => {
                tracing::error!("a batch did not become durable");
                self.fail(&error);
                Err(error)
            }
        };
        let now_us = self.counters.now_us();
        for job in jobs {
            if let (Some(queued_us), Some(now_us)) = (job.queued_us(), now_us) {
                self.counters.wait_us.add(now_us.saturating_sub(queued_us));
            }
            job.reply(answer.clone());
        }
        flow
    }

    fn make_durable(&mut self, batch: Batch) -> Result<Effects, StoreError> {
        if batch.writes.is_empty() {
            self.cache = batch.cache;
            return Ok(batch.effects);
        }
        let bytes: usize = batch.writes.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum();
        if self.engine.shows_early() {
            self.durable.conceal(batch.old);
        }
        let mut tape = self.tape.head();
        let recorded = tape.copy(&batch.writes);
        if planted::is(Bug::AckBeforeDurable) {
            self.engine.barrier()?;
            self.engine.commit(batch.writes)?;
        } else {
            self.engine.commit(batch.writes)?;
            self.engine.barrier()?;
        }
        if let Some(heads) = &mut self.heads {
            heads
                .append(&batch.effects.heads)
                .map_err(|error| StoreError::Engine(format!("the recorded heads cannot be written: {error}")))?;
        }
        self.durable.reveal();
        tape.record(recorded);
        drop(tape);
        self.cache = batch.cache;
        self.counters.batches.fetch_add(1, Relaxed);
        self.counters.bytes.fetch_add(bytes as u64, Relaxed);
        Ok(batch.effects)
    }
}
