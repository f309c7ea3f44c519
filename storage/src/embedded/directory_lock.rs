//! The data directory, and the lock that keeps a second process out of it.

use std::{
    fs::{File, TryLockError},
    io::{self, Read, Seek, Write},
    path::{Path, PathBuf},
};

use crate::{StoreError, platform};

pub(super) const LOCK_FILE: &str = "LOCK";

/// A directory that this process alone uses, until it is dropped.
pub struct LockedDirectory {
    pub(crate) path: PathBuf,
    /// Locked for as long as it is open; the system lets go of it also after a crash.
    _lock: File,
}

fn failed(path: &Path, what: &str, error: &io::Error) -> StoreError {
    let help = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "; let the user who runs the server write there, or choose another directory"
        }
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => "; it must be a directory",
        _ => "",
    };
    StoreError::Open { path: path.to_owned(), detail: format!("{what}: {error}{help}") }
}

/// Makes the directory and its parents, and their names durable.
fn create(path: &Path) -> Result<(), StoreError> {
    if path.is_dir() {
        return Ok(());
    }
    platform::create_private_directory(path).map_err(|error| failed(path, "it cannot be made", &error))?;
    let parents = path.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty());
    // A parent that cannot be opened is not ours and was there before.
    parents.for_each(|parent| drop(platform::sync_directory(parent)));
    Ok(())
}

impl LockedDirectory {
    /// Makes and locks a directory.
    ///
    /// # Errors
    /// It cannot be made or written, or another process has it.
    pub fn lock(path: &Path) -> Result<Self, StoreError> {
        create(path)?;
        let file = path.join(LOCK_FILE);
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&file)
            .map_err(|error| failed(&file, "it cannot be written", &error))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let pid = lock.read_to_string(&mut text).ok().and_then(|_| text.trim().parse().ok());
                return Err(StoreError::Locked { path: path.to_owned(), pid });
            }
            Err(TryLockError::Error(error)) => return Err(failed(&file, "it cannot be locked", &error)),
        }
        let written = lock
            .set_len(0)
            .and_then(|()| lock.rewind())
            .and_then(|()| writeln!(lock, "{}", std::process::id()))
            .and_then(|()| platform::sync_directory(path));
        written.map_err(|error| failed(&file, "it cannot be written", &error))?;
        Ok(Self { path: path.to_owned(), _lock: lock })
    }
}
