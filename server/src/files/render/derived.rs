//! The blobs that are made of one: what they are called, and how they are written.

use bytes::Bytes;
use rill_storage::{
    StoreError,
    blobs::{Blob, BlobName, Blobs, CHUNK_BYTES, Finished, Progress},
};

/// What was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The file without its metadata.
    Stripped,
    Thumbnail,
    Preview,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Stripped, Self::Thumbnail, Self::Preview];

    /// The name of what was made of the blob of that name. That name is the key of the hash: who
    /// does not know it finds nothing.
    #[must_use]
    pub fn name_of(self, blob: BlobName) -> BlobName {
        let said: &[u8] = match self {
            Self::Stripped => b"rill derived blob: stripped",
            Self::Thumbnail => b"rill derived blob: thumbnail",
            Self::Preview => b"rill derived blob: preview",
        };
        BlobName(*blake3::keyed_hash(&blob.0, said).as_bytes())
    }
}

/// Writes a derived blob, so that it can be read by ranges. One that is there and the same stays. One
/// that is not, or half of one, is from a server that made it in another way, or damaged: it gives way.
pub(in crate::files) async fn write(blobs: &Blobs, name: BlobName, bytes: Bytes) -> Result<(), StoreError> {
    match written(blobs, name, &bytes).await {
        Ok(Finished::Whole) => return Ok(()),
        Ok(Finished::Other(_)) | Err(StoreError::BlobDamaged { .. } | StoreError::BlobBounds { .. }) => {}
        Err(error) => return Err(error),
    }
    blobs.remove(&name).await?;
    match written(blobs, name, &bytes).await? {
        Finished::Whole => Ok(()),
        Finished::Other(_) => Err(StoreError::BlobDamaged { name, detail: "it is not what was written".into() }),
    }
}

async fn written(blobs: &Blobs, name: BlobName, bytes: &Bytes) -> Result<Finished, StoreError> {
    let mut staged = blobs.stage(Blob { name, size: bytes.len() as u64 }, &Progress::default()).await?;
    let there = usize::try_from(staged.offset()).unwrap_or(usize::MAX).min(bytes.len());
    let mut digest = blake3::Hasher::new();
    let mut at = 0;
    while at < bytes.len() {
        // In pieces, so that nobody waits long for this thread.
        let end = if at < there { there } else { bytes.len() };
        let until = end.min(at + CHUNK_BYTES);
        let piece = bytes.slice(at..until);
        digest.update(&piece);
        if at >= there {
            staged.write(piece).await?;
        }
        tokio::task::yield_now().await;
        at = until;
    }
    staged.finish(digest.finalize()).await
}
