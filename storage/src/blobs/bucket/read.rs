//! Reading from a bucket: some chunks of one part at a time.

use bytes::Bytes;
use std::ops::Range;

use super::{Bucket, object, place};
use crate::{
    StoreError,
    blobs::{
        Blob,
        chunk::{self, CHUNK_BYTES},
        tree::PART_CHUNKS,
    },
    limits::BLOB_READ_BYTES,
};

/// See the module. Its payloads are those of whole chunks.
pub(in crate::blobs) struct BucketStream {
    bucket: Bucket,
    blob: Blob,
    chunks: Range<u64>,
    /// Chunks that are durable: what there is of the last part may be an object of its own.
    durable_chunks: u64,
    /// What [`Self::open`] has read already.
    first: Option<Vec<Bytes>>,
}

impl BucketStream {
    /// Reads the first chunks, so that a blob that is missing is known at once.
    pub(in crate::blobs) async fn open(
        bucket: Bucket,
        blob: Blob,
        chunks: Range<u64>,
        durable_chunks: u64,
    ) -> Result<Self, StoreError> {
        let mut stream = Self { bucket, blob, chunks, durable_chunks, first: None };
        stream.first = Some(stream.next().await?);
        Ok(stream)
    }

    /// The payloads of the next chunks; none at the end. Cancel safe.
    pub(in crate::blobs) async fn next(&mut self) -> Result<Vec<Bytes>, StoreError> {
        if let Some(first) = self.first.take() {
            return Ok(first);
        }
        let Range { start, end } = self.chunks;
        let part = start / PART_CHUNKS;
        let end = end.min((part + 1) * PART_CHUNKS).min(start + (BLOB_READ_BYTES / CHUNK_BYTES) as u64);
        if start >= end {
            return Ok(Vec::new());
        }
        let sealed = self.read(part, start..end).await?;
        if sealed.len() != self.blob.sealed_bytes(start..end) {
            return Err(chunk::damaged(&self.blob.name, format!("part {part} is shorter than it was")));
        }
        let payloads = self.bucket.opened(&self.blob, start, sealed).collect::<Result<_, _>>()?;
        self.chunks.start = end;
        Ok(payloads)
    }

    async fn read(&self, part: u64, chunks: Range<u64>) -> Result<Bytes, StoreError> {
        let from = place(chunks.start);
        let range = from..from + self.blob.sealed_bytes(chunks.clone()) as u64;
        let tail = self.durable_chunks.checked_sub(part * PART_CHUNKS).filter(|chunks| *chunks < PART_CHUNKS);
        // The whole part may take the place of what there was of it between two looks.
        for own in [None, tail, None] {
            let object = object(&self.blob.name, part, own);
            if let Some(sealed) = self.bucket.get(&object, Some(range.clone())).await? {
                return Ok(sealed);
            }
        }
        Err(StoreError::BlobMissing { name: self.blob.name })
    }
}
