//! The owner's end of an open store.

use parking_lot::Mutex;
use std::{io::Write, sync::Arc, thread::JoinHandle};

use super::{
    Embedded,
    backup::{self, BackupLabel, BackupManifest},
    check::{self, Checked},
    statistics::{Counters, Statistics, Stopwatch},
    sweep::{self, Swept},
};
use crate::{Store, StoreError};

/// A store and the handle that ends it.
pub struct OpenStore {
    pub store: Store,
    pub handle: Handle,
}

/// The thread, and how the store ended.
type CommitterThread = JoinHandle<Result<(), StoreError>>;

/// Ends, sweeps and measures a store. Dropping it ends nothing: a store lives until it
/// is closed or the last of its ports and handles is gone. An observer that holds a
/// port keeps it alive: then only closing ends it.
#[derive(Clone)]
pub struct Handle {
    embedded: Arc<Embedded>,
    counters: Arc<Counters>,
    committer: Arc<Mutex<Option<CommitterThread>>>,
}

impl Handle {
    pub(super) fn new(embedded: Arc<Embedded>, counters: Arc<Counters>, committer: Option<CommitterThread>) -> Self {
        Self { embedded, counters, committer: Arc::new(Mutex::new(committer)) }
    }

    /// Finishes what is queued, makes it durable, and lets go of the files: when it
    /// returns, another process may open them. Every later call of a port is answered
    /// `Closed`. Blocks; the second time it does nothing.
    ///
    /// # Errors
    /// The failure after which the store refused writes, if there was one.
    pub fn close(&self) -> Result<(), StoreError> {
        let mut committer = self.committer.lock();
        let Some(thread) = committer.take() else { return Ok(()) };
        self.embedded.queue.stop();
        thread.join().unwrap_or_else(|_| Err(StoreError::Engine("the committer's thread panicked".into())))
    }

    /// What the committer has done so far.
    pub fn statistics(&self) -> Statistics {
        self.counters.read()
    }

    /// Measures from here on how long commands wait, by the owner's clock. The first call
    /// counts.
    pub fn measure_waits(&self, stopwatch: Stopwatch) {
        let _ = self.counters.stopwatch.set(stopwatch);
    }

    /// Reads everything and tells what is not as it should be: rows that do not open,
    /// logs with holes, and what disagrees with the log that it is derived from. Blocks
    /// for as long as it takes; the store may be used meanwhile.
    ///
    /// # Errors
    /// The store cannot be read at all.
    pub fn check(&self, mut progress: impl FnMut(&Checked)) -> Result<Checked, StoreError> {
        check::check(&self.embedded.durable, &mut progress)
    }

    /// Writes the state of one moment, which is that of its end, while the store is used.
    /// Blocks for as long as it takes.
    ///
    /// # Errors
    /// Another backup is being made, `out` fails or takes less than is written to the
    /// store, or a row is damaged.
    pub fn backup(
        &self,
        out: &mut dyn Write,
        label: BackupLabel,
        mut progress: impl FnMut(u64),
    ) -> Result<BackupManifest, StoreError> {
        backup::write(&self.embedded.durable, &self.embedded.tape, out, label, &mut progress)
    }

    /// Removes what has expired by `now_ms`: the day buckets of client ids, tickets,
    /// invitations and names of blobs that are gone. Nothing depends on it but space; once an hour is enough.
    pub async fn sweep(&self, now_ms: u64) -> Result<Swept, StoreError> {
        sweep::sweep(&self.embedded, now_ms).await
    }
}
