//! The seam under the embedded store: sorted bytes, atomic batches, a durable
//! barrier. Synchronous and narrow, so that another engine is a folder and a line.
//!
//! An engine knows no tables and no records, checks nothing, and has one writer. The
//! journal in front of an engine on disk is an engine too (see [`journal`]).

pub(crate) mod fjall;
pub(crate) mod journal;
mod kind;
pub(crate) mod memory;
mod overlay;
#[cfg(feature = "simulation")]
pub(crate) mod simulated;
pub(crate) mod sled;

use std::{collections::BTreeMap, ops::ControlFlow, path::Path, sync::Arc};

use crate::{StoreError, limits::APPLY_BYTES_MAX, platform};

pub use kind::EngineKind;
pub(crate) use overlay::{get as get_over, scan as scan_over};

/// Keys in order, each with its new value, or `None` where it is deleted.
pub(crate) type Overlay = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// A row of an overlay.
pub(crate) type RowRef<'a> = (&'a Vec<u8>, &'a Option<Vec<u8>>);

/// Keys and values of a batch.
pub(crate) fn bytes_of(batch: &Overlay) -> usize {
    batch.iter().map(|(key, value)| key.len() + value.as_ref().map_or(0, Vec::len)).sum()
}

/// Which end of a range a scan begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Direction {
    Forward,
    Reverse,
}

/// Is given one key and value after the other until it breaks. It must not call the
/// engine: a lock may be held.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A sorted store of bytes. Reads may come from any thread, writes from one. No key
/// of a caller begins with [`OWN_KEYS`].
pub(crate) trait Engine: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Visits keys from `from` up to but without `until`.
    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError>;
    /// The same for a visitor that breaks after `limit` rows at the latest: what is fetched
    /// from afar need not be more.
    fn scan_up_to(
        &self,
        from: &[u8],
        until: &[u8],
        direction: Direction,
        _limit: usize,
        visit: &mut Visit<'_>,
    ) -> Result<(), StoreError> {
        self.scan(from, until, direction, visit)
    }
    /// These keys are asked for next: what is fetched from afar can come together.
    fn foresee(&self, _keys: &mut dyn Iterator<Item = Vec<u8>>) {}
    /// Whether there may be rows that must be fetched before they can be read. To ask for
    /// one that is not needed has a price then.
    fn is_partial(&self) -> bool {
        false
    }
    /// Takes a batch, whole or not at all, also across a crash.
    fn commit(&self, batch: Overlay) -> Result<(), StoreError>;
    /// Takes rows that somebody else keeps until it returns, in any number of batches, and
    /// behind them `mark`; then all of it is durable. After a crash meanwhile some of the
    /// rows may be there, but not `mark`.
    fn absorb(&self, rows: &Overlay, mark: Overlay) -> Result<(), StoreError> {
        absorb_in_batches(self, rows, mark)
    }
    /// Takes some of those rows.
    fn apply(&self, rows: &[RowRef<'_>]) -> Result<(), StoreError> {
        self.commit(rows.iter().map(|(key, value)| ((*key).clone(), (*value).clone())).collect())
    }
    /// Returns when every batch before it survives a loss of power.
    fn barrier(&self) -> Result<(), StoreError>;

    /// Whether reads may see a batch before it is published. Then whoever must not see
    /// what is not durable has to be kept from it.
    fn shows_early(&self) -> bool {
        true
    }
    /// The engine's ability to take a batch over one that is not durable yet, if it has it.
    fn staging(&self) -> Option<&dyn Staging> {
        None
    }
    /// Lets reads see the batch that was taken last.
    fn publish(&self) {}
    /// Whether a pause would be of use.
    fn is_untended(&self) -> bool {
        false
    }
    /// Uses a pause.
    fn tend(&self) -> Result<(), StoreError> {
        Ok(())
    }
    /// Before it is let go of: everything durable, and where it stays.
    fn settle(&self) -> Result<(), StoreError> {
        self.barrier()
    }
}

/// See [`Engine::absorb`].
fn absorb_in_batches<E: Engine + ?Sized>(engine: &E, rows: &Overlay, mark: Overlay) -> Result<(), StoreError> {
    let (mut batch, mut bytes) = (Vec::new(), 0);
    for (key, value) in rows {
        bytes += key.len() + value.as_ref().map_or(0, Vec::len);
        batch.push((key, value));
        if bytes >= APPLY_BYTES_MAX {
            engine.apply(&batch)?;
            batch.clear();
            bytes = 0;
        }
    }
    if !batch.is_empty() {
        engine.apply(&batch)?;
    }
    // Behind all of the rows: an engine never keeps a later batch without the earlier.
    engine.commit(mark)?;
    engine.barrier()
}

/// A batch that is on its way: the next one is made over it, and nobody else sees it.
/// There is at most one.
pub(crate) trait Staging: Send + Sync {
    fn stage(&self, batch: Overlay);
    fn look_at_staged(&self, look: &mut dyn FnMut(&Overlay));
    /// [`Engine::commit`] for the batch that is staged. A barrier and publishing follow.
    fn commit_staged(&self) -> Result<(), StoreError>;
    /// Nothing came of it.
    fn unstage(&self);
    fn get_ahead(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    fn scan_ahead(&self, range: (&[u8], &[u8]), direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError>;
}

/// What a batch is made over: the engine with the batch that is on its way. It takes
/// nothing.
pub(crate) struct Ahead<'a>(pub(crate) &'a dyn Staging);

impl Engine for Ahead<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.get_ahead(key)
    }

    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.0.scan_ahead((from, until), direction, visit)
    }

    fn commit(&self, _batch: Overlay) -> Result<(), StoreError> {
        Err(StoreError::Engine("a view of an engine takes no batch".into()))
    }

    fn barrier(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn shows_early(&self) -> bool {
        false
    }
}

/// The first byte of keys that belong to engines themselves. No table has this number.
pub(crate) const OWN_KEYS: u8 = u8::MAX;

/// Opens or creates an engine on disk in its place below `directory`. It holds `lock`
/// for as long as it lives.
pub(crate) fn open(
    kind: EngineKind,
    directory: &Path,
    cache_bytes: u64,
    lock: Box<dyn Send + Sync>,
) -> Result<Arc<dyn Engine>, StoreError> {
    let directory = directory.join(kind.name());
    if !directory.is_dir() {
        // Whoever made the data directory may have let others look into it.
        let made = platform::create_private_directory(&directory);
        made.map_err(|error| StoreError::Open {
            path: directory.clone(),
            detail: format!("it cannot be made: {error}; check its permissions and the space on its disk"),
        })?;
    }
    Ok(match kind {
        EngineKind::Sled => Arc::new(sled::open(&directory, cache_bytes, lock)?),
        EngineKind::Fjall => Arc::new(fjall::open(&directory, cache_bytes, lock)?),
    })
}

/// What a panic said.
fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_else(|| "it panicked".to_owned())
}
