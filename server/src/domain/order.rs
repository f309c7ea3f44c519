//! The order in which one sender's posts reach the log, where some have to ask first whom they
//! name.

use futures_util::FutureExt as _;
use std::{future::Future, pin::Pin, sync::Arc};
use tokio::sync::{Mutex, OwnedMutexGuard};

/// See the module. Of a sender whose posts come one after the other.
#[derive(Clone, Default)]
pub struct Order(Arc<Mutex<()>>);

/// A place in the order; those behind it wait until it is dropped.
pub(super) type Turn = OwnedMutexGuard<()>;

impl Order {
    /// Whether nobody is in front.
    pub(super) fn is_free(&self) -> bool {
        self.0.try_lock().is_ok()
    }

    /// Takes its place now; the future only waits until it is its turn.
    pub(super) fn queue(&self) -> impl Future<Output = Turn> + Send + use<> {
        let mut turn: Pin<Box<dyn Future<Output = Turn> + Send>> = Box::pin(self.0.clone().lock_owned());
        // The first poll of a lock queues it; locks are given in the order of the queue.
        let taken = (&mut turn).now_or_never();
        async move {
            match taken {
                Some(taken) => taken,
                None => turn.await,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn places_are_those_of_the_calls_whoever_waits_first() {
        let order = Order::default();
        assert!(order.is_free());
        let (first, second, third) = (order.queue(), order.queue(), order.queue());
        assert!(!order.is_free());
        let said = parking_lot::Mutex::new(Vec::new());
        let say = async |turn, number| {
            let _turn = std::pin::pin!(turn).await;
            tokio::task::yield_now().await;
            said.lock().push(number);
        };
        tokio::join!(say(third.boxed(), 3), say(first.boxed(), 1), say(second.boxed(), 2));
        assert_eq!((said.into_inner(), order.is_free()), (vec![1, 2, 3], true));
    }

    #[tokio::test]
    async fn who_goes_while_waiting_holds_up_nobody() {
        let order = Order::default();
        let (first, second, third) = (order.queue(), order.queue(), order.queue());
        drop(second);
        drop(first.await);
        drop(third.await);
        assert!(order.is_free());
    }
}
