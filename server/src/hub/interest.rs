//! Where other nodes append to the same logs, somebody has to know what this node cares
//! for. The hub tells it here, and does not ask what becomes of it.

use rill_protocol::{RoomId, UserId};

/// What a room may lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// Something in front of this seq, which may be on its way.
    Until(u64),
    Unknown,
}

/// Is told in the order in which it happens, under the hub's locks: it must not block,
/// nor call the hub.
pub trait Interest: Send + Sync {
    /// The first session follows a room.
    fn room_live(&self, room: RoomId);
    /// The last one has gone.
    fn room_retired(&self, room: RoomId);
    /// Entries of a live room are missing here, or it may have changed its epoch.
    fn room_behind(&self, room: RoomId, missing: Missing);
    /// The first session of a user is attached.
    fn user_here(&self, user: UserId);
    /// The last one has gone.
    fn user_gone(&self, user: UserId);
    /// A user who is attached uses none of their devices, or does again.
    fn user_idle(&self, user: UserId, is_idle: bool);
    /// Somebody is watched whom nobody here has watched.
    fn watched(&self, user: UserId);
    /// Nobody here watches them any more.
    fn unwatched(&self, user: UserId);
}
