//! Requests about rooms and their answers.

use serde::{Deserialize, Serialize};

use super::open::open_enum;
use crate::{
    id::{ClientId, Epoch, RoomId, UserId},
    number::U53,
};

/// Posts a message. Answered by `Accepted` once it is on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Post {
    pub request: u32,
    pub room: RoomId,
    /// Kept with the message until it is acked: a retry under it is harmless.
    pub client_id: ClientId,
    pub text: String,
}

/// A change is in the log, on disk, and visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Accepted {
    pub request: u32,
    pub epoch: Epoch,
    pub seq: U53,
    pub at_ms: U53,
    pub replay: Replay,
}

open_enum! {
    /// Whether the client id was seen before.
    Replay {
        /// This request made the entry.
        0 First,
        /// An earlier one with the same content did.
        1 Same,
        /// An earlier one with other content did; this content was dropped.
        2 Different,
    }
}

/// Posts several messages into one room, together or not at all. Answered by
/// `AcceptedBatch` once they are on disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PostBatch {
    pub request: u32,
    pub room: RoomId,
    /// In the order in which they are to stand in the log.
    pub posts: Vec<BatchPost>,
}

/// One message of a [`PostBatch`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchPost {
    /// As in [`Post`]. A retry sends the whole batch again, every message under its id.
    pub client_id: ClientId,
    pub text: String,
}

/// Every message of a batch is in the log, on disk, and visible.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedBatch {
    pub request: u32,
    pub epoch: Epoch,
    /// One for each message, in the order of the request.
    pub posts: Vec<PlacedPost>,
}

/// Where a message of a batch stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedPost {
    pub seq: U53,
    pub at_ms: U53,
    pub replay: Replay,
}

/// Creates a room with the user as its first member. Answered by `RoomAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRoom {
    pub request: u32,
    pub client_id: ClientId,
    pub name: String,
}

/// Joins a room; joining twice is no error. Answered by `RoomAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRoom {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
}

/// Leaves a room; leaving twice is no error. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeaveRoom {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
}

/// What anybody logged in may know of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomInfo {
    pub id: RoomId,
    pub name: String,
    pub creator: UserId,
    pub creator_name: String,
    pub created_ms: U53,
    pub members: u32,
    /// Whether the asking user is one of them.
    pub joined: bool,
}

/// The room that was created or joined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomAnswer {
    pub request: u32,
    pub room: RoomInfo,
}

/// A page of the directory, newest room first. Answered by `RoomPage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRooms {
    pub request: u32,
    /// Continue behind this room; nothing for the first page.
    pub after: Option<RoomId>,
    pub limit: u32,
}

/// See [`ListRooms`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomPage {
    pub request: u32,
    pub rooms: Vec<RoomInfo>,
    pub more: bool,
}

/// A page of a room's members in the order of their ids; members only. Answered by
/// `MemberPage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListMembers {
    pub request: u32,
    pub room: RoomId,
    /// Continue behind this user; nothing for the first page.
    pub after: Option<UserId>,
    pub limit: u32,
}

/// See [`ListMembers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberPage {
    pub request: u32,
    pub members: Vec<Member>,
    pub more: bool,
}

/// One member of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub user: UserId,
    pub name: String,
    pub joined_ms: U53,
    /// Whether any device of theirs is attached now.
    pub online: bool,
}
