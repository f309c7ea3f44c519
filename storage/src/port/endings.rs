//! Logins that have ended, for whoever holds connections of them and would otherwise have to
//! read every one of them again and again.

use async_trait::async_trait;
use rill_protocol::SessionId;

use crate::StoreError;

/// A place in the order of the endings, in a store's own notation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark(pub Vec<u8>);

/// Logins that have ended, or are about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub sessions: Vec<SessionId>,
    /// Where the next call begins.
    pub mark: Mark,
    /// Nobody knows any more what ended behind the mark that was asked for: it may have been
    /// any login.
    pub is_unknown: bool,
}

/// A list of its own, beside every user's. A store that many servers share tells a login
/// *before* it ends, so that none can end untold, and never which way it went: whoever hears
/// of one looks, and looks again for [`crate::limits::ENDING_MS_MAX`]. The same login may be
/// told several times.
#[async_trait]
pub trait Endings: Send + Sync {
    /// What was told behind a mark. Without one, nothing but where to begin.
    async fn since(&self, mark: Option<Mark>) -> Result<Ended, StoreError>;
}
