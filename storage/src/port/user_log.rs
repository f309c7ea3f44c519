//! A user's own log: what their devices must agree on.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    model::{UserEntry, UserFact, UserHead},
};

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
    /// `None`. So does an append for a user that does not exist.
    async fn append(
        &self,
        user: UserId,
        cause: (RoomId, u64),
        fact: UserFact,
        at_ms: u64,
    ) -> Result<Option<UserEntry>, StoreError>;
    /// The end of a user's log; `None` if there is no such user.
    async fn head(&self, user: UserId) -> Result<Option<UserHead>, StoreError>;
    /// Entries behind `after`, oldest first. `None` if they were compacted away, if
    /// `after` is ahead of the log, or if there is no such user: read the snapshot.
    async fn entries(&self, user: UserId, after: u64, limit: usize) -> Result<Option<Vec<UserEntry>>, StoreError>;
    /// The latest entry of each key that still holds (a room that was left is gone),
    /// in the order of their seqs, and the head they were read at.
    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError>;
    /// Adds an observer for the store's life.
    fn observe(&self, observer: std::sync::Arc<dyn UserLogObserver>);
}
