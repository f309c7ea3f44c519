//! Accounts and the names that belong to them.

use async_trait::async_trait;
use rill_protocol::UserId;

use crate::{
    StoreError,
    model::{NameKey, User},
};

/// Who holds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    pub holder: UserId,
    pub at_ms: u64,
}

/// A registration is two calls: the claim of the name, then the account. A claim whose
/// account never came is taken over with [`Users::replace_claim`].
#[async_trait]
pub trait Users: Send + Sync {
    /// Claims a name unless it is held; returns who holds it now.
    async fn claim_name(&self, name: NameKey, user: UserId, at_ms: u64) -> Result<Claim, StoreError>;
    /// Hands a name from `from` to `to` if `from` still holds it; returns who holds it now.
    async fn replace_claim(&self, name: NameKey, from: UserId, to: UserId, at_ms: u64) -> Result<Claim, StoreError>;
    /// Who holds a name.
    async fn by_name(&self, name: NameKey) -> Result<Option<Claim>, StoreError>;
    /// Writes an account unless it exists; returns whether it was written. Starts the
    /// user's own log in `user.log_epoch`.
    async fn create(&self, user: User) -> Result<bool, StoreError>;
    /// An account.
    async fn get(&self, user: UserId) -> Result<Option<User>, StoreError>;
}
