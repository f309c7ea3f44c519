//! What people say of themselves, and whom they want to hear nothing of.

use async_trait::async_trait;
use rill_protocol::UserId;

use crate::{
    StoreError,
    model::{Card, Status},
};

/// What became of a wish to block somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// They are, since this call or before.
    Done,
    /// As many as may be are blocked already.
    TooMany,
    NoSuchUser,
}

/// Each method touches one user. What is said here is shown by [`super::Users::profile`].
///
/// A block is two calls: the row of whoever blocks is the truth, and who is blocked has one
/// beside it for what they are shown. [`People::untold`] names those whose second call is not
/// known to be made.
#[async_trait]
pub trait People: Send + Sync {
    /// What a user says of themselves from now on. Returns whether there is such a user.
    async fn set_card(&self, user: UserId, card: Card, at_ms: u64) -> Result<bool, StoreError>;
    /// What a user says of the moment. Returns whether there is such a user.
    async fn set_status(&self, user: UserId, status: Status) -> Result<bool, StoreError>;
    /// They were there at this time; an earlier one than is known changes nothing.
    async fn seen(&self, user: UserId, at_ms: u64) -> Result<(), StoreError>;
    /// Blocks somebody. Repeatable.
    async fn block(&self, user: UserId, other: UserId, at_ms: u64) -> Result<Blocked, StoreError>;
    /// Blocks them no more. Repeatable.
    async fn unblock(&self, user: UserId, other: UserId) -> Result<(), StoreError>;
    /// Whether `user` blocks `other`.
    async fn blocks(&self, user: UserId, other: UserId) -> Result<bool, StoreError>;
    /// Whom a user blocks.
    async fn blocked(&self, user: UserId) -> Result<Vec<UserId>, StoreError>;
    /// Whom a user blocks and whose own slot may not say so.
    async fn untold(&self, user: UserId) -> Result<Vec<UserId>, StoreError>;
    /// The second call of a block is made, or is about to be taken back.
    async fn told(&self, user: UserId, other: UserId, is_told: bool) -> Result<(), StoreError>;
    /// The second call: `user` is blocked by `other`, or no more. Repeatable.
    async fn set_blocked_by(&self, user: UserId, other: UserId, at_ms: Option<u64>) -> Result<(), StoreError>;
    /// Who blocks a user, in the order of their ids, behind `after`.
    async fn blocked_by(&self, user: UserId, after: Option<UserId>, limit: usize) -> Result<Vec<UserId>, StoreError>;
}
