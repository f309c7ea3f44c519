//! The disk of a simulation: it outlives the stores that are opened on it, knows what
//! has been flushed, and loses the rest when the power is cut.

use parking_lot::Mutex;
use std::{collections::BTreeMap, ops::ControlFlow, sync::Arc};

use super::{Direction, Engine, Overlay, Visit};
use crate::StoreError;

/// Rows as they are stored.
pub(crate) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What the disk does wrong, until it is told otherwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    #[default]
    None,
    /// Nothing can be read.
    FailsToRead,
    /// No room is left.
    IsFull,
    /// A batch is not taken.
    FailsToTake,
    /// A batch is taken and not known to be durable.
    FailsToFlush,
}

#[derive(Default)]
struct State {
    /// What reads see.
    shown: Rows,
    /// What is left when the power is cut, at least.
    flushed: Rows,
    /// Batches taken since the last flush, oldest first.
    unflushed: Vec<Overlay>,
    /// The last batch, where it is not shown before it is published.
    unshown: Option<Overlay>,
    fault: Fault,
}

/// An engine over a simulated disk. Clones are the same disk.
#[derive(Clone)]
pub(crate) struct SimulatedEngine {
    state: Arc<Mutex<State>>,
    shows_early: bool,
}

fn write(rows: &mut Rows, batch: &Overlay) {
    for (key, value) in batch {
        match value {
            Some(value) => drop(rows.insert(key.clone(), value.clone())),
            None => drop(rows.remove(key)),
        }
    }
}

impl SimulatedEngine {
    /// An empty disk. `shows_early`: whether reads see a batch before it is durable, as
    /// an engine without a journal has it.
    pub(crate) fn new(shows_early: bool) -> Self {
        Self { state: Arc::default(), shows_early }
    }

    pub(crate) fn set_fault(&self, fault: Fault) {
        self.state.lock().fault = fault;
    }

    /// Of the batches that were not flushed the first `kept` survive.
    pub(crate) fn cut_power(&self, kept: usize) {
        let mut state = self.state.lock();
        let unflushed = std::mem::take(&mut state.unflushed);
        unflushed.iter().take(kept).for_each(|batch| write(&mut state.flushed, batch));
        state.shown = state.flushed.clone();
        state.unshown = None;
        state.fault = Fault::None;
    }

    /// Batches that a cut may lose.
    pub(crate) fn unflushed(&self) -> usize {
        self.state.lock().unflushed.len()
    }

    /// What is durable.
    pub(crate) fn copy(&self) -> Rows {
        self.state.lock().flushed.clone()
    }

    /// Puts a copy in the place of everything.
    pub(crate) fn put_back(&self, rows: &Rows) {
        *self.state.lock() = State { shown: rows.clone(), flushed: rows.clone(), ..State::default() };
    }
}

fn failed() -> StoreError {
    StoreError::Engine("the simulated disk fails".into())
}

impl Engine for SimulatedEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let state = self.state.lock();
        if state.fault == Fault::FailsToRead { Err(failed()) } else { Ok(state.shown.get(key).cloned()) }
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        let state = self.state.lock();
        if state.fault == Fault::FailsToRead {
            return Err(failed());
        }
        if from >= until {
            return Ok(());
        }
        let range = state.shown.range::<Vec<u8>, _>(from.to_vec()..until.to_vec());
        let visit = |(key, value): (&Vec<u8>, &Vec<u8>)| visit(key, value);
        // Breaking is how a visitor says that it has enough: no failure.
        let _: ControlFlow<()> = match direction {
            Direction::Forward => range.into_iter().try_for_each(visit),
            Direction::Reverse => range.rev().try_for_each(visit),
        };
        Ok(())
    }

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        match state.fault {
            Fault::IsFull => return Err(StoreError::Full),
            Fault::FailsToTake => return Err(failed()),
            Fault::None | Fault::FailsToRead | Fault::FailsToFlush => {}
        }
        if self.shows_early {
            write(&mut state.shown, &batch);
        } else {
            state.unshown = Some(batch.clone());
        }
        state.unflushed.push(batch);
        Ok(())
    }

    fn barrier(&self) -> Result<(), StoreError> {
        let mut state = self.state.lock();
        if state.fault == Fault::FailsToFlush {
            return Err(failed());
        }
        let unflushed = std::mem::take(&mut state.unflushed);
        unflushed.iter().for_each(|batch| write(&mut state.flushed, batch));
        Ok(())
    }

    fn shows_early(&self) -> bool {
        self.shows_early
    }

    fn publish(&self) {
        let mut state = self.state.lock();
        if let Some(batch) = state.unshown.take() {
            write(&mut state.shown, &batch);
        }
    }
}
