//! The store of a data directory removed, so that the next start makes an empty one.

use std::path::Path;

use super::{directory_lock::LockedDirectory, parts};
use crate::StoreError;

/// Removes every part of the store, also of one that does not open any more; other files
/// of the directory stay. Cut short, the next opening goes on with it.
///
/// # Errors
/// There is none, somebody has it open, or the directory cannot be written.
pub fn reset(path: &Path) -> Result<(), StoreError> {
    if !parts::is_any(path) && !parts::is_coming(path) {
        return Err(StoreError::Open { path: path.to_owned(), detail: "there is no store in it".into() });
    }
    let directory = LockedDirectory::lock(path)?;
    parts::begin(&directory)?;
    parts::put_in_place(&directory)
}
