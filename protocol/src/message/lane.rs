//! What a lane carries besides entries.

use serde::{Deserialize, Serialize};

use crate::id::{Epoch, RoomId};

/// Names a room for the entries that follow on this lane. It comes before the first
/// entry of each room on a lane; a handle is good for this lane only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHandle {
    pub handle: u32,
    pub room: RoomId,
    pub epoch: Epoch,
}
