//! Going through a folder.

use std::{
    collections::BTreeSet,
    fs::{self, DirEntry},
    io,
    path::PathBuf,
    time::UNIX_EPOCH,
};

use super::Folder;
use crate::{
    StoreError,
    blobs::{BlobName, blocking::failed},
};

/// What is done with a file that may go while it is looked at.
fn unless_gone<T>(found: io::Result<T>) -> io::Result<Option<T>> {
    match found {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn changed_ms(file: &DirEntry) -> io::Result<Option<u64>> {
    let Some(known) = unless_gone(file.metadata())? else { return Ok(None) };
    let changed = known.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    Ok(Some(changed.as_millis().try_into().unwrap_or(u64::MAX)))
}

fn entries(folder: &PathBuf) -> io::Result<impl Iterator<Item = io::Result<DirEntry>>> {
    Ok(unless_gone(fs::read_dir(folder))?.into_iter().flatten())
}

impl Folder {
    /// Everything that files lie in.
    pub(in crate::blobs) fn parts(&self) -> Vec<PathBuf> {
        let shelves = (0..=u8::MAX).map(|shelf| self.root.join(format!("{shelf:02x}")));
        [self.root.clone(), self.staging()].into_iter().chain(shelves).collect()
    }

    /// Bytes of the files in one of those.
    pub(in crate::blobs) fn used_bytes(&self, part: PathBuf) -> Result<u64, StoreError> {
        let count = || {
            let mut bytes = 0;
            for entry in entries(&part)? {
                let known = unless_gone(entry?.metadata())?;
                bytes += known.filter(fs::Metadata::is_file).map_or(0, |known| known.len());
            }
            Ok(bytes)
        };
        count().map_err(|error| failed("counted", &error))
    }

    /// See [`crate::blobs::Blobs::strays`].
    pub(in crate::blobs) fn strays(
        &self,
        untouched_since_ms: u64,
        after: Option<BlobName>,
        limit: usize,
    ) -> Result<Vec<BlobName>, StoreError> {
        let find = || {
            // Never more than are wanted: the first ones by name.
            let mut names = BTreeSet::new();
            for entry in entries(&self.staging())? {
                let entry = entry?;
                let name = entry.file_name().to_str().and_then(BlobName::of);
                let Some(name) = name.filter(|name| Some(*name) > after) else { continue };
                if changed_ms(&entry)?.is_some_and(|changed_ms| changed_ms < untouched_since_ms) {
                    names.insert(name);
                }
                if names.len() > limit {
                    names.pop_last();
                }
            }
            Ok(names.into_iter().collect())
        };
        find().map_err(|error| failed("looked for", &error))
    }
}
