//! The embedded store: every port, written once over the engine seam.
//!
//! Writes are commands that one committer thread runs in batches (`committer`);
//! reads run on the caller's thread against the durable state (`view`). Nothing here
//! reads a clock or makes randomness.

pub(crate) mod any_record;
mod backup;
pub(crate) mod birth;
pub(crate) mod cache;
mod changed;
pub(crate) mod check;
pub(crate) mod closed;
pub(crate) mod closed_check;
mod committer;
pub(crate) mod context;
mod copy;
mod directory;
mod directory_lock;
mod endings;
pub(crate) mod epochs;
mod finish;
mod handle;
pub(crate) mod heads;
pub(crate) mod keys;
mod migrate;
pub(crate) mod named;
mod observers;
mod open;
pub(crate) mod parts;
mod pipeline;
pub(crate) mod queue;
pub(crate) mod read;
mod reset;
mod restore;
mod roster;
#[cfg(feature = "simulation")]
pub mod simulated;
pub(crate) mod statistics;
pub(crate) mod stored;
mod sweep;
mod tape;
pub(crate) mod tx;
pub(crate) mod view;

#[cfg(test)]
mod durability_tests;
#[cfg(test)]
mod pipeline_tests;

use parking_lot::Mutex;
use rill_protocol::{TransferId, UserId};
use std::{collections::BTreeMap, sync::Arc};

use endings::LastEndings;
pub(crate) use observers::Observers;
use queue::{Queue, Reply};
use tape::Tape;
use tx::Tx;
use view::{Durable, View};

pub use backup::{BackupLabel, BackupManifest, backup, verify as verify_backup};
pub use check::{Checked, Finding};
pub use closed_check::check;
pub use context::Entropy;
pub use copy::{Copied, CopyProgress, CopyStep, compact, copy};
pub use directory_lock::LockedDirectory;
pub use handle::{Handle, OpenStore};
pub use migrate::{Migration, migrate};
pub use open::{MemoryOptions, OpenOptions, is_store, memory, open};
pub use reset::reset;
pub use restore::{RestoreOptions, RestoreStep, Restored, restore};
pub use statistics::{BATCH_COMMANDS_BOUNDS, Spread, Statistics, Stopwatch, WAIT_US_BOUNDS};
pub use sweep::Swept;

use crate::{
    StoreError,
    aggregates::{self, Slot, Substrate},
    model::{ContentId, DueContents, Pending, Transfer},
    record::KeyRing,
};

/// What the ports share. Their methods are in [`crate::aggregates`], but for the two lists
/// that are rows here.
pub(crate) struct Embedded {
    durable: Arc<Durable>,
    queue: Queue,
    observers: Arc<Observers>,
    endings: Arc<LastEndings>,
    /// See [`crate::port::Roster::step_down`]; since when each is.
    stepping_down: Mutex<BTreeMap<UserId, u64>>,
    tape: Arc<Tape>,
}

impl Embedded {
    fn read<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, StoreError>) -> Result<T, StoreError> {
        self.durable.read(read)
    }

    fn write<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        self.queue.submit(command)
    }
}

impl Substrate for Embedded {
    fn read<T: Send>(
        &self,
        _slot: Slot,
        read: impl Fn(&View<'_>) -> Result<T, StoreError> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        std::future::ready(self.durable.read(read))
    }

    fn write<T: Send + 'static>(
        &self,
        _slot: Slot,
        command: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        self.queue.submit(command)
    }

    fn pending(&self, limit: usize) -> impl Future<Output = Result<Vec<Pending>, StoreError>> + Send {
        std::future::ready(self.durable.read(|view| aggregates::pending(view, &keys::all_pending(), limit)))
    }

    fn expired_transfers(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Transfer>, StoreError>> + Send {
        let span = match after {
            Some((user, id)) => keys::all_transfers().behind(&[&user.0, &id.0]),
            None => keys::all_transfers(),
        };
        let wanted = (untouched_since_ms, limit);
        let read = move |view: &View<'_>| aggregates::untouched_transfers(view, span.clone(), None, wanted);
        std::future::ready(self.durable.read(read))
    }

    fn due_contents(
        &self,
        now_ms: u64,
        after: Option<ContentId>,
        limit: usize,
    ) -> impl Future<Output = Result<DueContents, StoreError>> + Send {
        std::future::ready(sweep::due_contents(self, now_ms, after, limit))
    }

    fn observers(&self) -> &Observers {
        &self.observers
    }

    fn ring(&self) -> &KeyRing {
        self.durable.ring()
    }
}
