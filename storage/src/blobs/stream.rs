//! A range of a blob while it is read.

use bytes::Bytes;
use std::{collections::VecDeque, ops::Range};

use super::{Blob, Blobs, bucket::BucketStream, chunk, folder::FolderStream};
use crate::StoreError;

enum Place {
    Folder(FolderStream),
    Bucket(Box<BucketStream>),
}

/// Pieces of at most [`super::CHUNK_BYTES`], in order. What it holds is bounded: see
/// [`crate::limits::BLOB_READ_BYTES`].
pub struct BlobStream {
    place: Place,
    /// Whole chunks that are read and not taken.
    payloads: VecDeque<Bytes>,
    /// How much of the first of them is before the range.
    skip: usize,
    /// Bytes of the range that are still to come.
    left: u64,
}

impl BlobStream {
    pub(super) async fn open(blobs: &Blobs, blob: Blob, durable: u64, range: Range<u64>) -> Result<Self, StoreError> {
        let bytes = durable.min(blob.size);
        if range.start > range.end || range.end > bytes {
            let until = range.end.max(range.start);
            return Err(StoreError::BlobBounds { name: blob.name, bytes, until });
        }
        let first = chunk::whole(range.start);
        let chunks = if range.is_empty() { first..first } else { first..chunk::count(range.end) };
        let skip = (range.start - chunk::offset(first)) as usize;
        let place = match &blobs.folder {
            Some(folder) => Place::Folder(FolderStream::open(folder.clone(), blobs.ring.clone(), blob, chunks).await?),
            None => {
                let durable_chunks = chunk::count(bytes);
                Place::Bucket(Box::new(BucketStream::open(blobs.bucket(), blob, chunks, durable_chunks).await?))
            }
        };
        Ok(Self { place, payloads: VecDeque::new(), skip, left: range.end - range.start })
    }

    /// Bytes that are still to come.
    pub fn left(&self) -> u64 {
        self.left
    }

    /// The next piece, or the end. Cancel safe.
    ///
    /// # Errors
    /// A chunk is damaged ([`StoreError::BlobDamaged`]) or gone, or the place fails. What came
    /// before is right.
    pub async fn next(&mut self) -> Result<Option<Bytes>, StoreError> {
        if self.left == 0 {
            return Ok(None);
        }
        while self.payloads.is_empty() {
            let read = match &mut self.place {
                Place::Folder(stream) => stream.next().await?,
                Place::Bucket(stream) => stream.next().await?,
            };
            if read.is_empty() {
                // An error ended it before.
                return Err(StoreError::Closed);
            }
            self.payloads = read.into();
        }
        let Some(mut piece) = self.payloads.pop_front() else { return Ok(None) };
        drop(piece.split_to(std::mem::take(&mut self.skip)));
        piece.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= piece.len() as u64;
        Ok(Some(piece))
    }
}
