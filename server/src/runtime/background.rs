//! Work of tens of milliseconds that nobody's chat may feel: a few threads of their own,
//! which the system runs when no other thread wants the core.

use parking_lot::Mutex;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread,
};
use tokio::sync::oneshot;

use crate::platform;

type Job = Box<dyn FnOnce() + Send>;

/// A queue and the threads that work it off. The threads begin with the first piece of
/// work and end when the queue is dropped.
pub struct Background {
    name: &'static str,
    threads: usize,
    waiting_max: usize,
    queue: OnceLock<SyncSender<Job>>,
}

impl Background {
    /// At most `threads` pieces at once while `waiting_max` wait.
    #[must_use]
    pub fn new(name: &'static str, threads: usize, waiting_max: usize) -> Self {
        Self { name, threads, waiting_max, queue: OnceLock::new() }
    }

    /// One without threads: what is to be done is done where it is asked for, in the same order each
    /// time.
    #[must_use]
    pub fn in_place(name: &'static str) -> Self {
        Self::new(name, 0, 0)
    }

    /// What `work` gives. `None`: too many wait already, or it panicked. Work whose asker
    /// has gone before its turn is not done.
    pub async fn run<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        if self.threads == 0 {
            return catch_unwind(AssertUnwindSafe(work)).ok();
        }
        let (answer, answered) = oneshot::channel();
        let job = Box::new(move || {
            if !answer.is_closed() {
                let _ = answer.send(work());
            }
        });
        self.queue.get_or_init(|| self.begin()).try_send(job).ok()?;
        answered.await.ok()
    }

    fn begin(&self) -> SyncSender<Job> {
        let (queue, jobs) = sync_channel(self.waiting_max);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..self.threads {
            let jobs = jobs.clone();
            let thread = thread::Builder::new().name(format!("{}-{number}", self.name));
            if let Err(error) = thread.spawn(move || work_off(&jobs)) {
                tracing::error!(%error, "a thread for background work cannot begin");
            }
        }
        queue
    }
}

fn work_off(jobs: &Mutex<Receiver<Job>>) {
    platform::yield_to_other_threads();
    loop {
        // Whoever has the lock waits for the next piece; the others wait for the lock.
        let Ok(job) = jobs.lock().recv() else { return };
        if catch_unwind(AssertUnwindSafe(job)).is_err() {
            tracing::error!("a piece of background work panicked; its asker is told, nothing else ends");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    /// Holds the only thread until the returned sender is used or dropped.
    async fn occupied(background: &Arc<Background>) -> oneshot::Sender<()> {
        let (began, has_begun) = oneshot::channel();
        let (release, released) = oneshot::channel::<()>();
        let occupied = background.clone();
        #[allow(clippy::disallowed_methods)] // a test's own task
        tokio::spawn(async move {
            occupied
                .run(move || {
                    let _ = began.send(());
                    let _ = released.blocking_recv();
                })
                .await
        });
        has_begun.await.expect("the thread begins");
        release
    }

    #[tokio::test]
    async fn past_the_bound_nobody_waits() {
        let background = Arc::new(Background::new("test", 1, 1));
        let release = occupied(&background).await;
        let mut waiting = Box::pin(background.run(|| 1));
        assert!(futures_util::poll!(&mut waiting).is_pending());
        assert_eq!(background.run(|| 2).await, None);
        drop(release);
        assert_eq!(waiting.await, Some(1));
    }

    #[tokio::test]
    async fn what_nobody_waits_for_any_more_is_not_done() {
        let background = Arc::new(Background::new("test", 1, 2));
        let release = occupied(&background).await;
        let done = Arc::new(AtomicUsize::new(0));
        let count = done.clone();
        let mut given_up = Box::pin(background.run(move || count.fetch_add(1, Ordering::Relaxed)));
        assert!(futures_util::poll!(&mut given_up).is_pending());
        drop(given_up);
        drop(release);
        assert_eq!(background.run(|| 3).await, Some(3));
        assert_eq!(done.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_panic_is_its_askers_alone() {
        let background = Background::new("test", 1, 1);
        assert_eq!(background.run(|| -> u8 { panic!("on purpose") }).await, None);
        assert_eq!(background.run(|| 4).await, Some(4));
    }
}
