//! What becomes of a batch that was made: it is made durable, shown, told to observers and
//! answered, in this order.

use parking_lot::Mutex;
use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{
    endings::LastEndings,
    heads::RecordHeads,
    observers::Observers,
    queue::Job,
    statistics::Counters,
    tape::Tape,
    tx::{Batch, Effects},
    view::Durable,
};
use crate::{
    StoreError,
    engine::{Engine, Overlay, Staging, bytes_of},
    planted::{self, Bug},
};

pub(super) type Jobs = Vec<Box<dyn Job>>;

/// The committer's part behind the making of batches. The pipeline's thread has it while a
/// batch is on its way.
pub(super) struct Finish {
    pub(super) engine: Arc<dyn Engine>,
    pub(super) durable: Arc<Durable>,
    /// The in-memory store has none.
    pub(super) heads: Option<Box<dyn RecordHeads>>,
    pub(super) observers: Arc<Observers>,
    pub(super) endings: Arc<LastEndings>,
    /// Where a backup hears of what becomes durable.
    pub(super) tape: Arc<Tape>,
    pub(super) counters: Arc<Counters>,
}

pub(super) type SharedFinish = Arc<Mutex<Finish>>;

impl Finish {
    /// A batch from its making to its answers.
    pub(super) fn finish(&mut self, batch: Batch, jobs: Jobs) -> Result<(), StoreError> {
        let (effects, made) = match self.make_durable(batch) {
            Ok(effects) => (effects, Ok(())),
            Err(error) => (Effects::default(), Err(error)),
        };
        self.note(&made);
        self.answer(effects, jobs, &made);
        made
    }

    fn make_durable(&mut self, batch: Batch) -> Result<Effects, StoreError> {
        if batch.writes.is_empty() {
            return Ok(batch.effects);
        }
        let bytes = bytes_of(&batch.writes);
        if self.engine.shows_early() {
            self.durable.conceal(batch.old);
        }
        let tape = Arc::clone(&self.tape);
        let mut tape = tape.head();
        let recorded = tape.copy(&batch.writes);
        if planted::is(Bug::AckBeforeDurable) {
            self.engine.barrier()?;
            self.engine.commit(batch.writes)?;
        } else {
            self.engine.commit(batch.writes)?;
            self.engine.barrier()?;
        }
        self.show(&batch.effects, bytes)?;
        tape.record(recorded);
        Ok(batch.effects)
    }

    /// The same for a batch that the engine was shown before.
    pub(super) fn make_staged_durable(&mut self, staging: &dyn Staging, effects: &Effects) -> Result<(), StoreError> {
        let tape = Arc::clone(&self.tape);
        let mut tape = tape.head();
        let (mut recorded, mut bytes) = (None, 0);
        staging.look_at_staged(&mut |writes: &Overlay| {
            recorded = tape.copy(writes);
            bytes = bytes_of(writes);
        });
        staging.commit_staged()?;
        self.engine.barrier()?;
        self.show(effects, bytes)?;
        tape.record(recorded);
        Ok(())
    }

    fn show(&mut self, effects: &Effects, bytes: usize) -> Result<(), StoreError> {
        if let Some(heads) = &mut self.heads {
            heads
                .append(&effects.heads)
                .map_err(|error| StoreError::Engine(format!("the recorded heads cannot be written: {error}")))?;
        }
        self.durable.reveal();
        self.counters.batches.fetch_add(1, Relaxed);
        self.counters.bytes.fetch_add(bytes as u64, Relaxed);
        Ok(())
    }

    /// Before anybody hears of a failure it can be seen. On a full disk nothing of the batch
    /// was written: that is none.
    pub(super) fn note(&self, made: &Result<(), StoreError>) {
        if let Err(error) = made
            && !matches!(error, StoreError::Full)
        {
            tracing::error!(%error, "a batch did not become durable; the store refuses writes until a restart");
            self.counters.failed.store(true, Relaxed);
        }
    }

    pub(super) fn answer(&self, effects: Effects, jobs: Jobs, made: &Result<(), StoreError>) {
        if made.is_ok() {
            self.endings.note(&effects.ended);
            self.observers.tell(effects);
        }
        let now_us = self.counters.now_us();
        for job in jobs {
            if let (Some(queued_us), Some(now_us)) = (job.queued_us(), now_us) {
                self.counters.wait_us.add(now_us.saturating_sub(queued_us));
            }
            job.reply(made.clone());
        }
    }

    /// Uses a pause.
    pub(super) fn tend_heads(&mut self) -> Result<(), StoreError> {
        match &mut self.heads {
            Some(heads) if heads.is_unsynced() => heads
                .tend()
                .map_err(|error| StoreError::Engine(format!("the recorded heads cannot be synced: {error}"))),
            _ => Ok(()),
        }
    }
}
