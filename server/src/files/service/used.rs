//! How much the place of blobs holds, as far as this server knows: what a walk found, and what
//! was begun since and has not failed.

use std::sync::atomic::{AtomicU64, Ordering};

use super::FileError;
use crate::domain::DomainError;

/// See the module.
#[derive(Default)]
pub(super) struct Used {
    bytes: AtomicU64,
}

impl Used {
    pub(super) fn found(&self, bytes: u64) {
        self.bytes.store(bytes, Ordering::Relaxed);
    }

    pub(super) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// They will not come, or are there already, in another blob.
    pub(super) fn gone(&self, bytes: u64) {
        let fewer = |before: u64| Some(before.saturating_sub(bytes));
        // It is always changed.
        let _ = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fewer);
    }

    /// Whether so many more may come.
    pub(super) fn must_hold(&self, bytes: u64, max: u64) -> Result<(), FileError> {
        let together = self.bytes.load(Ordering::Relaxed).saturating_add(bytes);
        if together <= max { Ok(()) } else { Err(DomainError::StorageFull.into()) }
    }
}
