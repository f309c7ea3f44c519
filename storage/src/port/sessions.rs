//! Logins and the tickets that connect them.

use async_trait::async_trait;
use rill_protocol::{SessionId, UserId};

use crate::{
    StoreError,
    model::{Digest, Session, TicketRecord},
};

/// Tickets one user may hold; past it the oldest to expire goes.
pub const TICKETS_PER_USER_MAX: usize = 256;

/// Each method touches one user.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Writes a login. Past [`crate::limits::SESSIONS_PER_USER_MAX`] the oldest one ends.
    async fn create(&self, session: Session) -> Result<(), StoreError>;
    /// A login by its token.
    async fn by_token(&self, user: UserId, token: Digest) -> Result<Option<Session>, StoreError>;
    /// A login by its id.
    async fn get(&self, user: UserId, session: SessionId) -> Result<Option<Session>, StoreError>;
    /// Every login of a user.
    async fn list(&self, user: UserId) -> Result<Vec<Session>, StoreError>;
    /// Ends a login and voids its tickets; returns whether it was there.
    async fn end(&self, user: UserId, session: SessionId) -> Result<bool, StoreError>;
    /// Ends every login of a user but `keep`, and voids their tickets; returns which.
    async fn end_others(&self, user: UserId, keep: Option<SessionId>) -> Result<Vec<SessionId>, StoreError>;
    /// Writes tickets, and drops those of the user that expired before `now_ms`.
    async fn issue(&self, user: UserId, tickets: Vec<TicketRecord>, now_ms: u64) -> Result<(), StoreError>;
    /// Uses a ticket up. `None` if it is unknown, used, expired (`expires_ms` has come),
    /// or its login ended. The login was used at `now_ms`.
    async fn redeem(&self, user: UserId, ticket: Digest, now_ms: u64) -> Result<Option<Session>, StoreError>;
}
