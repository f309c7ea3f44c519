//! The one place that spawns tasks. Every task is tracked, so that a shutdown can wait
//! for all of them, and a panic in one is logged and ends that task only.

use pin_project_lite::pin_project;
use std::{
    future::Future,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};
use tokio::{
    sync::Notify,
    task::{AbortHandle, JoinHandle},
};

/// Spawns and counts tasks.
#[derive(Clone, Default)]
pub struct Tasks {
    inner: Arc<Inner>,
}

#[derive(Default)]
struct Inner {
    running: AtomicUsize,
    idle: Notify,
}

struct Running(Arc<Inner>);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.running.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.0.idle.notify_waiters();
        }
    }
}

pin_project! {
    /// A task and its place in the count. An `async` block around the task would hold it twice:
    /// as what it was given, and as what it waits for.
    struct Counted<F> {
        #[pin]
        task: F,
        // Given up behind the task.
        _running: Running,
    }
}

impl<F: Future> Future for Counted<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let _told = PanicTold;
        self.project().task.poll(context)
    }
}

/// Says that a task panicked while it was polled.
struct PanicTold;

impl Drop for PanicTold {
    fn drop(&mut self) {
        if std::thread::panicking() {
            tracing::error!("a task panicked; its connection or request ends, nothing else does");
        }
    }
}

impl Tasks {
    /// Runs `task` until it ends or its handle is aborted.
    #[allow(clippy::disallowed_methods)] // the one place that may
    pub fn spawn<F>(&self, task: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        self.inner.running.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(Counted { task, _running: Running(self.inner.clone()) })
    }

    /// Runs a computation that takes milliseconds where it holds up no task.
    #[allow(clippy::disallowed_methods)]
    pub fn spawn_blocking<F, T>(&self, work: F) -> JoinHandle<T>
    where
        F: FnOnce() -> T + Send + 'static,
        T: Send + 'static,
    {
        tokio::task::spawn_blocking(work)
    }

    /// Resolves when no task runs.
    pub async fn idle(&self) {
        loop {
            let idle = self.inner.idle.notified();
            if self.inner.running.load(Ordering::Acquire) == 0 {
                return;
            }
            idle.await;
        }
    }
}

/// Tasks that end with their owner: dropping the group aborts them.
pub struct TaskGroup {
    tasks: Tasks,
    handles: Vec<AbortHandle>,
}

impl TaskGroup {
    /// An empty group.
    pub fn new(tasks: Tasks) -> Self {
        Self { tasks, handles: Vec::new() }
    }

    /// Runs `task` at most as long as the group lives.
    pub fn spawn<F>(&mut self, task: F) -> AbortHandle
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.handles.retain(|handle| !handle.is_finished());
        let handle = self.tasks.spawn(task).abort_handle();
        self.handles.push(handle.clone());
        handle
    }
}

impl Drop for TaskGroup {
    fn drop(&mut self) {
        self.handles.iter().for_each(AbortHandle::abort);
    }
}
