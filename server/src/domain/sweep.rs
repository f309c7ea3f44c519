//! Mends what a crash, or a full queue, left between the two calls of a change.

use rill_storage::{Store, StoreError};
use std::collections::HashSet;

use super::{removing, rooms};

/// Changes looked at in one go.
const PAGE: usize = 256;

/// Repeats the second call of every change that still needs one; all of them may be
/// repeated. Returns how many there were. Runs at start, before anybody connects, and
/// now and then beside the changes of the moment, which lose nothing by it.
///
/// What is left of a message that was removed waits where it lies beside the store: a place for
/// blobs that is away keeps nobody from anything else.
pub async fn sweep(store: &Store) -> Result<usize, StoreError> {
    let (mut mended, mut left) = (0, HashSet::new());
    loop {
        let pending = store.rooms.pending(PAGE).await?;
        let before = mended;
        for change in pending {
            if left.contains(&(change.room, change.seq)) {
                continue;
            }
            match rooms::tell(store, &change).await {
                Ok(()) => mended += 1,
                Err(error) if removing::target(&change).is_some() => {
                    tracing::warn!(%error, "what is left of a message that was removed is left for later");
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
