//! Where blobs lie: a folder that every node sees, or a bucket.

use object_store::{
    ClientOptions, ObjectStore, RetryConfig, aws::AmazonS3Builder, local::LocalFileSystem, memory::InMemory,
};
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::{
    StoreError, cryptography,
    limits::{BLOB_CONNECT_TIMEOUT_MS, BLOB_PATIENCE_MS},
    platform,
};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BlobPlace {
    /// Everything that is written is synced.
    Folder(PathBuf),
    S3(S3Place),
    /// In this process's memory, as a bucket is used, and gone with it: for tests.
    Memory,
}

/// A bucket of S3 or of what speaks it.
#[derive(Clone, PartialEq, Eq)]
pub struct S3Place {
    pub bucket: String,
    /// Where it is not Amazon's: `https://…`, or `http://…` to one's own machine.
    pub endpoint: Option<String>,
    pub region: String,
    pub access_key_id: String,
    pub secret_access_key: String,
}

impl std::fmt::Debug for S3Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("S3Place")
            .field("bucket", &self.bucket)
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .finish_non_exhaustive()
    }
}

/// Makes a folder and those above it; their names are durable before anything in it is.
fn make(folder: &Path) -> io::Result<()> {
    let missing: Vec<_> =
        folder.ancestors().take_while(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()).collect();
    platform::create_private_directory(folder)?;
    // A name without folders lies in the current one.
    let above = missing.iter().filter_map(|folder| folder.parent());
    let above = above.map(|above| if above.as_os_str().is_empty() { Path::new(".") } else { above });
    above.into_iter().try_for_each(platform::sync_directory)
}

impl BlobPlace {
    pub(super) fn open(&self) -> Result<Arc<dyn ObjectStore>, StoreError> {
        match self {
            Self::Memory => Ok(Arc::new(InMemory::new())),
            Self::Folder(folder) => {
                let cannot = |error: &dyn std::fmt::Display| StoreError::Open {
                    path: folder.clone(),
                    detail: format!("the folder of blobs cannot be used: {error}; check its permissions"),
                };
                if !folder.is_dir() {
                    make(folder).map_err(|error| cannot(&error))?;
                }
                let store = LocalFileSystem::new_with_prefix(folder).map_err(|error| cannot(&error))?;
                Ok(Arc::new(store.with_fsync(true)))
            }
            Self::S3(place) => {
                cryptography::provide();
                // Whoever reads old history waits for it: the library would for minutes.
                let patience = Duration::from_millis(BLOB_PATIENCE_MS);
                let client = ClientOptions::new()
                    .with_connect_timeout(Duration::from_millis(BLOB_CONNECT_TIMEOUT_MS))
                    .with_timeout(patience);
                let mut builder = AmazonS3Builder::new()
                    .with_client_options(client)
                    .with_retry(RetryConfig { retry_timeout: patience, ..RetryConfig::default() })
                    .with_bucket_name(&place.bucket)
                    .with_region(&place.region)
                    .with_access_key_id(&place.access_key_id)
                    .with_secret_access_key(&place.secret_access_key);
                if let Some(endpoint) = &place.endpoint {
                    builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
                }
                let store = builder.build().map_err(|error| {
                    StoreError::Blobs(format!("the bucket {} cannot be used: {error}", place.bucket))
                })?;
                Ok(Arc::new(store))
            }
        }
    }
}
