//! Where bytes lie that are too many for a row.

use rill_storage::blobs::{BlobPlace, S3Place};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use super::{Secret, redis::Misfit};

/// `[blobs]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blobs {
    /// A folder; one that all servers of a community share, where there are several.
    pub folder: Option<PathBuf>,
    /// A bucket of S3, or of what speaks it, instead of a folder.
    pub s3_bucket: Option<String>,
    /// Its address, where it is not Amazon's.
    pub s3_endpoint: Option<String>,
    pub s3_region: String,
    pub s3_access_key_id: Option<String>,
    pub s3_secret_access_key: Secret,
}

impl Default for Blobs {
    fn default() -> Self {
        Self {
            folder: None,
            s3_bucket: None,
            s3_endpoint: None,
            s3_region: "us-east-1".into(),
            s3_access_key_id: None,
            s3_secret_access_key: Secret::default(),
        }
    }
}

impl Blobs {
    /// Where they lie, if that is said.
    pub(crate) fn place(&self) -> Result<Option<BlobPlace>, Misfit> {
        let Some(bucket) = &self.s3_bucket else {
            return Ok(self.folder.clone().map(BlobPlace::Folder));
        };
        if self.folder.is_some() {
            let why = "is set, and blobs.folder too: blobs lie in one place, take one away";
            return Err(("blobs.s3_bucket", why.into()));
        }
        let is_address = |text: &String| ["http://", "https://"].iter().any(|scheme| text.starts_with(scheme));
        if self.s3_endpoint.as_ref().is_some_and(|endpoint| !is_address(endpoint)) {
            return Err(("blobs.s3_endpoint", "is an address that begins with https:// or http://".into()));
        }
        let Some(access_key_id) = self.s3_access_key_id.clone().filter(|_| !self.s3_secret_access_key.is_empty())
        else {
            let why = "is set: blobs.s3_access_key_id and blobs.s3_secret_access_key are needed for it";
            return Err(("blobs.s3_bucket", why.into()));
        };
        Ok(Some(BlobPlace::S3(S3Place {
            bucket: bucket.clone(),
            endpoint: self.s3_endpoint.clone(),
            region: self.s3_region.clone(),
            access_key_id,
            secret_access_key: self.s3_secret_access_key.expose().to_owned(),
        })))
    }
}
