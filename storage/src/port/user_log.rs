//! A user's own log: what their devices must agree on.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    model::{NewSetting, UserEntry, UserFact, UserHead, UserKey},
};

/// Why something was not set. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SetRefused {
    NoSuchUser,
    /// The user's log does not have the room.
    NotInRoom,
    /// It has as many of the kind as allowed.
    TooMany,
}

/// What setting something comes to: the entry that says so, or none where it is so already.
pub type SetResult = Result<Result<Option<UserEntry>, SetRefused>, StoreError>;

/// The same contract as [`super::LogObserver`].
pub trait UserLogObserver: Send + Sync {
    /// The log of `user` has grown.
    fn appended(&self, user: UserId, entry: UserEntry);
}

/// Each method touches one user.
#[async_trait]
pub trait UserLog: Send + Sync {
    /// Appends a fact, named by the room entry that caused it: repeating it, or
    /// coming with an older entry of the same room, changes nothing and returns
    /// `None`. So does an append for a user that does not exist, and an invitation too many.
    /// For rooms and invitations, each of which has its causes by itself.
    async fn append(
        &self,
        user: UserId,
        cause: (RoomId, u64),
        fact: UserFact,
        at_ms: u64,
    ) -> Result<Option<UserEntry>, StoreError>;
    /// Sets what is known under a key. Setting what is so already changes nothing; so does
    /// the request that has set the key last, when it comes again.
    async fn set(&self, user: UserId, new: NewSetting) -> SetResult;
    /// What is known under a key now, also that something is gone.
    async fn get(&self, user: UserId, key: UserKey) -> Result<Option<UserFact>, StoreError>;
    /// The end of a user's log; `None` if there is no such user.
    async fn head(&self, user: UserId) -> Result<Option<UserHead>, StoreError>;
    /// Entries behind `after`, oldest first. `None` if they were compacted away, if
    /// `after` is ahead of the log, or if there is no such user: read the snapshot. Of a key
    /// only the latest entry says more than that it is past.
    async fn entries(&self, user: UserId, after: u64, limit: usize) -> Result<Option<Vec<UserEntry>>, StoreError>;
    /// The latest entry of each key that still holds (a room that was left is gone, and so is a draft that is empty),
    /// in the order of their seqs, and the head they were read at.
    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError>;
    /// Adds an observer for the store's life.
    fn observe(&self, observer: std::sync::Arc<dyn UserLogObserver>);
}
