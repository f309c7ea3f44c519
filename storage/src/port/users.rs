//! Accounts and the names that belong to them.

use async_trait::async_trait;
use rill_protocol::{SessionId, UserId};

use crate::{
    StoreError,
    model::{Avatar, NameKey, Picture, Profile, Role, User},
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
    /// What is shown of a user.
    async fn profile(&self, user: UserId) -> Result<Option<Profile>, StoreError>;
    /// Gives a user another picture, or none, if their avatar is the one of version `replaces`.
    /// Returns what it is then; `None` if there is no such user. Repeatable: who has lost the
    /// answer finds their picture there.
    async fn set_avatar(
        &self,
        user: UserId,
        picture: Option<Picture>,
        replaces: u64,
        at_ms: u64,
    ) -> Result<Option<Avatar>, StoreError>;
    /// Sets the hash of the password and, in the same stroke, ends every login but `keep`.
    /// With `expected` it does so only if that is the hash now: of two who change it at
    /// the same time one is told. The logins that ended, or `None` if nothing was changed.
    async fn set_password(
        &self,
        user: UserId,
        expected: Option<String>,
        hash: String,
        keep: Option<SessionId>,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
    /// Returns whether there is such an account. The last call counts.
    async fn set_role(&self, user: UserId, role: Role) -> Result<bool, StoreError>;
    /// Disables an account, which ends all of its logins in the same stroke, or enables
    /// it. One that is disabled already keeps its time. The last call counts. The logins
    /// that ended, or `None` if there is no such account.
    async fn set_disabled(&self, user: UserId, disabled_ms: Option<u64>) -> Result<Option<Vec<SessionId>>, StoreError>;
}

/// The list of all accounts; one key of its own.
#[async_trait]
pub trait Roster: Send + Sync {
    /// Lists somebody, before [`Users::create`] makes the account: a crash between the
    /// two leaves an entry without an account, which [`Roster::list`] passes over.
    /// Repeatable.
    async fn add(&self, user: UserId) -> Result<(), StoreError>;
    /// Accounts in the order of their ids, behind `after`. Fewer than `limit`, and fewer
    /// than [`crate::limits::READ_ROWS_MAX`], are the last.
    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, StoreError>;
    /// Announces that somebody may be about to stop being an administrator, and returns who
    /// else was announced before and is still: of two who announce themselves each at the
    /// same time, one is told of the other. Good until [`Roster::stepped_down`], or for
    /// [`crate::limits::STEPPING_DOWN_MS`]. Repeatable.
    async fn step_down(&self, user: UserId, now_ms: u64) -> Result<Vec<UserId>, StoreError>;
    /// They have stopped, or they stay. Repeatable.
    async fn stepped_down(&self, user: UserId) -> Result<(), StoreError>;
}
