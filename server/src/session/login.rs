//! Whether the login behind a connection still stands. Whoever ends a login, or disables
//! its account, ends its connections at once; this finds what that missed: one that was
//! just being made, a login that ended because there were too many, another process's doing.

use std::time::Duration;

use super::{End, Session};
use crate::{domain::DomainError, wire::code::Failure};

/// An ended login goes on for 10 s at most: what is left of them is for the reading.
const REREAD_PERIOD: Duration = Duration::from_secs(8);

/// Resolves when the login has ended.
pub(super) async fn ended(session: &Session) -> End {
    loop {
        match session.services.domain.accounts.check(&session.identity).await {
            Ok(()) => {}
            Err(error @ (DomainError::SessionRevoked | DomainError::AccountDisabled)) => {
                let failure = Failure::from(error);
                return End::new(failure.code, failure.detail);
            }
            Err(error) => tracing::warn!(%error, "a login cannot be read again"),
        }
        // Sooner where somebody says that it may have ended.
        let _ = tokio::time::timeout(REREAD_PERIOD, session.inbox.login_doubted()).await;
    }
}
