//! A user's logins, as the user sees and ends them. Live connections of the logins that
//! end are the caller's to close.

use rill_protocol::{SessionId, UserId};
use rill_storage::model::Session;
use std::cmp::Reverse;

use super::{Accounts, Identity};
use crate::domain::DomainError;

impl Accounts {
    /// Ends one's own login; its tickets are void.
    pub async fn logout(&self, identity: &Identity) -> Result<(), DomainError> {
        self.world.store.sessions.end(identity.user, identity.session).await?;
        Ok(())
    }

    /// The logins of a user, the one used last first.
    pub async fn sessions(&self, user: UserId) -> Result<Vec<Session>, DomainError> {
        let mut sessions = self.world.store.sessions.list(user).await?;
        sessions.sort_by_key(|session| Reverse((session.used_ms, session.created_ms, session.id)));
        Ok(sessions)
    }

    /// Ends a login of a user.
    pub async fn end_session(&self, user: UserId, session: SessionId) -> Result<(), DomainError> {
        match self.world.store.sessions.end(user, session).await? {
            true => Ok(()),
            false => Err(DomainError::NoSuchSession),
        }
    }

    /// Ends every login of a user but `keep`; returns which.
    pub async fn end_sessions(&self, user: UserId, keep: Option<SessionId>) -> Result<Vec<SessionId>, DomainError> {
        Ok(self.world.store.sessions.end_others(user, keep).await?)
    }
}
