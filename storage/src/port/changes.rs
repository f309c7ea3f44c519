//! What somebody remembers of rooms and people is told of what changes them.

use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

/// What has changed: what is recorded of it beside its log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Changed {
    /// The room itself, or who is in it.
    Room(RoomId),
    /// The account, the avatar, what they say of themselves, whom they block, or who blocks them.
    User(UserId),
    /// The set of custom emoji.
    Emoji,
}

/// Is told of a change after it is durable and before whoever made it is answered; of
/// changes through this store, not of those that others make who share it. Called on the
/// store's own thread: it must not block.
pub trait ChangeObserver: Send + Sync {
    /// A change was made, or the same one once more.
    fn changed(&self, changed: Changed);
}

/// Where one asks to be told.
pub trait Changes: Send + Sync {
    /// Adds an observer for the store's life.
    fn observe(&self, observer: Arc<dyn ChangeObserver>);
}
