//! Who somebody is: names by id, read often and changed never (so far), hence kept.

use parking_lot::RwLock;
use rill_protocol::UserId;
use rill_storage::Store;
use std::{collections::HashMap, sync::Arc};

use super::DomainError;

/// Names kept in memory. A full table is emptied rather than searched for its oldest.
const NAMES_MAX: usize = 100_000;

/// See the module.
pub struct People {
    store: Store,
    names: RwLock<HashMap<UserId, Arc<str>>>,
}

impl People {
    pub(super) fn new(store: Store) -> Self {
        Self { store, names: RwLock::new(HashMap::new()) }
    }

    /// Somebody's name; `None` if there is nobody.
    pub async fn name(&self, user: UserId) -> Result<Option<Arc<str>>, DomainError> {
        if let Some(name) = self.names.read().get(&user) {
            return Ok(Some(name.clone()));
        }
        let Some(found) = self.store.users.get(user).await? else { return Ok(None) };
        let name: Arc<str> = found.name.into();
        let mut names = self.names.write();
        if names.len() >= NAMES_MAX {
            names.clear();
        }
        names.insert(user, name.clone());
        Ok(Some(name))
    }

    /// The name, or nothing where an account is gone.
    pub async fn name_or_empty(&self, user: UserId) -> Result<String, DomainError> {
        Ok(self.name(user).await?.map(|name| name.to_string()).unwrap_or_default())
    }
}
