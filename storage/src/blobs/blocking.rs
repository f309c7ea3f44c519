//! Work that blocks on a disk, off the threads that serve connections.

use std::io;
use tokio::task::{JoinError, JoinHandle};

use crate::StoreError;

/// Runs a bounded piece of work: a few chunks, a sync, a rename. None of them has to be waited
/// for at a shutdown, when the runtime waits for those that run: what a transfer has of them is
/// found when it goes on.
#[expect(clippy::disallowed_methods, reason = "bounded work that leaves nothing behind: see above")]
pub(super) fn start<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    tokio::task::spawn_blocking(work)
}

/// The same, and waits for it.
pub(super) async fn run<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    start(work).await.unwrap_or_else(|error| Err(gone(&error)))
}

/// A piece of work panicked, or the runtime is shutting down.
pub(super) fn gone(error: &JoinError) -> StoreError {
    if error.is_cancelled() {
        return StoreError::Closed;
    }
    StoreError::Blobs(format!("work on a blob ended early: {error}"))
}

/// What went wrong with a blob's file; a full disk is known by its code.
pub(super) fn failed(what: &str, error: &io::Error) -> StoreError {
    if crate::platform::is_full(error) {
        return StoreError::Full;
    }
    StoreError::Blobs(format!("a blob cannot be {what}: {error}; check the folder of blobs and its permissions"))
}
