//! A blob while it comes in.

use bytes::Bytes;

use super::{Blob, Blobs, bucket::BucketStaged, folder::FolderStaged};
use crate::StoreError;

/// How much of a blob is durable, for a row: with it its writing goes on anywhere, and others
/// may read up to there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Whole chunks of [`super::CHUNK_BYTES`], or all of it.
    pub durable: u64,
    /// What the digest needs of the whole parts ([`crate::limits::BLOB_PART_BYTES`]) among
    /// them: about as many values of 32 bytes as the number of parts has bits.
    pub values: Vec<[u8; 32]>,
}

/// What a blob that is all there came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finished {
    /// It has the digest that was expected, and is durable.
    Whole,
    /// It has this one. Nothing was removed, for somebody else may have finished the same blob
    /// under the digest that it has: whoever is told so fails what the blob was for, and it
    /// goes as that one's blob does ([`crate::port::Transfers`]).
    Other(blake3::Hash),
}

enum Place {
    Folder(Box<FolderStaged>),
    Bucket(Box<BucketStaged>),
}

/// A blob that grows. One writes at a time: in a folder by a lock on the file, in a bucket
/// because no object is ever replaced by another.
///
/// Durable is only ever a whole chunk, and nothing durable is written a second time: a short
/// last chunk that was to be written over when more comes would be lost by a cut of power in
/// the middle of that. So what was given behind the last whole chunk is not there after a
/// stop, 64 KiB at most, and is sent again.
///
/// After an error nothing more is taken; what is durable stays, and [`Blobs::stage`] goes on
/// with it. Dropping it stops it: what was not durable may be lost.
pub struct Staged {
    blob: Blob,
    place: Place,
}

impl Staged {
    pub(super) async fn open(blobs: &Blobs, blob: Blob, noted: Progress) -> Result<Self, StoreError> {
        let place = match blobs.folder.clone() {
            Some(folder) => Place::Folder(Box::new(FolderStaged::open(folder, blobs.ring.clone(), blob, noted).await?)),
            None => Place::Bucket(Box::new(BucketStaged::open(blobs.bucket(), blob, noted).await?)),
        };
        Ok(Self { blob, place })
    }

    /// Which one it is.
    pub fn blob(&self) -> Blob {
        self.blob
    }

    /// Where the next byte belongs.
    pub fn offset(&self) -> u64 {
        match &self.place {
            Place::Folder(staged) => staged.offset(),
            Place::Bucket(staged) => staged.offset(),
        }
    }

    /// How much is known to be durable.
    pub fn known(&self) -> &Progress {
        match &self.place {
            Place::Folder(staged) => staged.known(),
            Place::Bucket(staged) => staged.known(),
        }
    }

    /// So many bytes can be taken without waiting for the place.
    pub fn room(&self) -> usize {
        match &self.place {
            Place::Folder(staged) => staged.room(),
            Place::Bucket(staged) => staged.room(),
        }
    }

    /// Takes the next bytes. Waits for the place only while it is behind by more than is
    /// gathered ([`crate::limits::STAGED_BATCH_BYTES_MAX`] in a folder, a part in a bucket);
    /// one call should bring no more than a few chunks. If it is dropped before it is ready,
    /// [`Self::offset`] tells whether the bytes were taken.
    ///
    /// # Errors
    /// More bytes than the blob has ([`StoreError::BlobBounds`]; nothing was taken), no room
    /// ([`StoreError::Full`]), or the place fails.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        let until = self.offset().saturating_add(bytes.len() as u64);
        if until > self.blob.size {
            return Err(StoreError::BlobBounds { name: self.blob.name, bytes: self.blob.size, until });
        }
        match &mut self.place {
            Place::Folder(staged) => staged.write(bytes).await,
            Place::Bucket(staged) => staged.write(bytes).await,
        }
    }

    /// Asks for all whole chunks to be made durable soon, beside what is written meanwhile. A
    /// folder also does so by itself ([`crate::limits::STAGED_SYNC_BYTES`]); a bucket takes
    /// whole parts when they are full and nothing before.
    pub fn sync(&mut self) {
        if let Place::Folder(staged) = &mut self.place {
            staged.sync();
        }
    }

    /// Waits until more has become durable, for ever if nothing is on its way. It also drives
    /// what is: whoever writes waits for this beside what comes in. Cancel safe.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn progress(&mut self) -> Result<&Progress, StoreError> {
        match &mut self.place {
            Place::Folder(staged) => staged.progress().await,
            Place::Bucket(staged) => staged.progress().await,
        }
    }

    /// Waits until more has become durable or there is more [`Self::room`], for ever if nothing is
    /// on its way. It drives that as [`Self::progress`] does. Cancel safe.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn moved(&mut self) -> Result<(), StoreError> {
        match &mut self.place {
            Place::Folder(staged) => staged.moved().await,
            Place::Bucket(staged) => staged.progress().await.map(drop),
        }
    }

    /// Stops for now: makes all whole chunks durable, and tells how much that is.
    ///
    /// # Errors
    /// As [`Self::write`].
    pub async fn suspend(self) -> Result<Progress, StoreError> {
        match self.place {
            Place::Folder(staged) => staged.suspend().await,
            Place::Bucket(staged) => staged.suspend().await,
        }
    }

    /// The bytes are all there: if they have this digest, the blob is finished and durable
    /// when this returns. Doing it again, after [`Blobs::stage`], is harmless.
    ///
    /// # Errors
    /// Bytes are missing ([`StoreError::BlobBounds`]; it may be staged again), or as
    /// [`Self::write`].
    pub async fn finish(self, expected: blake3::Hash) -> Result<Finished, StoreError> {
        let bytes = self.offset();
        if bytes < self.blob.size {
            return Err(StoreError::BlobBounds { name: self.blob.name, bytes, until: self.blob.size });
        }
        match self.place {
            Place::Folder(staged) => staged.finish(expected).await,
            Place::Bucket(staged) => staged.finish(expected).await,
        }
    }
}
