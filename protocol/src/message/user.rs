//! Entries of the user's own log, on the control stream.

use serde::{Deserialize, Serialize};

use super::rooms::RoomInfo;
use crate::{
    id::{RoomId, UserId},
    number::U53,
};

/// The front of every entry of a user's log. Seqs rise; a snapshot has gaps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserEntryHeader {
    pub seq: U53,
    pub at_ms: U53,
}

/// The user is a member of a room that was not in the list: subscribe with `Resume`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomAdded {
    pub header: UserEntryHeader,
    /// As it is now.
    pub room: RoomInfo,
}

/// The user is no longer a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomRemoved {
    pub header: UserEntryHeader,
    pub room: RoomId,
}

/// The user is invited to a room: `JoinRoom` accepts. An invitation that is there already is
/// replaced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitedToRoom {
    pub header: UserEntryHeader,
    /// As it is now.
    pub room: RoomInfo,
    pub by: UserId,
    pub by_name: String,
}

/// An invitation is not there any more: it was accepted, declined or taken back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InvitationGone {
    pub header: UserEntryHeader,
    pub room: RoomId,
}

/// Everything up to `seq` has been sent: the client stores it as its cursor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserHead {
    pub seq: U53,
}
