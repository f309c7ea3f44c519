//! Custom emoji: one set of the whole community.

use async_trait::async_trait;

use crate::{
    StoreError,
    model::{ContentKey, Emoji, EmojiId, EmojiSet},
};

/// What came of an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Added {
    /// It is there, as it is now.
    Done(Emoji),
    /// Its place is another's.
    Taken(Emoji),
    /// There are as many as there may be.
    Full,
}

/// Each method touches the set, which is one slot. Doing any of them again is harmless.
#[async_trait]
pub trait EmojiSets: Send + Sync {
    /// The version of the set, which every change raises: one row.
    async fn version(&self) -> Result<u64, StoreError>;
    /// All of them.
    async fn set(&self) -> Result<EmojiSet, StoreError>;
    /// Adds one, whose version is given here.
    async fn add(&self, emoji: Emoji) -> Result<Added, StoreError>;
    /// Takes one away, if it is the one with this content; returns whether it was.
    async fn remove(&self, id: EmojiId, content: ContentKey, at_ms: u64) -> Result<bool, StoreError>;
}
