//! sled 0.34 as an engine. Everything lies in its default tree, because a batch is
//! atomic within one tree only.
//!
//! What shapes this file: on Linux sled writes but does not sync, so every write is
//! synced by [`synced_writes`] and `db` once more by the barrier; values are small enough that sled never writes files of its own
//! under `blobs`; `snap.*` and `conf` are written at opening alone, and synced
//! there. `flush_async` and subscribers are never used: both can block writers for
//! good. sled panics on some damage: every call is guarded and gives an error.

mod open;
#[cfg(target_os = "linux")]
mod synced_writes;

use std::{
    fs::File,
    io,
    ops::ControlFlow,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
};

use super::{Direction, Engine, Overlay, RowRef, Visit, panic_text};
use crate::StoreError;

pub(crate) use open::open;

/// An open sled database.
pub(crate) struct SledEngine {
    db: ::sled::Db,
    /// Where the data lies, for the errors.
    file: PathBuf,
    /// The file that `flush` writes, opened once more to sync it.
    db_file: File,
    /// Dropped last: what keeps other processes out of the directory.
    _lock: Box<dyn Send + Sync>,
}

impl SledEngine {
    /// Runs a call into sled; a panic inside becomes an error. Where it comes from damage
    /// the error names the file and what helps.
    fn guarded<T>(&self, call: impl FnOnce() -> ::sled::Result<T>) -> Result<T, StoreError> {
        let damaged = |what: &str| {
            let file = self.file.display();
            StoreError::Engine(format!("sled finds {file} damaged ({what}); restore the store from a backup"))
        };
        match catch_unwind(AssertUnwindSafe(call)) {
            Ok(result) => result.map_err(|error| match error {
                ::sled::Error::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    StoreError::Engine(format!("sled cannot use its files: {error}"))
                }
                other => damaged(&other.to_string()),
            }),
            Err(panic) => Err(damaged(&panic_text(&*panic))),
        }
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.guarded(|| self.db.get(key))?.map(|value| value.to_vec()))
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        if from >= until {
            return Ok(());
        }
        self.guarded(|| {
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

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        let mut writes = ::sled::Batch::default();
        for (key, value) in batch {
            match value {
                Some(value) => writes.insert(key, value),
                None => writes.remove(key),
            }
        }
        self.guarded(|| self.db.apply_batch(writes))
    }

    fn apply(&self, rows: &[RowRef<'_>]) -> Result<(), StoreError> {
        // One by one: what sled has replaced it frees when calls end, a little after each.
        // A batch is one call, and leaves more behind than is freed before the next one.
        self.guarded(|| {
            for (key, value) in rows {
                match value {
                    Some(value) => self.db.insert(key.as_slice(), value.as_slice())?,
                    None => self.db.remove(key.as_slice())?,
                };
            }
            Ok(())
        })
    }

    fn barrier(&self) -> Result<(), StoreError> {
        self.guarded(|| self.db.flush())?;
        crate::platform::sync_data(&self.db_file)
            .map_err(|error| StoreError::Engine(format!("sled's file cannot be synced: {error}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::limits::VALUE_BYTES_MAX;
    use std::fs;

    /// A number that looks random and is the same in every run.
    fn random(state: &mut u64) -> u64 {
        *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        *state >> 33
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn every_write_of_the_log_is_synced() {
        let directory = tempfile::tempdir().unwrap();
        let engine = open(directory.path(), 16 << 20, Box::new(())).unwrap();
        let before = synced_writes::count();
        engine.commit(Overlay::from([(vec![1], Some(vec![7; 100]))])).unwrap();
        engine.barrier().unwrap();
        assert!(synced_writes::count() > before, "the linker took the system's sync_file_range");
    }

    #[test]
    fn values_of_the_largest_size_stay_in_the_file_that_the_barrier_syncs() {
        let directory = tempfile::tempdir().unwrap();
        let engine = open(directory.path(), 16 << 20, Box::new(())).unwrap();
        let mut state = 7;
        for round in 0..400 {
            let mut batch = Overlay::new();
            for _ in 0..8 {
                // The longest keys, over a space that is small enough for overwrites;
                // phases of removal make leaves merge.
                let mut key = vec![9; 60];
                key[52..].copy_from_slice(&(random(&mut state) % 600).to_be_bytes());
                let removes = if round / 50 % 2 == 0 { 2 } else { 7 };
                let value = (random(&mut state) % 10 >= removes).then(|| vec![round as u8; VALUE_BYTES_MAX]);
                batch.insert(key, value);
            }
            engine.commit(batch).unwrap();
            engine.barrier().unwrap();
            assert_eq!(fs::read_dir(directory.path().join("blobs")).unwrap().count(), 0, "round {round}");
        }
    }
}
