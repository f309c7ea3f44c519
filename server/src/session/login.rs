//! Whether the login behind a connection still stands. Whoever ends a login ends its
//! connections at once; this finds what that missed: one that was just being made, a
//! login that ended because there were too many, another node's doing.

use rill_protocol::Code;
use std::time::Duration;

use super::{End, Session};

/// How long an ended login may go on at most.
const REREAD_PERIOD: Duration = Duration::from_secs(10);

/// Resolves when the login has ended.
pub(super) async fn ended(session: &Session) -> End {
    let sessions = &session.services.store.sessions;
    let identity = &session.identity;
    loop {
        match sessions.get(identity.user, identity.session).await {
            Ok(Some(_)) => {}
            Ok(None) => return End::new(Code::SessionRevoked, "the login was ended"),
            Err(error) => tracing::warn!(%error, "a login cannot be read again"),
        }
        tokio::time::sleep(REREAD_PERIOD).await;
    }
}
