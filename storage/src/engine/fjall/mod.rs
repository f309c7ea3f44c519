//! fjall 3 as an engine: a log-structured tree, everything in one keyspace.
//!
//! What shapes this file: a batch goes to fjall's own journal first, and the barrier
//! syncs that journal; many rows in order go past it. Blocks and journal carry checksums, so that damage is an error
//! and not a wrong value. Calls are guarded all the same: a lock that a panic of a
//! background thread has poisoned would bring the server down.

mod open;

use std::{
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use ::fjall::{Database, Keyspace, PersistMode};

use super::{Direction, Engine, Overlay, RowRef, Visit, absorb_in_batches, bytes_of, panic_text};
use crate::{StoreError, limits::INGESTED_BYTES_MIN};

pub(crate) use open::open;

/// An open fjall database.
pub(crate) struct FjallEngine {
    rows: Keyspace,
    database: Database,
    /// Dropped last: what keeps other processes out of the directory.
    _lock: Box<dyn Send + Sync>,
}

/// Runs a call into fjall; a panic inside becomes an error.
fn guarded<T>(call: impl FnOnce() -> ::fjall::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| judge(&error)),
        Err(panic) => Err(StoreError::Engine(format!(
            "fjall gave up ({}); if a restart does not help, restore the store from a backup",
            panic_text(&*panic)
        ))),
    }
}

/// What an error in the middle of things means.
fn judge(error: &::fjall::Error) -> StoreError {
    StoreError::Engine(match open::io_error(error) {
        Some(error) => format!("fjall cannot use its files: {error}"),
        None => format!("fjall finds its files damaged ({error:?}); restore the store from a backup"),
    })
}

impl Engine for FjallEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(guarded(|| self.rows.get(key))?.map(|value| value.to_vec()))
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if from >= until {
            return Ok(());
        }
        guarded(|| {
            let mut range = self.rows.range(from..until);
            loop {
                let next = match direction {
                    Direction::Forward => range.next(),
                    Direction::Reverse => range.next_back(),
                };
                let Some(row) = next else { return Ok(()) };
                let (key, value) = row.into_inner()?;
                if visit(&key, &value) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        })
    }

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        guarded(|| {
            let mut writes = self.database.batch();
            for (key, value) in batch {
                match value {
                    Some(value) => writes.insert(&self.rows, key, value),
                    None => writes.remove(&self.rows, key),
                }
            }
            writes.commit()
        })
    }

    fn apply(&self, rows: &[RowRef<'_>]) -> Result<(), StoreError> {
        guarded(|| {
            let mut writes = self.database.batch();
            for (key, value) in rows {
                match value {
                    Some(value) => writes.insert(&self.rows, key.as_slice(), value.as_slice()),
                    None => writes.remove(&self.rows, key.as_slice()),
                }
            }
            writes.commit()
        })
    }

    fn absorb(&self, rows: &Overlay, mark: Overlay) -> Result<(), StoreError> {
        if bytes_of(rows) < INGESTED_BYTES_MIN {
            return absorb_in_batches(self, rows, mark);
        }
        // Rows in order need neither fjall's journal nor its memory: they become a table at
        // once, which is there whole and durable or not at all.
        guarded(|| {
            let mut tables = self.rows.start_ingestion()?;
            // No row lies behind the mark: see `OWN_KEYS`.
            for (key, value) in rows.iter().chain(&mark) {
                match value {
                    Some(value) => tables.write(key.as_slice(), value.as_slice())?,
                    None => tables.write_tombstone(key.as_slice())?,
                }
            }
            tables.finish()
        })?;
        self.barrier()
    }

    fn barrier(&self) -> Result<(), StoreError> {
        guarded(|| self.database.persist(PersistMode::SyncAll))
    }
}
