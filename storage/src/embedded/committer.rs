//! The one writer. A thread takes what waits, makes it one batch, and sends the batch on
//! its way to be made durable, shown, told and answered: in this order, and nothing is
//! answered or seen before it is durable.
//!
//! A single command is committed at once: the batch is whatever waits. Over an engine
//! that can be shown a batch ahead, the next one is made while that happens (see
//! [`super::pipeline`]); over another one it is made behind it.

use std::{
    ops::ControlFlow,
    sync::{
        Arc,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, RecvTimeoutError, TryRecvError},
    },
    time::Duration,
};

use super::{
    cache::Cache,
    context::Context,
    finish::{Jobs, SharedFinish},
    pipeline::{Pipeline, Staged},
    queue::{Job, Order},
    statistics::Counters,
    tx::{Batch, Effects, Tx},
    view::Durable,
};
use crate::{
    StoreError,
    engine::{Ahead, Engine},
    limits::{
        APPLY_IDLE_MS, BATCH_BYTES_MAX, BATCH_COMMANDS_MAX, BATCH_COMMANDS_MIN, COMMAND_BYTES_MAX, HEADS_IDLE_MS,
    },
};

/// Everything the thread owns.
pub(super) struct Committer {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) durable: Arc<Durable>,
    pub(super) context: Context,
    pub(super) cache: Cache,
    pub(super) finish: SharedFinish,
    /// Without one a batch is finished before the next one is made.
    pub(super) pipeline: Option<Pipeline>,
    pub(super) counters: Arc<Counters>,
    pub(super) orders: Receiver<Order>,
    /// Set for good by the first batch that did not become durable.
    pub(super) failed: Option<StoreError>,
}

impl Committer {
    /// Runs until it is stopped or nobody is left who could ask; returns how the
    /// store ended.
    pub(super) fn run(mut self) -> Result<(), StoreError> {
        loop {
            match self.wait() {
                Order::Run(first) => {
                    if self.commit_with_what_waits(first).is_break() {
                        break;
                    }
                }
                Order::Wake => {}
                Order::Stop => break,
            }
        }
        self.end()
    }

    /// Leaves everything durable and lets go of it.
    pub(super) fn end(&mut self) -> Result<(), StoreError> {
        let _ = self.collect();
        // With its thread.
        self.pipeline = None;
        self.tend();
        let end = match &self.failed {
            Some(error) => Err(error.clone()),
            None => self.engine.settle(),
        };
        self.durable.close();
        end
    }

