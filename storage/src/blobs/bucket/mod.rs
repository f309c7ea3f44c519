//! Blobs that grow, in a bucket: an object of its own for each part of 4 MiB, `NAME/000012`.
//!
//! Not one object by S3's multipart upload: nothing of that can be read before it is complete,
//! and members read what is durable of a file that is still coming. Parts as objects also let
//! any node go on, with nothing but the blob's name. An object is made once and never replaced;
//! one that is there already must be the same, else two are writing. What was durable of a
//! part when its writing stopped is an object `NAME/000012-17`, of that many chunks. It stays
//! until the whole part is there, or a longer one was noted: what a row says can be read. At the
//! end comes `NAME/whole`.

mod objects;
mod read;
mod write;

use bytes::Bytes;
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::{Error, GetOptions, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, path::Path};
use std::{ops::Range, sync::Arc};

use super::{
    Blob, BlobName,
    chunk::{self, MAGIC},
    failed, path,
    tree::PART_CHUNKS,
};
use crate::{StoreError, record::KeyRing};

pub(super) use read::BucketStream;
pub(super) use write::BucketStaged;

/// The object of a blob that says that it is whole: parts alone do not, for how many there
/// should be only a row knows.
pub(super) const FINISHED: &str = "whole";

/// Where they lie.
#[derive(Clone)]
pub(super) struct Bucket {
    store: Arc<dyn ObjectStore>,
    ring: Arc<KeyRing>,
}

/// The object of some chunks: a part's, or what there is of it.
fn object(name: &BlobName, part: u64, chunks: Option<u64>) -> Path {
    let own = chunks.map_or_else(|| format!("{part:06}"), |chunks| format!("{part:06}-{chunks}"));
    path(name).join(own)
}

impl Bucket {
    pub(super) fn new(store: Arc<dyn ObjectStore>, ring: Arc<KeyRing>) -> Self {
        Self { store, ring }
    }

    /// Some bytes of an object, or all; `None` if there is none.
    async fn get(&self, object: &Path, range: Option<Range<u64>>) -> Result<Option<Bytes>, StoreError> {
        let options = GetOptions { range: range.map(Into::into), ..GetOptions::default() };
        let found = match self.store.get_opts(object, options).await {
            Ok(found) => found.bytes().await,
            Err(Error::NotFound { .. }) => return Ok(None),
            Err(error) => Err(error),
        };
        found.map(Some).map_err(|error| failed("read", &error))
    }

    /// Makes an object; one that is there must be the same.
    async fn create(&self, name: &BlobName, object: &Path, sealed: Bytes) -> Result<(), StoreError> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        match self.store.put_opts(object, sealed.clone().into(), options).await {
            Ok(_) => Ok(()),
            // Also one of its own whose answer was lost.
            Err(Error::AlreadyExists { .. } | Error::Precondition { .. }) => match self.get(object, None).await? {
                Some(found) if found == sealed => Ok(()),
                _ => Err(StoreError::BlobInUse { name: *name }),
            },
            Err(error) => Err(failed("written", &error)),
        }
    }

    async fn drop_object(&self, object: &Path) -> Result<(), StoreError> {
        match self.store.delete(object).await {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("removed", &error)),
        }
    }

    /// The payloads of chunks of one part, from a sealed object that begins with the first of
    /// them, as far as they open.
    fn opened(
        &self,
        blob: &Blob,
        first: u64,
        mut sealed: Bytes,
    ) -> impl Iterator<Item = Result<Bytes, StoreError>> + use<> {
        let (blob, ring) = (*blob, Arc::clone(&self.ring));
        (first..chunk::count(blob.size)).map_while(move |number| {
            if sealed.is_empty() {
                return None;
            }
            let length = blob.sealed_bytes(number..number + 1).min(sealed.len());
            Some(blob.open(&ring, number, &sealed.split_to(length)).map(|(payload, _)| payload))
        })
    }

    /// Removes every object of a blob.
    pub(super) async fn remove(&self, name: &BlobName) -> Result<(), StoreError> {
        let all = self.store.list(Some(&path(name))).map_ok(|found| found.location).boxed();
        let removed = self.store.delete_stream(all).try_for_each(|_| async { Ok(()) }).await;
        match removed {
            Ok(()) | Err(Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed("removed", &error)),
        }
    }
}

/// Where a chunk begins in the object of its part.
fn place(number: u64) -> u64 {
    chunk::place(number % PART_CHUNKS)
}

/// What is behind the magic of an object.
fn body(name: &BlobName, object: &Bytes) -> Result<Bytes, StoreError> {
    if object.starts_with(MAGIC) {
        Ok(object.slice(MAGIC.len()..))
    } else {
        Err(chunk::damaged(name, "it does not begin as a blob"))
    }
}

#[cfg(test)]
mod tests;
