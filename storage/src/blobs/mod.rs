//! Blobs: bytes too many for a row, in a folder of this machine or in an object store
//! (S3 and what speaks it), each written once and never changed.
//!
//! There are small ones that are written and read whole ([`Blobs::put`], [`Blobs::get`]), and
//! those that grow while they come in and are read by ranges, also before they are whole
//! ([`Blobs::stage`], [`Blobs::read`]).
//!
//! A blob's name says nothing of what is in it. What lies in the store is sealed
//! ([`sealed`], [`chunk`]), so encryption at rest covers it as it covers rows. Absent: who may
//! read what, and which blobs are still needed.

mod blocking;
mod bucket;
mod chunk;
mod folder;
#[cfg(feature = "simulation")]
mod held;
mod name;
mod place;
mod sealed;
#[cfg(feature = "simulation")]
pub mod simulated;
mod space;
mod staged;
mod stream;
mod tree;
mod walk;

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use std::{fmt, ops::Range, sync::Arc};

pub use chunk::CHUNK_BYTES;
#[cfg(feature = "simulation")]
pub use held::Held;
pub use name::BlobName;
pub use place::{BlobPlace, S3Place};
pub use staged::{Finished, Progress, Staged};
pub use stream::BlobStream;
pub use walk::Strays;

use bucket::Bucket;
use folder::Folder;

use crate::{StoreError, limits::BLOB_PART_BYTES, record::KeyRing};

/// Where blobs lie. Clones share it.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    ring: Arc<KeyRing>,
    /// Where the place is one.
    folder: Option<Folder>,
}

/// A blob that grows: what it is called, and how many bytes it has or will have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blob {
    pub name: BlobName,
    pub size: u64,
}

impl Blob {
    /// Whether it is more than one part, so that values of whole parts are kept.
    fn is_parted(&self) -> bool {
        self.size > BLOB_PART_BYTES
    }
}

impl fmt::Debug for Blobs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Blobs({})", self.store)
    }
}

fn failed(what: &str, error: &object_store::Error) -> StoreError {
    StoreError::Blobs(format!("a blob cannot be {what}: {error}"))
}

fn path(name: &BlobName) -> Path {
    // Folders of 256, so that none gets too long to list.
    let text = name.to_string();
    Path::from_iter([&text[..2], &text[2..]])
}

impl Blobs {
    /// Opens a place; a folder is made if it is not there.
    ///
    /// # Errors
    /// The folder cannot be made or the address makes no sense. That an object store does
    /// not answer is found at the first use.
    pub fn open(place: &BlobPlace) -> Result<Self, StoreError> {
        let folder = match place {
            BlobPlace::Folder(folder) => Some(Folder::new(folder)),
            BlobPlace::S3(_) | BlobPlace::Memory => None,
        };
        Ok(Self { store: place.open()?, ring: Arc::default(), folder })
    }

    /// Whether the place is a folder, which costs nothing to go through.
    #[must_use]
    pub fn is_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// Whether a blob of so many bytes may begin, as far as the place can tell: for who has
    /// something to do before.
    ///
    /// # Errors
    /// There is no room ([`StoreError::Full`]).
    pub fn must_hold(&self, bytes: u64) -> Result<(), StoreError> {
        match &self.folder {
            Some(folder) => space::must_hold(folder.root(), bytes),
            None => Ok(()),
        }
    }

    /// Writes a blob; durable when it returns. Doing so again is harmless, since a name
    /// stands for one content.
    ///
    /// # Errors
    /// The place fails, or is full.
    pub async fn put(&self, name: &BlobName, content: &[u8]) -> Result<(), StoreError> {
        let sealed = sealed::seal(&self.ring, name, content);
        if let Some(folder) = &self.folder {
            space::must_hold(folder.root(), sealed.len() as u64)?;
        }
        self.store.put(&path(name), sealed.into()).await.map(drop).map_err(|error| failed("written", &error))
    }

    /// Reads a blob; `None` if there is none of that name.
    ///
    /// # Errors
    /// The place fails, or the blob is damaged.
    pub async fn get(&self, name: &BlobName) -> Result<Option<Bytes>, StoreError> {
        let sealed = match self.store.get(&path(name)).await {
            Ok(found) => found.bytes().await,
            Err(object_store::Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        let sealed = sealed.map_err(|error| failed("read", &error))?;
        sealed::open(&self.ring, name, &sealed).map(Some)
    }

    /// Removes a blob, of whichever kind and whether it is finished or not; it need not be
    /// there. When this returns it does not come back, also if the machine loses its power.
    ///
    /// # Errors
    /// The place fails.
    pub async fn remove(&self, name: &BlobName) -> Result<(), StoreError> {
        if let Some(folder) = &self.folder {
            let (folder, name) = (folder.clone(), *name);
            return blocking::run(move || folder.remove(&name)).await;
        }
        match self.store.delete(&path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => self.bucket().remove(name).await,
            Err(error) => Err(failed("removed", &error)),
        }
    }

    /// Begins a blob that grows, or goes on with one: with whatever is there of it, which may
    /// be less or more than was noted. A finished one is there to the end.
    ///
    /// # Errors
    /// The place fails or is full, somebody else is writing the same one
    /// ([`StoreError::BlobInUse`]), or a finished one is damaged.
    pub async fn stage(&self, blob: Blob, noted: &Progress) -> Result<Staged, StoreError> {
        Staged::open(self, blob, noted.clone()).await
    }

    /// Reads a range of a blob that grows, of which `durable` bytes are there by what was
    /// noted; of a finished one that is its size. What is read is held against its checksums,
    /// and nothing else is read.
    ///
    /// # Errors
    /// The range ends behind what is durable ([`StoreError::BlobBounds`]), there is no such
    /// blob ([`StoreError::BlobMissing`]), or the place fails. Damage is found by the stream.
    pub async fn read(&self, blob: Blob, durable: u64, range: Range<u64>) -> Result<BlobStream, StoreError> {
        BlobStream::open(self, blob, durable, range).await
    }

    fn bucket(&self) -> Bucket {
        Bucket::new(Arc::clone(&self.store), Arc::clone(&self.ring))
    }
}

#[cfg(test)]
mod tests;
