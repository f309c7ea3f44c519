//! What an application says of a download, and what it holds while it runs.

use rill_protocol::{FileDigest, RoomId, message::FileVariant};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::watch;

use super::{
    Throttle, get_file,
    order::{self, Order},
    progress::{Phase, Progress},
    transfers::Transfers,
};
use crate::Error;

/// A message's file to fetch.
#[derive(Clone, Debug)]
pub struct Download {
    pub(super) room: RoomId,
    pub(super) seq: u64,
    pub(super) variant: FileVariant,
    pub(super) into: PathBuf,
    pub(super) digest: Option<FileDigest>,
    pub(super) throttle: Option<Throttle>,
}

impl Download {
    /// The file of the message at `seq`, to be `into`, in place of whatever is there. Until it
    /// is whole it lies beside it, as `NAME.….part`, and goes on from there.
    pub fn new(room: RoomId, seq: u64, into: impl Into<PathBuf>) -> Self {
        Self { room, seq, variant: FileVariant::Original, into: into.into(), digest: None, throttle: None }
    }

    /// A smaller rendering of an image.
    pub fn variant(self, variant: FileVariant) -> Self {
        Self { variant, ..self }
    }

    /// Other bytes than these are refused.
    pub fn digest(self, digest: FileDigest) -> Self {
        Self { digest: Some(digest), ..self }
    }

    /// Not faster than that.
    pub fn throttle(self, throttle: Throttle) -> Self {
        Self { throttle: Some(throttle), ..self }
    }
}

/// A file that came, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DownloadedFile {
    pub path: PathBuf,
    pub size_bytes: u64,
    /// What the bytes are, as the server says.
    pub media_type: String,
}

/// A download that runs by itself, also when this is dropped; clones are the same download.
#[derive(Clone, Debug)]
pub struct DownloadHandle {
    orders: Arc<watch::Sender<Order>>,
    progress: watch::Receiver<Progress>,
    outcome: watch::Receiver<Option<Result<DownloadedFile, Error>>>,
}

impl DownloadHandle {
    /// How far it is.
    pub fn progress(&self) -> Progress {
        *self.progress.borrow()
    }

    /// The progress as something to wait for.
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Stops fetching, until [`Self::resume`].
    pub fn pause(&self) {
        order::give(&self.orders, Order::Pause);
    }

    /// Goes on.
    pub fn resume(&self) {
        order::give(&self.orders, Order::Go);
    }

    /// Gives it up; what has come is removed.
    pub fn cancel(&self) {
        order::give(&self.orders, Order::Cancel);
    }

    /// Resolves when the file is whole, or never will be. Cancel safe.
    pub async fn done(&self) -> Result<DownloadedFile, Error> {
        let mut outcome = self.outcome.clone();
        let done = outcome.wait_for(Option::is_some).await;
        done.ok().and_then(|outcome| outcome.clone()).unwrap_or(Err(Error::Closed))
    }
}

/// Takes a download.
pub(crate) fn begin(transfers: &Arc<Transfers>, download: Download) -> DownloadHandle {
    let (give, orders) = watch::channel(Order::Go);
    let (tell, progress) = watch::channel(Progress::new(Phase::Queued, 0));
    let (end, outcome) = watch::channel(None);
    tokio::spawn(get_file::run(Arc::clone(transfers), download, orders, tell, end));
    DownloadHandle { orders: Arc::new(give), progress, outcome }
}
