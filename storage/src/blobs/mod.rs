//! Blobs: bytes too many for a row, in a folder of this machine or in an object store
//! (S3 and what speaks it), each written once and never changed.
//!
//! A blob's name says nothing of what is in it. What lies in the store is sealed
//! ([`sealed`]), so encryption at rest covers it as it covers rows. Absent: who may read
//! what, and which blobs are still needed.

mod name;
mod place;
mod sealed;

use bytes::Bytes;
use object_store::{ObjectStore, ObjectStoreExt, path::Path};
use std::{fmt, sync::Arc};

pub use name::BlobName;
pub use place::{BlobPlace, S3Place};

use crate::{StoreError, record::KeyRing};

/// Where blobs lie. Clones share it.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    ring: Arc<KeyRing>,
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
        Ok(Self { store: place.open()?, ring: Arc::default() })
    }

    /// Writes a blob; durable when it returns. Doing so again is harmless, since a name
    /// stands for one content.
    ///
    /// # Errors
    /// The place fails, or is full.
    pub async fn put(&self, name: &BlobName, content: &[u8]) -> Result<(), StoreError> {
        let sealed = sealed::seal(&self.ring, name, content);
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

    /// Removes a blob; it need not be there.
    ///
    /// # Errors
    /// The place fails.
    pub async fn remove(&self, name: &BlobName) -> Result<(), StoreError> {
        match self.store.delete(&path(name)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("removed", &error)),
        }
    }
}

#[cfg(test)]
mod tests;
