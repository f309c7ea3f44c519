//! What the rings of all rooms may hold together. A ring is a cache: the one that was
//! begun first is emptied first, and whoever still reads from it goes to the store.

use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};

use super::room::LiveRoom;

/// Encoded entries of all rooms, and what it costs to keep them.
const BYTES_MAX: usize = 128 * 1024 * 1024;

/// See the module.
pub struct Rings {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    bytes: usize,
    /// Rooms whose ring holds something, also those that have retired since.
    order: VecDeque<Arc<LiveRoom>>,
}

impl Default for Rings {
    fn default() -> Self {
        Self::new(BYTES_MAX)
    }
}

impl Rings {
    /// Rings that hold `bytes_max` together.
    pub fn new(bytes_max: usize) -> Self {
        Self { bytes_max, kept: Mutex::default() }
    }

    /// A room's ring went from `before` to `after` bytes.
    pub fn changed(&self, room: &Arc<LiveRoom>, before: usize, after: usize) {
        let mut kept = self.kept.lock();
        if before == 0 && after > 0 {
            kept.order.push_back(room.clone());
        }
        kept.bytes = kept.bytes + after - before;
        while kept.bytes > self.bytes_max
            && let Some(oldest) = kept.order.pop_front()
        {
            kept.bytes -= oldest.empty_ring();
        }
    }
}
