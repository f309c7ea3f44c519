//! Rooms, their members, and the directory that lists them.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    model::{Appended, Digest, Membership, NewRoom, Noted, Pending, Remains, Room, RoomLink},
    port::log::Sight,
};

/// Each method touches one room. Memberships change through [`super::Log::append`].
#[async_trait]
pub trait Rooms: Send + Sync {
    /// Makes a room whose log begins with `Created` (seq 1) and the creator's `Joined`
    /// (seq 2, the entry returned), and leaves one [`Pending`] behind for both: its seq
    /// is 2, its fact is `Created`. Each other member's `Joined` follows, with a [`Pending`]
    /// of its own, in the order of [`crate::model::RoomSetup::members`]. A private chat is
    /// closed by both of the two, until [`Self::close`] says otherwise for each. Repeating it
    /// changes nothing, however much later; `replay` then tells whether the digest was the same.
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError>;
    /// A room.
    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError>;
    /// What a user may see of a room, also after they left.
    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError>;
    /// Active members in the order of their ids, behind `after`.
    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError>;
    /// What a room is, and what a user may see of it, of one moment.
    async fn room_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<Room>>, StoreError>;
    /// One of the two of a private chat lets nobody post there, or does so no more; the other
    /// may have closed it too. Whether it was theirs to close.
    async fn close(&self, room: RoomId, by: UserId, is_closed: bool) -> Result<bool, StoreError>;
    /// Changes whose second call is not known to be done, of any room, oldest keys
    /// first: for the sweep.
    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError>;
    /// What a deleted room still holds; nothing of one that is not deleted, or of which nothing
    /// is left but that there was one. Whatever knows of it elsewhere is told first, then it is
    /// handed to [`Self::erase`]; so a stop between the two leaves nothing that doing it again
    /// would not find. Of one kind after the other, at most `limit`.
    async fn remains(&self, room: RoomId, limit: usize) -> Result<Option<Remains>, StoreError>;
    /// Erases it, for good. Doing it again is harmless.
    async fn erase(&self, room: RoomId, remains: Remains) -> Result<(), StoreError>;
    /// Whether there was a room that is deleted.
    async fn is_deleted(&self, room: RoomId) -> Result<bool, StoreError>;
    /// The second call is done.
    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError>;
}

/// Who may come into a room that is not open to them: who is invited, who is banned, and links.
/// Each method touches one room; they change through [`super::Log::append`].
#[async_trait]
pub trait Doors: Send + Sync {
    /// Those who are invited, in the order of their ids, behind `after`.
    async fn invited(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Noted>, StoreError>;
    /// Whether somebody is invited, and by whom.
    async fn invitation(&self, room: RoomId, user: UserId) -> Result<Option<Noted>, StoreError>;
    /// Those who are banned, in the order of their ids, behind `after`.
    async fn banned(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Noted>, StoreError>;
    /// Every link of a room, also those that are used up or expired.
    async fn links(&self, room: RoomId) -> Result<Vec<RoomLink>, StoreError>;
    /// The link with that secret.
    async fn link(&self, room: RoomId, secret: Digest) -> Result<Option<RoomLink>, StoreError>;
}

/// The list of rooms; one key of its own.
#[async_trait]
pub trait Directory: Send + Sync {
    /// Lists a room; repeatable.
    async fn announce(&self, room: RoomId, created_ms: u64) -> Result<(), StoreError>;
    /// Notes that there is a room, which is not listed, or no more; repeatable.
    async fn withdraw(&self, room: RoomId) -> Result<(), StoreError>;
    /// Rooms, newest first, behind `after`.
    async fn page(&self, after: Option<RoomId>, limit: usize) -> Result<Vec<RoomId>, StoreError>;
}
