//! Room on the disk for blobs: what the store keeps free for itself is not theirs.

use std::path::Path;

use crate::{StoreError, engine::journal::space};

/// Refuses what would leave the store less than it keeps free.
pub(super) fn must_hold(folder: &Path, bytes: u64) -> Result<(), StoreError> {
    space::ensure_for(folder, bytes)
}
