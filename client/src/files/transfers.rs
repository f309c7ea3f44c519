//! What the transfers of one client share: the connection as it is now, whose turn it is,
//! and the file that remembers uploads.

use parking_lot::Mutex;
use rill_protocol::{Action, Code, TransferId};
use std::{collections::HashMap, path::PathBuf, pin::Pin, sync::Arc};
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::sleep,
};

use super::{Shelf, source::Source, upload::UploadHandle};
use crate::{
    Error, Failure, limits, random,
    session::{Shared, Way, backoff::Jitter, stream::ReadError},
    transport::{Class, Connection, RecvHalf, SendHalf, StreamError},
};

/// See the module.
#[derive(Debug)]
pub(crate) struct Transfers {
    shared: Arc<Shared>,
    pub(super) shelf: Option<Shelf>,
    uploads: Semaphore,
    downloads: Semaphore,
    /// Uploads that are not over.
    pub(super) running: Mutex<HashMap<TransferId, Running>>,
    /// What an earlier process had begun and nobody has asked for in this one: whoever sends
    /// the same file again means it, also if it is over by then.
    pub(super) resumed: Mutex<Vec<Running>>,
}

/// An upload that is not over, and by which it is found again.
#[derive(Clone, Debug)]
pub(super) struct Running {
    pub(super) path: PathBuf,
    pub(super) handle: UploadHandle,
}

/// Which queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Up,
    Down,
}

/// Why a stream ended without an outcome.
#[derive(Debug)]
pub(super) enum Cut {
    /// The way is gone, or the stream: go on at once, or as soon as there is another.
    Lost,
    /// The server asked to try again later.
    Later,
    /// The application wants something else.
    Order,
    /// Nothing will help.
    Over(Error),
}

impl From<StreamError> for Cut {
    fn from(error: StreamError) -> Self {
        match error {
            StreamError::Closed => Self::Lost,
            // A stream alone was ended. A server that knows no files says so each time.
            StreamError::Peer(code) => match Code::from_number(code) {
                None | Some(Code::Normal | Code::TooManyStreams) => Self::Later,
                Some(_) => refused(Failure { code, detail: String::new() }),
            },
        }
    }
}

impl From<Error> for Cut {
    fn from(error: Error) -> Self {
        Self::Over(error)
    }
}

impl From<ReadError> for Cut {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Stream(error) => error.into(),
            ReadError::Ended => Self::Later,
            // Repeating it would not help.
            other => Self::Over(Error::Transport(other.to_string())),
        }
    }
}

impl Transfers {
    pub(crate) fn new(shared: Arc<Shared>, shelf: Option<Shelf>, at_once: usize) -> Arc<Self> {
        let at_once = at_once.clamp(1, limits::TRANSFERS_AT_ONCE_MAX);
        Arc::new(Self {
            shared,
            shelf,
            uploads: Semaphore::new(at_once),
            downloads: Semaphore::new(at_once),
            running: Mutex::default(),
            resumed: Mutex::default(),
        })
    }

