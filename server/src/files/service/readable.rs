//! A file that somebody reads, and may read on only while they may see its message.

use bytes::Bytes;
use rill_protocol::{RoomId, TransferId, UserId, message::FileVariant};
use rill_storage::{
    Store, StoreError,
    blobs::{Blob, BlobStream, Blobs},
};
use std::{fmt::Write as _, ops::Range, time::Duration};
use tokio::time::Instant;

use super::{FileError, Files, limits::SIGHT_EVERY_MS, sight};
use crate::{
    files::{FileName, MediaType},
    metrics::Metrics,
};
use std::sync::Arc;

/// See the module.
pub struct Readable {
    store: Store,
    blobs: Blobs,
    metrics: Arc<Metrics>,
    reader: (UserId, RoomId, u64),
    blob: Blob,
    seen_at: Instant,
    /// Bytes of the whole.
    pub size: u64,
    /// Bytes that can be read now: all of them but while it is on its way.
    pub available: u64,
    /// `Content-Type`.
    pub media_type: &'static str,
    pub name: FileName,
    /// Names these bytes of this message, without quotes.
    pub etag: String,
    /// Whether a browser may show it where it is.
    pub is_inline: bool,
    /// Its message says so. Before that it may still turn out to be another file, or none.
    pub is_complete: bool,
}

/// What lies there of a file.
pub(super) struct Shown {
    pub(super) blob: Blob,
    pub(super) available: u64,
    pub(super) media_type: MediaType,
    pub(super) name: FileName,
    pub(super) is_complete: bool,
}

impl Readable {
    /// By its message and what it is of it: the blob may hold the bytes of others too, and what is
    /// called after that would tell who sends them that they are there already.
    pub(super) fn new(
        files: &Files,
        reader: (UserId, RoomId, u64),
        (transfer, variant): (TransferId, FileVariant),
        shown: Shown,
    ) -> Self {
        let Shown { blob, available, media_type, name, is_complete } = shown;
        let (_, room, seq) = reader;
        let (seq, variant, size) = (seq.to_le_bytes(), u32::from(variant).to_le_bytes(), blob.size.to_le_bytes());
        let content_type = media_type.content_type();
        let parts = [&room.0[..], &seq, &transfer.0, &variant, &size, content_type.as_bytes()];
        let tag = files.store.digest("file etag", &parts);
        let mut etag = String::with_capacity(32);
        for byte in &tag.0[..16] {
            // Writing to a string does not fail.
            let _ = write!(etag, "{byte:02x}");
        }
        Self {
            store: files.store.clone(),
            blobs: files.blobs.clone(),
            metrics: files.metrics.clone(),
            reader,
            blob,
            seen_at: Instant::now(),
            size: blob.size,
            available,
            media_type: content_type,
            name,
            etag,
            is_inline: media_type.is_inline(),
            is_complete,
        }
    }

    /// Some of its bytes.
    ///
    /// # Errors
    /// The range begins or ends behind what is available, or the bytes are missing.
    pub async fn read(&self, range: Range<u64>) -> Result<FileStream, FileError> {
        if range.start > range.end || range.end > self.available {
            return Err(FileError::BadRange { available: self.available });
        }
        let stream = match self.blobs.read(self.blob, self.available, range).await {
            Ok(stream) => stream,
            Err(error) => {
                let (user, room, seq) = self.reader;
                sight::seen(&self.store, user, room, seq).await?;
                return Err(error.into());
            }
        };
        let (store, metrics) = (self.store.clone(), self.metrics.clone());
        Ok(FileStream { store, metrics, stream, reader: self.reader, seen_at: self.seen_at })
    }
}

/// A range of a file while it is read.
pub struct FileStream {
    store: Store,
    metrics: Arc<Metrics>,
    stream: BlobStream,
    reader: (UserId, RoomId, u64),
    /// When it was last asked whether they may.
    seen_at: Instant,
}

impl FileStream {
    /// Bytes that are still to come.
    pub fn left(&self) -> u64 {
        self.stream.left()
    }

    /// The next piece, of at most [`rill_storage::blobs::CHUNK_BYTES`], or the end. Cancel safe.
    ///
    /// # Errors
    /// They may not read it any more, or the bytes are damaged. What came before is right.
    pub async fn next(&mut self) -> Result<Option<Bytes>, FileError> {
        let (user, room, seq) = self.reader;
        if self.seen_at.elapsed() >= Duration::from_millis(SIGHT_EVERY_MS) {
            sight::seen(&self.store, user, room, seq).await?;
            self.seen_at = Instant::now();
        }
        let piece = match self.stream.next().await {
            Ok(piece) => piece,
            Err(error) => {
                // Bytes go with their message: then that is why.
                sight::seen(&self.store, user, room, seq).await?;
                return Err(match error {
                    // Where nobody could read before, or the upload has failed meanwhile.
                    StoreError::BlobBounds { .. } => FileError::NotReady,
                    other => other.into(),
                });
            }
        };
        self.metrics.files.sent(piece.as_ref().map_or(0, Bytes::len));
        Ok(piece)
    }
}
