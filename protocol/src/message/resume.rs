//! Subscribing to rooms from cursors, and saying which room is in view.

use serde::{Deserialize, Serialize};

use super::open::open_enum;
use crate::{
    id::{Epoch, RoomId},
    number::U53,
};

/// Subscribes to rooms, each from the client's cursor. At most 500 cursors a frame;
/// the room in view comes first. A room that is subscribed already restarts from the
/// new cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resume {
    pub request: u32,
    pub cursors: Vec<Cursor>,
}

/// The last entry of a room that the client has applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    pub room: RoomId,
    /// All zero when the client has nothing of the room.
    pub epoch: Epoch,
    pub seq: U53,
    /// Entries wanted above the new base if the server cannot replay all, at most 50.
    pub tail: u32,
}

/// The answer to `Resume`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resumed {
    pub request: u32,
    /// How many cursors stood at the head of their log; those rooms are not listed.
    pub unchanged: u32,
    pub rooms: Vec<ResumedRoom>,
}

/// What became of one cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResumedRoom {
    pub room: RoomId,
    pub outcome: Outcome,
    pub epoch: Epoch,
    /// Entries above this one follow on the lane.
    pub base: U53,
    /// The last entry of the log when this was answered.
    pub head: U53,
}

open_enum! {
    /// What the client does with a room after a resume.
    Outcome {
        /// Keep everything: all entries after the cursor follow on the lane.
        0 Complete,
        /// Drop the live tail and start it again at `base`; older messages are history.
        1 Limited,
        /// The same, and drop every cached message: the log is another one.
        2 EpochChanged,
        /// Forget the room: it is gone, or the user is no member.
        3 Gone,
    }
}

/// Names the room on the screen. Its entries restart after `have_seq` on the lane in
/// view and stop on the other; the room before it goes back to the other lane.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    /// Nothing when no room is on the screen.
    pub room: Option<RoomId>,
    /// The last entry of it that the client has applied.
    pub have_seq: U53,
}
