//! A bounded queue from one task to another that keeps no memory while it is empty.
//!
//! A channel of tokio's holds a block of 32 places from its beginning to its end: 1 to 3 KiB for
//! each of very many connections on which nothing happens.

use parking_lot::Mutex;
use std::{collections::VecDeque, sync::Arc};
use tokio::{sync::Notify, task::coop::consume_budget};

struct Shared<T> {
    state: Mutex<State<T>>,
    length_max: usize,
    came: Notify,
    left: Notify,
}

struct State<T> {
    waiting: VecDeque<T>,
    is_closed: bool,
}

/// A queue for `length_max`.
pub fn queue<T>(length_max: usize) -> (Sender<T>, Receiver<T>) {
    let state = Mutex::new(State { waiting: VecDeque::new(), is_closed: false });
    let shared = Arc::new(Shared { state, length_max, came: Notify::new(), left: Notify::new() });
    (Sender(shared.clone()), Receiver(shared))
}

/// The end that gives. When it is dropped, what waits can still be taken.
pub struct Sender<T>(Arc<Shared<T>>);

/// The end that takes. When it is dropped, nothing more is taken in.
pub struct Receiver<T>(Arc<Shared<T>>);

impl<T> Sender<T> {
    /// Gives the item back if the queue is full or closed.
    pub fn try_send(&self, item: T) -> Result<(), T> {
        let mut state = self.0.state.lock();
        if state.is_closed || state.waiting.len() >= self.0.length_max {
            return Err(item);
        }
        state.waiting.push_back(item);
        drop(state);
        self.0.came.notify_one();
        Ok(())
    }

    /// Waits for a place; gives the item back if the queue is closed. One task at a time.
    pub async fn send(&self, mut item: T) -> Result<(), T> {
        loop {
            match self.try_send(item) {
                Ok(()) => return Ok(()),
                Err(refused) if self.0.state.lock().is_closed => return Err(refused),
                Err(refused) => item = refused,
            }
            self.0.left.notified().await;
        }
    }
}

impl<T> Receiver<T> {
    /// The next item, if one waits.
    pub fn try_recv(&self) -> Option<T> {
        let mut state = self.0.state.lock();
        let item = state.waiting.pop_front()?;
        if state.waiting.is_empty() {
            state.waiting = VecDeque::new();
        }
        drop(state);
        self.0.left.notify_one();
        Some(item)
    }

    /// The next item; `None` when there is none and none will come. Cancel safe; one task at a
    /// time.
    pub async fn recv(&self) -> Option<T> {
        loop {
            // Before an item is taken, which a cancelled call would lose.
            consume_budget().await;
            // Looked at first: what was given before the end is still there.
            let is_closed = self.0.state.lock().is_closed;
            match self.try_recv() {
                None if is_closed => return None,
                None => self.0.came.notified().await,
                item => return item,
            }
        }
    }

    /// Nothing more is taken in.
    pub fn close(&self) {
        self.0.state.lock().is_closed = true;
        self.0.came.notify_one();
        self.0.left.notify_one();
    }
}

impl<T> Drop for Sender<T> {
    fn drop(&mut self) {
        self.0.state.lock().is_closed = true;
        self.0.came.notify_one();
    }
}

impl<T> Drop for Receiver<T> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;

    #[tokio::test]
    async fn items_come_in_order_and_none_behind_the_end() {
        let (sender, receiver) = queue(2);
        assert_eq!((sender.try_send(1), sender.try_send(2), sender.try_send(3)), (Ok(()), Ok(()), Err(3)));
        let third = sender.send(3);
        let all = async {
            let mut all = Vec::new();
            for _ in 0..3 {
                all.extend(receiver.recv().await);
            }
            all
        };
        let (sent, all) = tokio::join!(third, all);
        assert_eq!((sent, all), (Ok(()), vec![1, 2, 3]));
        assert_eq!(sender.try_send(4), Ok(()));
        drop(sender);
        assert_eq!((receiver.recv().await, receiver.recv().await), (Some(4), None));
    }

    #[tokio::test]
    async fn who_waits_hears_that_the_other_end_is_gone() {
        let (sender, receiver) = queue(1);
        assert_eq!(sender.try_send(1), Ok(()));
        let (refused, ()) = tokio::join!(sender.send(2), async { drop(receiver) });
        assert_eq!((refused, sender.try_send(3)), (Err(2), Err(3)));
        let (sender, receiver) = queue::<u8>(1);
        let (ended, ()) = tokio::join!(receiver.recv(), async { drop(sender) });
        assert_eq!(ended, None);
    }

    #[tokio::test]
    async fn a_cancelled_wait_loses_nothing() {
        let (sender, receiver) = queue(1);
        assert_eq!(receiver.recv().now_or_never(), None);
        assert_eq!(sender.try_send(1), Ok(()));
        assert_eq!(receiver.recv().now_or_never(), Some(Some(1)));
        assert_eq!(receiver.recv().now_or_never(), None);
    }

    #[tokio::test]
    async fn an_empty_queue_keeps_no_memory() {
        let (sender, receiver) = queue(32);
        for number in 0..20 {
            assert_eq!(sender.try_send(number), Ok(()));
        }
        while receiver.try_recv().is_some() {}
        assert_eq!(receiver.0.state.lock().waiting.capacity(), 0);
    }
}
