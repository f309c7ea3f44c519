//! What a user wants of their rooms, the same on every device: requests, and the entries of the
//! user's own log that tell of it.

use serde::{Deserialize, Serialize};

use super::{open::open_enum, user::UserEntryHeader};
use crate::id::{ClientId, RoomId};

/// Changes what the user wants of a room; what is absent stays. Answered by `Done` once it is on
/// disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetRoomPreferences {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    pub notify: Option<Notify>,
    pub pinned: Option<bool>,
    pub archived: Option<bool>,
}

/// Keeps what stands in a room's field and was not posted. Answered by `Done` once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetDraft {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    /// Empty where nothing does.
    pub text: String,
}

/// Whether others are to be told how far the user has read. Answered by `Done` once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HideReceipts {
    pub request: u32,
    pub client_id: ClientId,
    pub hidden: bool,
}

open_enum! {
    /// Of what in a room the user wants to hear.
    Notify {
        0 All,
        /// Only posts that name the user.
        1 Mentions,
        2 Nothing,
    }
}

/// What the user wants of a room, all of it. A room that is not named by a snapshot is as every
/// room is at first: `All`, neither pinned nor archived. Goes with the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPreferences {
    pub header: UserEntryHeader,
    pub room: RoomId,
    pub notify: Notify,
    pub pinned: bool,
    pub archived: bool,
}

/// What stands in a room's field and was not posted. Goes with the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    pub header: UserEntryHeader,
    pub room: RoomId,
    /// Empty where nothing does.
    pub text: String,
}

/// Whether others are not told how far the user has read; if a snapshot has none, they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptsHidden {
    pub header: UserEntryHeader,
    pub hidden: bool,
}
