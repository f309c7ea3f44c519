//! Blobs that grow, in a folder: a file each, `staging/NAME` until it is whole, then where
//! whole blobs lie. It has the same bytes in both places, so who reads need not know which.

mod read;
mod recover;
mod walk;
mod write;

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::{Blob, BlobName, blocking::failed};
use crate::{StoreError, platform};

pub(super) use read::FolderStream;
pub(super) use write::FolderStaged;

const STAGING: &str = "staging";

/// Where they lie.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
    /// How many syncs are still to succeed before one fails; for tests.
    #[cfg(test)]
    failing: std::sync::Arc<parking_lot::Mutex<Option<u32>>>,
}

impl Folder {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            #[cfg(test)]
            failing: std::sync::Arc::default(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    fn staging(&self) -> PathBuf {
        self.root.join(STAGING)
    }

    fn staged(&self, name: &BlobName) -> PathBuf {
        self.staging().join(name.to_string())
    }

    /// The folder of a finished blob, one of 256, and the file in it.
    fn finished(&self, name: &BlobName) -> (PathBuf, PathBuf) {
        let text = name.to_string();
        let shelf = self.root.join(&text[..2]);
        let file = shelf.join(&text[2..]);
        (shelf, file)
    }

    /// Makes a folder in the root if it is not there; its name is durable.
    fn make(&self, folder: &Path) -> io::Result<()> {
        if folder.is_dir() {
            return Ok(());
        }
        platform::create_private_directory(folder)?;
        platform::sync_directory(&self.root)
    }

    /// Syncs a file of which so many bytes were durable before. A sync that has failed says
    /// nothing of what it was to write, and the system may take those bytes for written from
    /// then on (fsync(2)): they are cut off, so that nobody finds them and counts them.
    fn sync(&self, file: &fs::File, durable_bytes: u64) -> io::Result<()> {
        let synced = self.may_sync().and_then(|()| platform::sync_data(file));
        if synced.is_err() {
            let _ = file.set_len(durable_bytes);
        }
        synced
    }

    #[cfg(not(test))]
    #[expect(clippy::unused_self, clippy::unnecessary_wraps, reason = "in tests a disk fails")]
    fn may_sync(&self) -> io::Result<()> {
        Ok(())
    }

    #[cfg(test)]
    fn may_sync(&self) -> io::Result<()> {
        let mut failing = self.failing.lock();
        match failing.take() {
            Some(0) => Err(io::Error::other("the disk does not answer")),
            Some(left) => {
                *failing = Some(left - 1);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// Puts a staged file into its place; durable when it returns.
    fn publish(&self, blob: &Blob) -> Result<(), StoreError> {
        let (shelf, file) = self.finished(&blob.name);
        let publish = || {
            self.make(&shelf)?;
            fs::rename(self.staged(&blob.name), file)?;
            platform::sync_directory(&shelf)?;
            platform::sync_directory(&self.staging())
        };
        publish().map_err(|error| failed("put into its place", &error))
    }

    /// Removes a blob wherever it is; its name is gone for good when it returns.
    pub(super) fn remove(&self, name: &BlobName) -> Result<(), StoreError> {
        let (shelf, file) = self.finished(name);
        let remove = |file: &Path, folder: &Path| match fs::remove_file(file) {
            Ok(()) => platform::sync_directory(folder),
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(()),
            Err(error) => Err(error),
        };
        // In the order in which a file goes: a rename in between is met by the second.
        let removed = remove(&self.staged(name), &self.staging()).and_then(|()| remove(&file, &shelf));
        removed.map_err(|error| failed("removed", &error))
    }

    /// Opens a blob for reading, wherever it is.
    fn open(&self, name: &BlobName) -> Result<fs::File, StoreError> {
        let (_, file) = self.finished(name);
        let open = |path: &Path| match fs::File::open(path) {
            Ok(file) => Ok(Some(file)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(failed("opened", &error)),
        };
        // It may go from staging to its place between two looks.
        for path in [&file, &self.staged(name), &file] {
            if let Some(file) = open(path)? {
                return Ok(file);
            }
        }
        Err(StoreError::BlobMissing { name: *name })
    }
}

#[cfg(test)]
mod tests;
