//! What was begun in a place of blobs and is nobody's any more: a writer that was asleep while
//! its transfer was given up, a row that was forgotten before its blob was removed.
//!
//! Only blobs that are not finished are looked at, so nothing that a content is held by can be
//! taken for one. Whether a transfer still fills it is asked of all rows *after* the name was
//! found; a transfer's row is written before its blob is begun, and a name is never used
//! twice, so one that begins meanwhile has a name that was not found. A blob that is made of
//! another one in between is younger than the bound.

use std::collections::BTreeSet;

use crate::{
    Store, StoreError,
    blobs::{BlobName, Blobs},
    limits::READ_ROWS_MAX,
};

/// What a round has done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Round {
    pub removed: Vec<BlobName>,
    /// Where the next one begins; `None` at the end of the place.
    pub next: Option<BlobName>,
}

/// Removes what nobody has written to since then and no transfer fills, of at most so many
/// names behind one of them. Doing so twice at once is harmless. The bound must be longer than
/// a finished transfer takes to be made into something, and than a blob that is made of
/// another takes: an hour is much.
///
/// # Errors
/// The store or the place fails.
pub async fn sweep(
    store: &Store,
    blobs: &Blobs,
    untouched_since_ms: u64,
    after: Option<BlobName>,
    limit: usize,
) -> Result<Round, StoreError> {
    let found = blobs.strays(untouched_since_ms, after, limit).await?;
    let mut strays: BTreeSet<_> = found.names.into_iter().collect();
    let mut behind = None;
    while !strays.is_empty() {
        let transfers = store.transfers.expired(u64::MAX, behind, READ_ROWS_MAX).await?;
        for transfer in &transfers {
            strays.remove(&transfer.blob);
        }
        match transfers.last() {
            Some(last) if transfers.len() == READ_ROWS_MAX => behind = Some((last.user, last.id)),
            _ => break,
        }
    }
    for name in &strays {
        blobs.remove(name).await?;
    }
    Ok(Round { removed: strays.into_iter().collect(), next: found.next })
}
