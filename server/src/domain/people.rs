//! Who somebody is: names by id.

use rill_protocol::UserId;
use std::sync::Arc;

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

    /// Somebody's name; `None` if there is nobody.
    pub async fn name(&self, user: UserId) -> Result<Option<Arc<str>>, DomainError> {
        Ok(self.memory.name(user).await?)
    }

    /// The name, or nothing where an account is gone.
    pub async fn name_or_empty(&self, user: UserId) -> Result<String, DomainError> {
        Ok(self.name(user).await?.map(|name| name.to_string()).unwrap_or_default())
    }
}
