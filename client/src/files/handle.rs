//! What an application holds of a transfer: how far it is, and the word that it stops.

use std::sync::Arc;
use tokio::sync::watch;

use super::{
    order::{self, Order},
    progress::Progress,
};
use crate::Error;

/// A transfer that runs by itself, also when this is dropped; clones are the same transfer.
/// `T` is what it comes to.
#[derive(Clone, Debug)]
pub struct Handle<T> {
    orders: Arc<watch::Sender<Order>>,
    progress: watch::Receiver<Progress>,
    outcome: watch::Receiver<Option<Result<T, Error>>>,
}

/// The ends of whoever does the work.
#[derive(Debug)]
pub(super) struct Work<T> {
    pub(super) orders: watch::Receiver<Order>,
    pub(super) progress: watch::Sender<Progress>,
    pub(super) end: watch::Sender<Option<Result<T, Error>>>,
}

impl<T: Clone> Handle<T> {
    pub(super) fn new(order: Order, at: Progress) -> (Self, Work<T>) {
        let (give, orders) = watch::channel(order);
        let (tell, progress) = watch::channel(at);
        let (end, outcome) = watch::channel(None);
        (Self { orders: Arc::new(give), progress, outcome }, Work { orders, progress: tell, end })
    }

    /// How far it is.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// The progress as something to wait for.
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Nothing travels until [`Self::resume`]. What has come stays where it is; a server keeps
    /// it for a day.
    pub fn pause(&self) {
        order::give(&self.orders, Order::Pause);
    }

    /// Goes on.
    pub fn resume(&self) {
        order::give(&self.orders, Order::Go);
    }

    /// Gives it up: what a download has brought is removed; the message of an upload becomes a
    /// failed one, as soon as the server can be told.
    pub fn cancel(&self) {
        order::give(&self.orders, Order::Cancel);
    }

    pub(super) fn has_failed(&self) -> bool {
        matches!(*self.outcome.borrow(), Some(Err(_)))
    }

    /// Resolves when the file is whole where it goes, or never will be. Cancel safe.
    pub async fn done(&self) -> Result<T, Error> {
        let mut outcome = self.outcome.clone();
        let done = outcome.wait_for(Option::is_some).await;
        done.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(Error::Closed))
    }
}