    /// Waits for the next order; uses a pause to tend the recorded heads, and a longer
    /// one to let the engine tend itself.
    fn wait(&mut self) -> Order {
        if self.is_busy() {
            return self.orders.recv().unwrap_or(Order::Stop);
        }
        let _ = self.collect();
        if self.failed.is_none() {
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

    /// The next order, if one comes within that time.
    fn wait_for(&self, pause_ms: u64) -> Option<Order> {
        match self.orders.recv_timeout(Duration::from_millis(pause_ms)) {
            Ok(order) => Some(order),
            Err(RecvTimeoutError::Disconnected) => Some(Order::Stop),
            Err(RecvTimeoutError::Timeout) => None,
        }
    }

    /// Whether a batch is on its way.
    fn is_busy(&self) -> bool {
        self.pipeline.as_ref().is_some_and(Pipeline::is_busy)
    }

    /// Waits for the batch that is on its way. An error is its failure: what was made over
    /// it is nothing.
    fn collect(&mut self) -> Result<(), StoreError> {
        let made = self.pipeline.as_ref().map_or(Ok(()), Pipeline::collect);
        made.inspect_err(|error| self.give_up(error))
    }

    /// A batch did not become durable.
    fn give_up(&mut self, error: &StoreError) {
        self.cache = Cache::default();
        // On a full disk nothing of it was written, and the next one may find room.
        if !matches!(error, StoreError::Full) {
            self.failed.get_or_insert_with(|| error.clone());
        }
    }

    /// From now on writes are refused.
    fn fail(&mut self, error: &StoreError) {
        self.finish.lock().note(&Err(error.clone()));
        self.failed.get_or_insert_with(|| error.clone());
    }

    pub(super) fn tend(&mut self) {
        let tended = self.finish.lock().tend_heads();
        if let Err(error) = tended {
            self.fail(&error);
        }
    }

    /// Breaks when it came upon the order to stop.
    pub(super) fn commit_with_what_waits(&mut self, first: Box<dyn Job>) -> ControlFlow<()> {
        if !self.is_busy() {
            let _ = self.collect();
        }
        if let Some(error) = &self.failed {
            self.counters.queued.fetch_sub(1, Relaxed);
            first.reply(Err(error.clone()));
            return ControlFlow::Continue(());
        }
        let (batch, jobs, flow) = self.make(first);
        self.counters.queued.fetch_sub(jobs.len() as u64, Relaxed);
        self.counters.commands.fetch_add(jobs.len() as u64, Relaxed);
        self.counters.batch_commands.add(jobs.len() as u64);
        let before = self.collect();
        match before.and(batch) {
            Ok(batch) => self.send(batch, jobs),
            Err(error) => {
                self.give_up(&error);
                let finish = self.finish.lock();
                let made = Err(error);
                finish.note(&made);
                finish.answer(Effects::default(), jobs, &made);
            }
        }
        flow
    }

    /// Makes a batch of a command and of what comes until the batch before is durable.
    fn make(&mut self, first: Box<dyn Job>) -> (Result<Batch, StoreError>, Jobs, ControlFlow<()>) {
        let durable = Arc::clone(&self.durable);
        let engine = Arc::clone(&self.engine);
        let ahead = self.pipeline.as_ref().and_then(|_| engine.staging()).map(Ahead);
        let over: &dyn Engine = ahead.as_ref().map_or(&*engine, |ahead| ahead);
        let mut tx = Tx::begin(&self.context, durable.ring(), over, std::mem::take(&mut self.cache));
        let mut jobs = Vec::new();
        let mut next = Some(first);
        let mut flow = ControlFlow::Continue(());
        loop {
            if let Some(mut job) = next.take() {
                job.run(&mut tx);
                jobs.push(job);
            }
            // It could be on its way: what still waits is the next one.
            if jobs.len() >= BATCH_COMMANDS_MIN && self.pipeline.is_some() && !self.is_busy() {
                break;
            }
            if jobs.len() >= BATCH_COMMANDS_MAX || tx.bytes() > BATCH_BYTES_MAX - COMMAND_BYTES_MAX {
                break;
            }
            match self.next_for_batch() {
                Some(Order::Run(job)) => next = Some(job),
                Some(Order::Wake) => {}
                Some(Order::Stop) => {
                    flow = ControlFlow::Break(());
                    break;
                }
                None => break,
            }
        }
        (tx.finish(), jobs, flow)
    }

    /// What joins a batch: all that waits, and what comes while another one is on its way.
    fn next_for_batch(&self) -> Option<Order> {
        match self.orders.try_recv() {
            Ok(order) => Some(order),
            // The pipeline wakes whoever waits here.
            Err(TryRecvError::Empty) if self.is_busy() => self.orders.recv().ok(),
            Err(_) => None,
        }
    }

    fn send(&mut self, mut batch: Batch, jobs: Jobs) {
        let cache = std::mem::take(&mut batch.cache);
        if let Some(pipeline) = &self.pipeline
            && let Some(staging) = self.engine.staging()
            && !batch.writes.is_empty()
        {
            self.cache = cache;
            staging.stage(batch.writes);
            pipeline.hand(Staged { effects: batch.effects, jobs });
            return;
        }
        let finished = self.finish.lock().finish(batch, jobs);
        match finished {
            Ok(()) => self.cache = cache,
            Err(error) => self.give_up(&error),
        }
    }
}