    /// Waits in line. Cancel safe, but whoever comes back is the last again.
    pub(super) async fn turn(&self, direction: Direction) -> Result<SemaphorePermit<'_>, Error> {
        let queue = match direction {
            Direction::Up => &self.uploads,
            Direction::Down => &self.downloads,
        };
        queue.acquire().await.map_err(|_| Error::Closed)
    }

    /// The connection, as soon as there is one that is not `known` to be of no use. Cancel
    /// safe.
    pub(super) async fn connection(&self, known: Option<&Arc<Connection>>) -> Result<Arc<Connection>, Error> {
        let mut way = self.shared.way.subscribe();
        let is_new = |way: &Way| match way {
            Way::Down => false,
            Way::Up(connection) => known.is_none_or(|known| !Arc::ptr_eq(known, connection)),
            Way::Over(_) => true,
        };
        match way.wait_for(is_new).await.as_deref() {
            Ok(Way::Up(connection)) => Ok(Arc::clone(connection)),
            Ok(Way::Over(error)) => Err(error.clone()),
            Ok(Way::Down) | Err(_) => Err(Error::Closed),
        }
    }

    /// Resolves when the session is over. Cancel safe.
    pub(super) async fn over(&self) -> Error {
        let mut way = self.shared.way.subscribe();
        match way.wait_for(|way| matches!(way, Way::Over(_))).await.as_deref() {
            Ok(Way::Over(error)) => error.clone(),
            _ => Error::Closed,
        }
    }

    /// An upload of the same file to the same room that is not over, or that an earlier process
    /// has begun.
    pub(super) fn same_upload(&self, upload: &super::shelf::Kept) -> Option<UploadHandle> {
        let same = |running: &Running| {
            let handle = &running.handle;
            let is_same_file =
                handle.room == upload.room && handle.stamp == upload.stamp && running.path == upload.path;
            is_same_file || handle.transfer == upload.transfer
        };
        let resumed = self.resumed.lock().extract_if(.., |running| same(running)).next();
        let resumed = resumed.map(|running| running.handle).filter(|handle| !handle.has_failed());
        resumed.or_else(|| self.running.lock().values().find(|running| same(running)).map(|found| found.handle.clone()))
    }

    /// Every upload that is not over.
    pub(crate) fn uploads(&self) -> Vec<UploadHandle> {
        let mut handles: Vec<UploadHandle> =
            self.running.lock().values().map(|running| running.handle.clone()).collect();
        handles.sort_unstable_by_key(|handle| handle.transfer);
        handles
    }
}

/// Opens a stream for a file and writes its first frames.
pub(super) async fn open(connection: &Connection) -> Result<(SendHalf, RecvHalf), Cut> {
    match connection.open(Class::File).await {
        Ok(halves) => Ok(halves),
        // As many as allowed are open.
        Err(StreamError::Peer(_)) => Err(Cut::Later),
        Err(StreamError::Closed) => Err(Cut::Lost),
    }
}

/// What a refusal means for a transfer.
pub(super) fn refused(failure: Failure) -> Cut {
    match failure.action() {
        Action::Retry | Action::Resume => Cut::Later,
        Action::Login | Action::Stop => Cut::Over(failure.into()),
    }
}

/// Pauses between tries; short again once something has moved.
#[derive(Debug)]
pub(super) struct Pauses {
    jitter: Jitter,
    tries: u32,
}

impl Pauses {
    pub(super) fn new() -> Self {
        Self { jitter: Jitter::new(random::seed()), tries: 0 }
    }

    pub(super) fn moved(&mut self) {
        self.tries = 0;
    }

    pub(super) async fn pause(&mut self) {
        let pause = self.jitter.pause(limits::RETRY_PAUSE, self.tries);
        self.tries += 1;
        sleep(pause).await;
    }
}

/// Work on a file, away from the tasks that must not wait for disks; gives the file back.
pub(super) async fn blocking<T, R>(
    mut file: T,
    work: impl FnOnce(&mut T) -> R + Send + 'static,
) -> Result<(T, R), Error>
where
    T: Send + 'static,
    R: Send + 'static,
{
    let done = tokio::task::spawn_blocking(move || {
        let result = work(&mut file);
        (file, result)
    });
    done.await.map_err(|_| Error::Closed)
}

/// What is under way, if anything is.
pub(super) async fn maybe<F: Future + ?Sized>(work: &mut Option<Pin<Box<F>>>) -> F::Output {
    match work {
        Some(work) => work.await,
        None => std::future::pending().await,
    }
}

/// A file that is sent, opened where it does not hold up anybody.
pub(super) async fn open_source(path: PathBuf, expected: Option<super::source::Stamp>) -> Result<Source, Error> {
    let opened = tokio::task::spawn_blocking(move || Source::open(&path, expected));
    opened.await.map_err(|_| Error::Closed)?
}
