//! Rooms, their members, and the directory that lists them.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    model::{Appended, Membership, NewRoom, Pending, Room},
};

/// Each method touches one room. Memberships change through [`super::Log::append`].
#[async_trait]
pub trait Rooms: Send + Sync {
    /// Makes a room whose log begins with `Created` (seq 1) and the creator's `Joined`
    /// (seq 2, the entry returned), and leaves one [`Pending`] behind for both: its seq
    /// is 2, its fact is `Created`. Repeating it changes nothing, however much later;
    /// `replay` then tells whether the digest was the same.
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError>;
    /// A room.
    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError>;
    /// What a user may see of a room, also after they left.
    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError>;
    /// Active members in the order of their ids, behind `after`.
    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError>;
    /// Changes whose second call is not known to be done, of any room, oldest keys
    /// first: for the sweep.
    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError>;
    /// The second call is done.
    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError>;
}

/// The list of rooms; one key of its own.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Lists a room; repeatable.
    async fn announce(&self, room: RoomId, created_ms: u64) -> Result<(), StoreError>;
    /// Rooms, newest first, behind `after`.
    async fn page(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<RoomId>, StoreError>;
}
