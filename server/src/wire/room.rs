//! Rooms and members.

use rill_protocol::message::{Member, RoomInfo};

use super::number;
use crate::domain::rooms::{MemberView, RoomView};

/// A room as its reader sees it.
pub fn info(view: RoomView) -> RoomInfo {
    RoomInfo {
        id: view.room.id,
        name: view.room.name,
        creator: view.room.creator,
        creator_name: view.creator_name,
        created_ms: number(view.room.created_ms),
        members: view.room.members,
        joined: view.joined,
    }
}

/// A member, and whether they are there.
pub fn member(online: bool, view: MemberView) -> Member {
    Member { online, user: view.user, name: view.name, joined_ms: number(view.joined_ms) }
}
