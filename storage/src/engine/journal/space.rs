//! Room on the disk. What is in the journal alone must still find room in the engine, and
//! an engine that meets a full disk in the middle of its own work is beyond help until a
//! restart. So writes are refused while there is still some.

use std::path::Path;

use crate::{
    StoreError,
    limits::{SPACE_PER_GATHERED_BYTE, SPACE_RESERVE_BYTES, SPACE_RESERVE_PART},
    platform,
};

/// Refuses if the engine, taking `waiting_bytes`, might meet the end of the disk.
pub(crate) fn ensure(directory: &Path, waiting_bytes: usize) -> Result<(), StoreError> {
    // Where nobody can tell, the write itself will.
    let Ok(space) = platform::space(directory) else { return Ok(()) };
    if space.free_bytes < needed(waiting_bytes as u64, space.disk_bytes) { Err(StoreError::Full) } else { Ok(()) }
}

/// Refuses if so many bytes beside the engine would leave less than is kept free for it.
pub(crate) fn ensure_for(directory: &Path, bytes: u64) -> Result<(), StoreError> {
    let Ok(space) = platform::space(directory) else { return Ok(()) };
    if space.free_bytes < needed(0, space.disk_bytes).saturating_add(bytes) { Err(StoreError::Full) } else { Ok(()) }
}

/// The same at a start: what was kept free until then is for this.
pub(super) fn ensure_without_reserve(directory: &Path, waiting_bytes: usize) -> Result<(), StoreError> {
    let Ok(space) = platform::space(directory) else { return Ok(()) };
    if space.free_bytes < needed(waiting_bytes as u64, 0) { Err(StoreError::Full) } else { Ok(()) }
}

fn needed(waiting_bytes: u64, disk_bytes: u64) -> u64 {
    let reserve = SPACE_RESERVE_BYTES.min(disk_bytes / SPACE_RESERVE_PART);
    reserve.saturating_add(waiting_bytes.saturating_mul(SPACE_PER_GATHERED_BYTE))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_waits_for_the_engine_counts_several_times_and_small_disks_keep_a_part() {
        let large = 1 << 40;
        assert_eq!(needed(0, large), SPACE_RESERVE_BYTES);
        assert_eq!(needed(1_000, large), SPACE_RESERVE_BYTES + 4_000);
        assert_eq!(needed(0, 10_000), 1_000);
        assert_eq!(needed(u64::MAX, large), u64::MAX);
    }
}
