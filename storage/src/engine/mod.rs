//! The seam under the embedded store: sorted bytes, atomic batches, a durable
//! barrier. Synchronous and narrow, so that another engine is a folder and a line.
//!
//! An engine knows no tables and no records, checks nothing, and has one writer.

pub(crate) mod memory;
pub(crate) mod sled;

use std::{collections::BTreeMap, ops::ControlFlow};

use crate::StoreError;

/// Keys in order, each with its new value, or `None` where it is deleted.
pub(crate) type Overlay = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// Which end of a range a scan begins at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Forward,
    Reverse,
}

/// Is given one key and value after the other until it breaks. It must not call the
/// engine: a lock may be held.
pub(crate) type Visit<'a> = dyn FnMut(&[u8], &[u8]) -> ControlFlow<()> + 'a;

/// A sorted store of bytes. Reads may come from any thread, writes from one.
pub(crate) trait Engine: Send + Sync {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;
    /// Visits keys from `from` up to but without `until`.
    fn scan(&self, from: &[u8], until: &[u8], direction: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError>;
    /// Applies a batch whole or not at all, also across a crash. Reads may see it at
    /// once, before it is durable.
    fn commit(&self, batch: &Overlay) -> Result<(), StoreError>;
    /// Returns when every batch before it survives a loss of power.
    fn barrier(&self) -> Result<(), StoreError>;
}
