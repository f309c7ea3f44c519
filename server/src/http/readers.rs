//! How many answers with files one user takes at a time: each holds what was read and is not
//! taken yet, for as long as its reader likes. The next ones wait a while; others do not.

use parking_lot::Mutex;
use rill_protocol::{Code, UserId};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::files::service::limits::{ANSWER_WAIT_MS, ANSWERS_PER_USER_MAX};

/// Those who read.
#[derive(Default)]
pub struct Readers(Mutex<HashMap<UserId, Arc<Semaphore>>>);

/// One answer's place.
pub(super) type Place = OwnedSemaphorePermit;

impl Readers {
    /// A place of this user, once there is one.
    ///
    /// # Errors
    /// `busy` if none becomes free in time.
    pub(super) async fn place(&self, user: UserId) -> Result<Place, Code> {
        let free = timeout(Duration::from_millis(ANSWER_WAIT_MS), self.of(user).acquire_owned()).await;
        free.ok().and_then(Result::ok).ok_or(Code::Busy)
    }

    fn of(&self, user: UserId) -> Arc<Semaphore> {
        let mut readers = self.0.lock();
        if let Some(places) = readers.get(&user) {
            return places.clone();
        }
        // Whoever reads, or waits to, holds theirs.
        readers.retain(|_, places| Arc::strong_count(places) > 1);
        let places = Arc::new(Semaphore::new(ANSWERS_PER_USER_MAX));
        readers.insert(user, places.clone());
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn one_user_waits_and_another_does_not() {
        let (readers, [ann, bob]) = (Readers::default(), [UserId([1; 16]), UserId([2; 16])]);
        let mut places = Vec::new();
        for _ in 0..ANSWERS_PER_USER_MAX {
            places.push(readers.place(ann).await.unwrap());
        }
        assert_eq!(readers.place(ann).await.unwrap_err(), Code::Busy);
        drop(readers.place(bob).await.unwrap());
        let (next, ()) = tokio::join!(readers.place(ann), async { drop(places.pop()) });
        places.push(next.unwrap());
        // Who is done is forgotten, and who is not is not.
        drop(readers.place(bob).await.unwrap());
        drop(readers.place(UserId([3; 16])).await.unwrap());
        assert_eq!(readers.0.lock().keys().filter(|user| **user == bob).count(), 0);
        assert_eq!(readers.place(ann).await.unwrap_err(), Code::Busy);
    }
}
