//! Chats of two: opened by either of them, and what has arrived at the other one.

use serde::{Deserialize, Serialize};

use crate::{
    id::{RoomId, UserId},
    number::U53,
};

/// The chat of the user with somebody else, made if there is none: there is one for a pair,
/// whoever of them opens it. Answered by `RoomAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenPrivateChat {
    pub request: u32,
    pub user: UserId,
}

/// What the client has applied of private chats. Not answered: what is there already, or further,
/// stays, and so does a room that is none of the user's private chats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TellDelivered {
    /// The latest of each room since the last of these frames.
    pub rooms: Vec<DeliveredSeq>,
}

/// What has arrived at a device of the other one of private chats: in front of the `Resumed` that
/// names them in its request, and whenever it has changed. Only the latest of a room is ever sent.
/// Who blocks the user is left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Delivered {
    /// At most 500.
    pub rooms: Vec<DeliveredSeq>,
}

/// Up to which entry a room has arrived. It never goes back: of two the larger one holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveredSeq {
    pub room: RoomId,
    /// Who has read an entry, or posted a later one, has it too.
    pub seq: U53,
}
