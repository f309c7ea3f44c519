//! Whether the login behind a connection still stands. Whoever ends a login, or disables
//! its account, ends its connections at once; this finds what that missed: one that was
//! just being made, a login that ended because there were too many, another node's doing.

use std::time::Duration;

use super::{End, Session};
use crate::{
    domain::DomainError,
    limits::{LOGIN_REREAD_MS, LOGIN_REREAD_WATCHED_MS},
    wire::code::Failure,
};

/// Resolves when the login has ended. The look has a place of its own: it is a moment in minutes.
pub(super) async fn ended(session: &Session) -> End {
    loop {
        session.services.metrics.cluster.read_login();
        let wait_ms = match Box::pin(session.services.domain.accounts.check(&session.identity)).await {
            // Among other nodes this one looks for all of its connections.
            Ok(()) if session.services.cluster.is_some() => LOGIN_REREAD_WATCHED_MS,
            Ok(()) => LOGIN_REREAD_MS,
            Err(error @ (DomainError::SessionRevoked | DomainError::AccountDisabled)) => {
                let failure = Failure::from(error);
                return End::new(failure.code, failure.detail);
            }
            Err(error) => {
                match error {
                    DomainError::StoreAway(_) => tracing::debug!(%error, "a login cannot be read again"),
                    _ => tracing::warn!(%error, "a login cannot be read again"),
                }
                LOGIN_REREAD_MS
            }
        };
        // Sooner where somebody says that it may have ended.
        let _ = tokio::time::timeout(Duration::from_millis(wait_ms), session.registration.doubted()).await;
    }
}
