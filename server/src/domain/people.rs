//! Who somebody is: names and avatars by id; and the custom emoji.

use rill_protocol::UserId;
use rill_storage::model::{EmojiSet, Profile};
use std::{collections::BTreeSet, sync::Arc};

use super::DomainError;
use crate::memory::Memory;

/// See the module.
pub struct People {
    memory: Memory,
}

impl People {
    pub(super) fn new(memory: Memory) -> Self {
        Self { memory }
    }

    /// What is shown of somebody; `None` if there is nobody.
    pub async fn profile(&self, user: UserId) -> Result<Option<Arc<Profile>>, DomainError> {
        Ok(self.memory.profile(user).await?)
    }

    /// Who wants to hear nothing of a user, and shows them nothing of themselves.
    pub async fn blockers(&self, user: UserId) -> Result<Arc<BTreeSet<UserId>>, DomainError> {
        Ok(self.memory.blockers(user).await?)
    }

    /// All custom emoji.
    pub async fn emoji(&self) -> Result<Arc<EmojiSet>, DomainError> {
        Ok(self.memory.emoji().await?)
    }

    /// Their version.
    pub async fn emoji_version(&self) -> Result<u64, DomainError> {
        Ok(self.memory.emoji_version().await?)
    }

    /// The name, or nothing where an account is gone.
    pub async fn name_or_empty(&self, user: UserId) -> Result<String, DomainError> {
        Ok(self.profile(user).await?.map(|profile| profile.name.clone()).unwrap_or_default())
    }
}
