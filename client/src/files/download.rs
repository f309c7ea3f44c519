//! What an application says of a download, and what it holds while it runs.

use rill_protocol::{FileDigest, RoomId, TransferId, message::FileVariant};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    Throttle, get_file,
    handle::Handle,
    order::Order,
    progress::{Phase, Progress},
    transfers::Transfers,
};

/// A message's file to fetch.
#[derive(Clone, Debug)]
pub struct Download {
    pub(super) room: RoomId,
    pub(super) seq: u64,
    pub(super) variant: FileVariant,
    pub(super) into: PathBuf,
    pub(super) keeps_others: bool,
    pub(super) transfer: Option<TransferId>,
    pub(super) digest: Option<FileDigest>,
    pub(super) throttle: Option<Throttle>,
}

impl Download {
    /// The file of the message at `seq`, to be `into`, in place of whatever is there. Until it
    /// is whole it lies beside it, as `NAME.….part`, and goes on from there.
    pub fn new(room: RoomId, seq: u64, into: impl Into<PathBuf>) -> Self {
        Self {
            room,
            seq,
            variant: FileVariant::Original,
            into: into.into(),
            keeps_others: false,
            transfer: None,
            digest: None,
            throttle: None,
        }
    }

    /// Where it goes.
    pub fn path(&self) -> &Path {
        &self.into
    }

    /// A file that has the name by then stays: this one becomes `NAME (1)`, or the next that is
    /// free. [`DownloadedFile::path`] says which.
    pub fn keeping_others(self) -> Self {
        Self { keeps_others: true, ..self }
    }

    /// The upload that the message was seen to stand for ([`rill_protocol::message::FileInfo`]).
    /// Where a server's log was put back to an older state, another file may have come to the same
    /// place: what is there of one is not gone on with for the other.
    pub fn transfer(self, transfer: TransferId) -> Self {
        Self { transfer: Some(transfer), ..self }
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

/// A download.
pub type DownloadHandle = Handle<DownloadedFile>;

/// Takes a download.
pub(crate) fn begin(transfers: &Arc<Transfers>, download: Download) -> DownloadHandle {
    let (handle, work) = Handle::new(Order::Go, Progress::new(Phase::Queued, 0));
    tokio::spawn(get_file::run(Arc::clone(transfers), download, work));
    handle
}
