//! Who writes a transfer on this server: the stream that came last. The others hear of it.

use parking_lot::Mutex;
use rill_protocol::{TransferId, UserId};
use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use tokio::sync::{Mutex as Turnstile, Notify, OwnedMutexGuard};

use super::FileError;

type Key = (UserId, TransferId);

#[derive(Default)]
struct Place {
    /// Given to each who comes.
    newest: AtomicU64,
    /// How many are here, who writes and who waits. Changed under the lock of the map only: with
    /// the last one the place goes, and never while somebody holds its turnstile.
    here: AtomicUsize,
    another_came: Notify,
    writing: Arc<Turnstile<()>>,
}

impl Place {
    async fn another_than(&self, number: u64) {
        loop {
            // Made before the look, so that one who comes in between is not missed.
            let another = self.another_came.notified();
            if self.newest.load(Ordering::Acquire) != number {
                return;
            }
            another.await;
        }
    }
}

/// See the module.
#[derive(Default)]
pub(super) struct Writers {
    places: Arc<Mutex<HashMap<Key, Arc<Place>>>>,
}

/// The one who writes, until this is dropped.
pub(super) struct Writer {
    places: Arc<Mutex<HashMap<Key, Arc<Place>>>>,
    key: Key,
    place: Arc<Place>,
    number: u64,
    /// Absent while it waits for the one before it.
    turn: Option<OwnedMutexGuard<()>>,
}

impl Writers {
    fn enter(&self, key: Key, places: &mut HashMap<Key, Arc<Place>>) -> Writer {
        let place = places.entry(key).or_default().clone();
        place.here.fetch_add(1, Ordering::AcqRel);
        let number = place.newest.fetch_add(1, Ordering::AcqRel) + 1;
        Writer { places: self.places.clone(), key, place, number, turn: None }
    }

    /// For one who does not wait and tells nobody to stop: only if nobody is here.
    pub(super) fn try_take(&self, key: Key) -> Option<Writer> {
        let mut writer = {
            let mut places = self.places.lock();
            if places.contains_key(&key) {
                return None;
            }
            self.enter(key, &mut places)
        };
        writer.turn = writer.place.writing.clone().try_lock_owned().ok();
        writer.turn.is_some().then_some(writer)
    }

    /// Waits until the one before has stopped, whom it tells to.
    pub(super) async fn take(&self, key: Key) -> Result<Writer, FileError> {
        let mut writer = self.enter(key, &mut self.places.lock());
        let place = writer.place.clone();
        place.another_came.notify_waiters();
        tokio::select! {
            biased;
            () = place.another_than(writer.number) => Err(FileError::Taken),
            turn = place.writing.clone().lock_owned() => {
                writer.turn = Some(turn);
                Ok(writer)
            }
        }
    }
}

impl Writer {
    /// Resolves when another stream goes on with the transfer.
    pub(super) fn taken(&self) -> impl Future<Output = ()> + Send + use<> {
        let (place, number) = (self.place.clone(), self.number);
        async move { place.another_than(number).await }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.turn = None;
        let mut places = self.places.lock();
        // Who comes behind the last one finds a new place, and nobody in it.
        if self.place.here.fetch_sub(1, Ordering::AcqRel) == 1 {
            places.remove(&self.key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt as _, poll};
    use std::pin::pin;

    const KEY: Key = (UserId([1; 16]), TransferId([2; 16]));

    #[tokio::test]
    async fn the_last_one_writes_when_the_one_before_has_stopped() {
        let writers = Writers::default();
        let first = writers.take(KEY).await.unwrap();
        assert!(first.taken().now_or_never().is_none());
        let mut second = pin!(writers.take(KEY));
        assert!(poll!(&mut second).is_pending());
        assert!(first.taken().now_or_never().is_some());
        let mut third = pin!(writers.take(KEY));
        assert!(poll!(&mut third).is_pending());
        assert!(matches!(second.await, Err(FileError::Taken)));
        drop(first);
        let third = third.await.unwrap();
        assert!(third.taken().now_or_never().is_none());
        drop(third);
        assert!(writers.places.lock().is_empty());
    }

    #[tokio::test]
    async fn one_who_waited_and_is_dropped_lets_nobody_past_the_one_who_writes() {
        let writers = Writers::default();
        let first = writers.take(KEY).await.unwrap();
        {
            let mut second = pin!(writers.take(KEY));
            assert!(poll!(&mut second).is_pending());
        }
        assert!(first.taken().now_or_never().is_some());
        let mut third = pin!(writers.take(KEY));
        assert!(poll!(&mut third).is_pending());
        assert!(writers.try_take(KEY).is_none());
        drop(first);
        drop(third.await.unwrap());
        assert!(writers.places.lock().is_empty());
    }

    #[tokio::test]
    async fn who_does_not_wait_takes_what_nobody_has_and_holds_it() {
        let writers = Writers::default();
        let first = writers.take(KEY).await.unwrap();
        assert!(writers.try_take(KEY).is_none());
        assert!(first.taken().now_or_never().is_none(), "nobody is told to stop");
        drop(first);
        let second = writers.try_take(KEY).unwrap();
        let mut third = pin!(writers.take(KEY));
        assert!(poll!(&mut third).is_pending());
        drop(second);
        assert!(third.await.is_ok());
    }
}
