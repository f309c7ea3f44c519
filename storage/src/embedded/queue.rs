//! The way in: commands wait here for the committer, at most
//! [`QUEUE_COMMANDS_MAX`] of them.

use std::{
    pin::Pin,
    sync::{
        Arc, Weak,
        atomic::Ordering::Relaxed,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    task::{Context, Poll, ready},
};
use tokio::sync::oneshot;

use super::{statistics::Counters, tx::Tx};
use crate::{StoreError, limits::QUEUE_COMMANDS_MAX};

/// A command on its way through the committer.
pub(crate) trait Job: Send {
    /// Puts the command's writes into the batch.
    fn run(&mut self, tx: &mut Tx<'_>);
    /// When it was queued, if waits are measured.
    fn queued_us(&self) -> Option<u64>;
    /// Answers, once it is known whether the batch is durable.
    fn reply(self: Box<Self>, batch: Result<(), StoreError>);
}

/// What the committer is handed.
pub(crate) enum Order {
    Run(Box<dyn Job>),
    /// Look about: the batch that was on its way has ended.
    Wake,
    /// Finish what was queued before, then end.
    Stop,
}

struct Command<T, F> {
    command: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    queued_us: Option<u64>,
    reply: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Command<T, F>
where
    T: Send,
    F: FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send,
{
    fn run(&mut self, tx: &mut Tx<'_>) {
        self.outcome = self.command.take().map(|command| tx.run(command));
    }

    fn queued_us(&self) -> Option<u64> {
        self.queued_us
    }

    fn reply(self: Box<Self>, batch: Result<(), StoreError>) {
        let Self { outcome, reply, .. } = *self;
        let outcome = batch.and_then(|()| outcome.unwrap_or(Err(StoreError::Closed)));
        // Whoever asked may be gone by now.
        let _ = reply.send(outcome);
    }
}

/// Resolves when the command is durable or has failed.
pub(crate) struct Reply<T>(State<T>);

enum State<T> {
    Refused(Option<StoreError>),
    Waiting(oneshot::Receiver<Result<T, StoreError>>),
}

impl<T> Reply<T> {
    /// One that comes when it is known.
    pub(crate) fn to_come(answer: oneshot::Receiver<Result<T, StoreError>>) -> Self {
        Self(State::Waiting(answer))
    }

    /// One that is known.
    pub(crate) fn refused(error: StoreError) -> Self {
        Self(State::Refused(Some(error)))
    }
}

impl<T> Future for Reply<T> {
    type Output = Result<T, StoreError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Refused(error) => Poll::Ready(Err(error.take().unwrap_or(StoreError::Closed))),
            State::Waiting(answer) => {
                let answer = ready!(Pin::new(answer).poll(cx));
                Poll::Ready(answer.unwrap_or(Err(StoreError::Closed)))
            }
        }
    }
}

/// The sending end.
#[derive(Clone)]
pub(crate) struct Queue {
    orders: Arc<SyncSender<Order>>,
    counters: Arc<Counters>,
    /// Told of each command, where no thread waits for them.
    #[cfg(feature = "simulation")]
    bell: Arc<tokio::sync::Notify>,
}

impl Queue {
    pub(crate) fn new(counters: Arc<Counters>) -> (Self, Receiver<Order>) {
        let (orders, receiver) = sync_channel(QUEUE_COMMANDS_MAX);
        let queue = Self {
            orders: Arc::new(orders),
            counters,
            #[cfg(feature = "simulation")]
            bell: Arc::default(),
        };
        (queue, receiver)
    }

    #[cfg(feature = "simulation")]
    pub(crate) fn bell(&self) -> Arc<tokio::sync::Notify> {
        Arc::clone(&self.bell)
    }

    /// Queues a command at once, or refuses it; nothing waits for the reply's first
    /// poll.
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        command: impl FnOnce(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        let (reply, answer) = oneshot::channel();
        let queued_us = self.counters.now_us();
        let job = Box::new(Command { command: Some(command), outcome: None, queued_us, reply });
        // Counted before it is sent: the committer may take it off at once.
        self.counters.queued.fetch_add(1, Relaxed);
        let refused = match self.orders.try_send(Order::Run(job)) {
            Ok(()) => {
                #[cfg(feature = "simulation")]
                self.bell.notify_one();
                return Reply(State::Waiting(answer));
            }
            Err(TrySendError::Full(_)) => {
                self.counters.refused.fetch_add(1, Relaxed);
                StoreError::Busy
            }
            Err(TrySendError::Disconnected(_)) => StoreError::Closed,
        };
        self.counters.queued.fetch_sub(1, Relaxed);
        Reply(State::Refused(Some(refused)))
    }

    /// A way to wake the committer, for as long as others can ask it for something.
    pub(crate) fn waker(&self) -> Weak<SyncSender<Order>> {
        Arc::downgrade(&self.orders)
    }

    /// Asks the committer to end behind what is queued now. Waits for a place.
    pub(crate) fn stop(&self) {
        // An error says that it has ended already.
        let _ = self.orders.send(Order::Stop);
    }
}
