//! What a lane carries besides entries.

use serde::{Deserialize, Serialize};

use super::stream::LaneClass;
use crate::id::{Epoch, RoomId};

/// Names a room for the entries that follow on this lane. It comes before the first
/// entry of each room on a lane; a handle is good for this lane only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomHandle {
    pub handle: u32,
    pub room: RoomId,
    pub epoch: Epoch,
}

/// The first frame of every lane: from here on no older lane of the class moves a
/// cursor. A client that replaces a lane sends its `Resume` when it has read this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LaneReady {
    pub class: LaneClass,
}
