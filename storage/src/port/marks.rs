//! How far each member of a room has read.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

use crate::{
    StoreError,
    model::{NewMark, Reading, Receipt},
};

/// Why a mark was not moved. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkRefused {
    NoSuchRoom,
    NotAMember,
    /// The log has no such entry: it ends at `head`.
    NoSuchEntry {
        head: u64,
    },
}

/// The same contract as [`super::LogObserver`]; of what this store was asked for, and where
/// others share it not of what they were.
pub trait MarkObserver: Send + Sync {
    /// A user has moved their mark, or was named by a post; without a user everybody was.
    fn marked(&self, room: RoomId, user: Option<UserId>);
    /// More of a private chat has arrived at one of the two; without a user it was closed or
    /// opened.
    fn chat_changed(&self, room: RoomId, user: Option<UserId>);
}

/// Each method touches one room.
#[async_trait]
pub trait Marks: Send + Sync {
    /// Moves the mark of a member, and returns how it stands; moving it to where it is, or less
    /// far, changes nothing.
    async fn set(&self, room: RoomId, user: UserId, mark: NewMark) -> Result<Result<Reading, MarkRefused>, StoreError>;
    /// How a member stands; `None` for who is none.
    async fn reading(&self, room: RoomId, user: UserId) -> Result<Option<Reading>, StoreError>;
    /// Up to where members have read, in the order of their ids, behind `after`.
    async fn receipts(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Receipt>, StoreError>;
    /// The same of one member; `None` for who is none.
    async fn receipt(&self, room: RoomId, user: UserId) -> Result<Option<Receipt>, StoreError>;
    /// A private chat has arrived at one of its two up to an entry, or to the end of a log that
    /// has it not; what they have read has. Returns whether that is further than before; of other rooms and of who is no
    /// member nothing is noted.
    async fn arrive(&self, room: RoomId, user: UserId, seq: u64) -> Result<bool, StoreError>;
    /// Up to where; `None` where it is not noted.
    async fn arrival(&self, room: RoomId, user: UserId) -> Result<Option<u64>, StoreError>;
    /// Adds an observer for the store's life.
    fn observe(&self, observer: Arc<dyn MarkObserver>);
}
