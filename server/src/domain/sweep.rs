//! Mends what a crash, or a full queue, left between the two calls of a change.

use rill_storage::{Store, StoreError};

use super::rooms;

/// Changes looked at in one go.
const PAGE: usize = 256;

/// Repeats the second call of every change that still needs one; all of them may be
/// repeated. Returns how many there were. Runs at start, before anybody connects, and
/// now and then beside the changes of the moment, which lose nothing by it.
pub async fn sweep(store: &Store) -> Result<usize, StoreError> {
    let mut mended = 0;
    loop {
        let pending = store.rooms.pending(PAGE).await?;
        if pending.is_empty() {
            return Ok(mended);
        }
        for change in pending {
            rooms::tell(store, &change).await?;
            mended += 1;
        }
    }
}
