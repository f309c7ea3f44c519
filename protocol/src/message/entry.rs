//! Entries of a room's log, each a frame of its own on a lane. All begin with the
//! same header, so that a client can step over a kind that it does not know.

use serde::{Deserialize, Serialize};

use super::{
    file::{FileInfo, FileState},
    groups::{MemberChange, RoomChange},
    picture::Avatar,
};
use crate::{
    id::{ClientId, UserId},
    number::U53,
};

/// The front of every entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryHeader {
    /// The room, by the handle that `RoomHandle` gave on this lane.
    pub room: u32,
    /// Dense: the entry after `n` is `n + 1`.
    pub seq: U53,
    /// The server's clock at the commit; never smaller than the entry before.
    pub at_ms: U53,
    pub author: UserId,
    /// The client id of the request that made it, by which its maker knows it.
    pub client_id: ClientId,
}

/// The room came to be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryCreated {
    pub header: EntryHeader,
    pub name: String,
}

/// Somebody said something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryPosted {
    pub header: EntryHeader,
    pub text: String,
}

/// The author became a member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryJoined {
    pub header: EntryHeader,
}

/// The author is a member no more. A member's own `EntryLeft` is the last entry of
/// the room that they get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryLeft {
    pub header: EntryHeader,
}

/// An entry that this user may not see: author, client id and time are zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryHidden {
    pub header: EntryHeader,
}

/// A message whose text was deleted before this reader came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryErased {
    pub header: EntryHeader,
}

/// A message with a file, which may still be on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFile {
    pub header: EntryHeader,
    /// What stands beside the file.
    pub text: String,
    pub file: FileInfo,
}

/// A file that was on its way is whole, or will never be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryFileSettled {
    pub header: EntryHeader,
    /// The message of the file.
    pub target: U53,
    pub state: FileState,
}

/// The author changed the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRoomChange {
    pub header: EntryHeader,
    pub change: RoomChange,
}

/// The author did something to somebody. Where it says that a member is removed or banned, it
/// is the last entry of the room that they get.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryMemberChange {
    pub header: EntryHeader,
    pub change: MemberChange,
}

/// A message is gone: its text, its file and whom it named. Whoever reads its own entry from here
/// on gets an `EntryErased`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryDeleted {
    pub header: EntryHeader,
    /// The message.
    pub target: U53,
}

/// The room is deleted, with all that it held. No entry follows, and whoever has the room drops it.
/// Who comes back later than this was said hears it from their own log, as a `RoomRemoved`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryRoomDeleted {
    pub header: EntryHeader,
}

/// The author gave the room another picture, or took it away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntryAvatar {
    pub header: EntryHeader,
    pub avatar: Avatar,
}
