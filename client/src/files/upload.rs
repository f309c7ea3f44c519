//! What an application says of an upload, and what it holds while it runs.

use rill_protocol::{
    ClientId, Epoch, RoomId, TransferId,
    message::{FileState, Voice},
};
use std::{path::PathBuf, sync::Arc};
use tokio::sync::watch;

use super::{
    Throttle,
    handle::Handle,
    order::Order,
    progress::{Phase, Progress},
    send_file::{self, Task},
    shelf::Kept,
    source::Stamp,
    transfers::{Running, Transfers, blocking, open_source},
};
use crate::{Error, limits::HASH_AHEAD_BYTES_MAX, random};

/// A file to send, as a message of a room.
#[derive(Clone, Debug)]
pub struct Upload {
    room: RoomId,
    path: PathBuf,
    name: Option<String>,
    media_type: String,
    text: String,
    voice: Option<Voice>,
    transfer: Option<TransferId>,
    throttle: Option<Throttle>,
}

impl Upload {
    /// The file at `path`, under its own name.
    pub fn new(room: RoomId, path: impl Into<PathBuf>) -> Self {
        Self {
            room,
            path: path.into(),
            name: None,
            media_type: String::new(),
            text: String::new(),
            voice: None,
            transfer: None,
            throttle: None,
        }
    }

    /// Another name than that of the file.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// What stands beside the file.
    pub fn text(self, text: impl Into<String>) -> Self {
        Self { text: text.into(), ..self }
    }

    /// What the sender takes it for. What others are told is what the bytes are.
    pub fn media_type(self, media_type: impl Into<String>) -> Self {
        Self { media_type: media_type.into(), ..self }
    }

    /// It is a voice message.
    pub fn voice(self, voice: Voice) -> Self {
        Self { voice: Some(voice), ..self }
    }

    /// Goes on with an upload that another process or device of this user has begun, and that is
    /// not over; whoever works on it there stops with `transfer_taken`. If the bytes are others, both
    /// have failed.
    pub fn transfer(self, transfer: TransferId) -> Self {
        Self { transfer: Some(transfer), ..self }
    }

    /// Not faster than that.
    pub fn throttle(self, throttle: Throttle) -> Self {
        Self { throttle: Some(throttle), ..self }
    }
}

/// A file that is whole, on the server's disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UploadedFile {
    pub transfer: TransferId,
    pub room: RoomId,
    pub epoch: Epoch,
    /// The message's place.
    pub seq: u64,
    pub state: FileState,
}

/// An upload that runs by itself, also when this is dropped; clones are the same upload.
#[derive(Clone, Debug)]
pub struct UploadHandle {
    pub transfer: TransferId,
    pub room: RoomId,
    /// Of the message.
    pub client_id: ClientId,
    /// As the server knows the file.
    pub name: String,
    pub(super) stamp: Stamp,
    handle: Handle<UploadedFile>,
}

impl UploadHandle {
    /// See [`Handle::progress`].
    pub fn progress(&self) -> Progress {
        self.handle.progress()
    }

    /// See [`Handle::watch`].
    pub fn watch(&self) -> watch::Receiver<Progress> {
        self.handle.watch()
    }

    /// See [`Handle::pause`].
    pub fn pause(&self) {
        self.handle.pause();
    }

    /// See [`Handle::resume`].
    pub fn resume(&self) {
        self.handle.resume();
    }

    /// See [`Handle::cancel`].
    pub fn cancel(&self) {
        self.handle.cancel();
    }

    /// See [`Handle::done`].
    pub async fn done(&self) -> Result<UploadedFile, Error> {
        self.handle.done().await
    }

    pub(super) fn has_failed(&self) -> bool {
        self.handle.has_failed()
    }
}

/// Takes an upload. The same file to the same room is the same upload, if an earlier one
/// is not over.
pub(crate) async fn begin(transfers: &Arc<Transfers>, upload: Upload) -> Result<UploadHandle, Error> {
    let Upload { room, path, name, media_type, text, voice, transfer, throttle } = upload;
    let path = std::path::absolute(&path).unwrap_or(path);
    let own_name = || path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let name = name.unwrap_or_else(own_name);
    let mut source = open_source(path, None).await?;
    let path = source.path().to_owned();
    let stamp = source.stamp();
    let mut kept = Kept {
        transfer: transfer.unwrap_or_else(random::transfer_id),
        room,
        client_id: random::client_id(),
        path,
        stamp,
        name,
        media_type,
        text,
        voice,
        digest: None,
        cancelled: false,
    };
    if let Some(same) = transfers.same_upload(&kept) {
        return Ok(same);
    }
    // A small file is read at once anyway, and need not travel if the server has it.
    if stamp.size <= HASH_AHEAD_BYTES_MAX {
        let (again, digest) = blocking(source, super::source::Source::digest).await?;
        (source, kept.digest) = (again, Some(digest?));
    }
    // A path that is no text cannot be written down; then the upload lives as long as we do.
    if let Some(shelf) = transfers.shelf.as_ref().filter(|_| kept.path.to_str().is_some()) {
        shelf.put(kept.clone()).await?;
    }
    Ok(run(transfers, kept, Some(source), throttle))
}

/// Goes on with what an earlier process left.
pub(crate) fn go_on(transfers: &Arc<Transfers>, left: Vec<Kept>, throttle: Option<&Throttle>) {
    for kept in left {
        let path = kept.path.clone();
        let handle = run(transfers, kept, None, throttle.cloned());
        transfers.resumed.lock().push(Running { path, handle });
    }
}

fn run(
    transfers: &Arc<Transfers>,
    kept: Kept,
    source: Option<super::source::Source>,
    throttle: Option<Throttle>,
) -> UploadHandle {
    let order = if kept.cancelled { Order::Cancel } else { Order::Go };
    let (handle, work) = Handle::new(order, Progress::new(Phase::Queued, kept.stamp.size));
    let handle = UploadHandle {
        transfer: kept.transfer,
        room: kept.room,
        client_id: kept.client_id,
        name: kept.name.clone(),
        stamp: kept.stamp,
        handle,
    };
    let running = Running { path: kept.path.clone(), handle: handle.clone() };
    transfers.running.lock().insert(kept.transfer, running);
    tokio::spawn(send_file::run(Task::new(Arc::clone(transfers), kept, source, throttle, work)));
    handle
}
