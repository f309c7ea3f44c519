//! sled 0.34 as an engine. Everything lies in its default tree, because a batch is
//! atomic within one tree only.
//!
//! What shapes this file: `flush` writes but does not sync on Linux, so the barrier
//! syncs `db` itself; values stay below the size at which sled would write files of
//! its own under `blobs`; `snap.*` and `conf` are written at opening alone, and synced
//! there. `flush_async` and subscribers are never used: both can block writers for
//! good. sled panics on some damage: every call is guarded and gives an error.

mod open;

use std::{
    fs::File,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{Direction, Engine, Overlay, Visit};
use crate::StoreError;

pub(crate) use open::open;

/// An open sled database.
pub(crate) struct SledEngine {
    db: ::sled::Db,
    /// The file that `flush` writes, opened once more to sync it.
    db_file: File,
    /// Dropped last: what keeps other processes out of the directory.
    _lock: Box<dyn Send + Sync>,
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}

/// Runs a call into sled; a panic inside becomes an error.
fn guarded<T>(call: impl FnOnce() -> ::sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|error| StoreError::Engine(error.to_string())),
        Err(panic) => Err(StoreError::Engine(format!("sled gave up: {}", panic_text(&*panic)))),
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(guarded(|| self.db.get(key))?.map(|value| value.to_vec()))
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if from >= until {
            return Ok(());
        }
        guarded(|| {
            let mut range = self.db.range(from..until);
            loop {
                let next = match direction {
                    Direction::Forward => range.next(),
                    Direction::Reverse => range.next_back(),
                };
                let Some(row) = next else { return Ok(()) };
                let (key, value) = row?;
                if visit(&key, &value) == ControlFlow::Break(()) {
                    return Ok(());
                }
            }
        })
    }

    fn commit(&self, batch: &Overlay) -> Result<(), StoreError> {
        let mut writes = ::sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => writes.insert(key.as_slice(), value.as_slice()),
                None => writes.remove(key.as_slice()),
            }
        }
        guarded(|| self.db.apply_batch(writes))
    }

    fn barrier(&self) -> Result<(), StoreError> {
        guarded(|| self.db.flush())?;
        self.db_file.sync_data().map_err(|error| StoreError::Engine(format!("sled's file cannot be synced: {error}")))
    }
}
