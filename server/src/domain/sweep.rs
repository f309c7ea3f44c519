//! Mends what a crash, or a full queue, left between the two calls of a change.

use rill_storage::{Store, StoreError, model::Pending};
use std::collections::HashSet;

use super::{
    removing,
    rooms::{self, deleting::is_deletion},
};

/// Changes looked at in one go.
const PAGE: usize = 256;

/// Repeats the second call of every change that still needs one; all of them may be
/// repeated. Returns how many there were. Runs at start, before anybody connects, and
/// now and then beside the changes of the moment, which lose nothing by it.
///
/// What is left of a message that was removed, or of a room that is deleted, waits where it lies
/// beside the store: a place for blobs that is away keeps nobody from anything else.
pub async fn sweep(store: &Store) -> Result<usize, StoreError> {
    mend(store, |_| true).await
}

/// The same before anybody is let in, without what may take long and nobody sees: to erase what
/// deleted rooms held.
pub async fn sweep_at_start(store: &Store) -> Result<usize, StoreError> {
    mend(store, |due| !is_deletion(due)).await
}

async fn mend(store: &Store, is_wanted: impl Fn(&Pending) -> bool) -> Result<usize, StoreError> {
    let (mut mended, mut left) = (0, HashSet::new());
    loop {
        let pending = store.rooms.pending(PAGE).await?;
        let before = mended;
        for change in pending {
            if left.contains(&(change.room, change.seq)) || !is_wanted(&change) {
                continue;
            }
            match rooms::tell(store, &change).await {
                Ok(()) => mended += 1,
                Err(error) if removing::target(&change).is_some() || is_deletion(&change) => {
                    tracing::warn!(%error, "what is left of a message or room that is gone is left for later");
                    left.insert((change.room, change.seq));
                }
                Err(error) => return Err(error),
            }
        }
        if mended == before {
            return Ok(mended);
        }
    }
}
