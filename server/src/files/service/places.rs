//! Places among the uploads that are written at once: so many in all, and so many of one user.

use parking_lot::Mutex;
use rill_protocol::UserId;
use std::{collections::HashMap, sync::Arc};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{
    FileError,
    limits::{UPLOADS_AT_ONCE_MAX, UPLOADS_PER_USER_MAX},
};
use crate::domain::DomainError;

/// See the module.
pub(super) struct Places {
    all: Arc<Semaphore>,
    of_users: Mutex<HashMap<UserId, Arc<Semaphore>>>,
}

/// One of them, until this is dropped.
#[derive(Debug)]
pub(super) struct Place {
    _own: OwnedSemaphorePermit,
    _among_all: OwnedSemaphorePermit,
}

impl Default for Places {
    fn default() -> Self {
        Self { all: Arc::new(Semaphore::new(UPLOADS_AT_ONCE_MAX)), of_users: Mutex::default() }
    }
}

impl Places {
    /// A place of this user. Nobody waits for one.
    pub(super) fn take(&self, user: UserId) -> Result<Place, FileError> {
        let busy = |_| DomainError::Busy;
        let own = self.of(user).try_acquire_owned().map_err(busy)?;
        let among_all = self.all.clone().try_acquire_owned().map_err(busy)?;
        Ok(Place { _own: own, _among_all: among_all })
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut of_users = self.of_users.lock();
        if let Some(places) = of_users.get(&user) {
            return places.clone();
        }
        // Whoever has a place holds theirs.
        of_users.retain(|_, places| Arc::strong_count(places) > 1);
        let places = Arc::new(Semaphore::new(UPLOADS_PER_USER_MAX));
        of_users.insert(user, places.clone());
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_user_leaves_places_to_others() {
        let (places, [ann, bob]) = (Places::default(), [UserId([1; 16]), UserId([2; 16])]);
        let mut anns: Vec<_> = (0..UPLOADS_PER_USER_MAX).map(|_| places.take(ann).unwrap()).collect();
        assert!(places.take(ann).is_err());
        let bobs = places.take(bob).unwrap();
        assert!(places.take(ann).is_err());
        anns.pop();
        anns.push(places.take(ann).unwrap());
        drop((anns, bobs));
        // All of them, by many.
        let users = (0..).map(|user| UserId([user; 16]));
        let all: Vec<_> =
            users.flat_map(|user| [user; UPLOADS_PER_USER_MAX]).map_while(|user| places.take(user).ok()).collect();
        assert_eq!(all.len(), UPLOADS_AT_ONCE_MAX);
    }
}
