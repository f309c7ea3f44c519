//! Opening sled behind a guard: on damage it panics or gives a bare error, and the
//! owner of the server must learn which file it is and what helps.

use std::{
    fs::{self, File},
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::Duration,
};

use super::{SledEngine, panic_text};
use crate::{StoreError, limits::ENGINE_LOCK_WAIT_MS, platform};

const LOCK_RETRY_MS: u64 = 20;

fn failed(path: &Path, detail: impl Into<String>) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: detail.into() }
}

fn repair(path: &Path, what: &str) -> StoreError {
    failed(
        path,
        format!(
            "sled finds it damaged ({what}); keep a copy of the directory, then restore it from a backup, or move \
             it away to begin with an empty store"
        ),
    )
}

/// What to do about an error that sled's opening gave.
enum Verdict {
    /// The lock that sled takes on its file is held.
    Held,
    Failed(StoreError),
}

fn judge(directory: &Path, error: ::sled::Error) -> Verdict {
    let file = directory.join("db");
    match error {
        ::sled::Error::Io(error) if error.to_string().contains("could not acquire lock") => Verdict::Held,
        ::sled::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            Verdict::Failed(repair(&file, &error.to_string()))
        }
        ::sled::Error::Io(error) => {
            Verdict::Failed(failed(directory, format!("{error}; check its permissions and the space on its disk")))
        }
        ::sled::Error::Unsupported(what) => Verdict::Failed(failed(&directory.join("conf"), what)),
        other => Verdict::Failed(repair(&file, &other.to_string())),
    }
}

fn start(directory: &Path, cache_bytes: u64) -> Result<::sled::Db, Verdict> {
    let config = ::sled::Config::new()
        .path(directory)
        .cache_capacity(cache_bytes)
        // The committer is the only one that flushes.
        .flush_every_ms(None);
    match catch_unwind(AssertUnwindSafe(|| config.open())) {
        Ok(result) => result.map_err(|error| judge(directory, error)),
        Err(panic) => Err(Verdict::Failed(repair(&directory.join("db"), &panic_text(&*panic)))),
    }
}

fn start_patiently(directory: &Path, cache_bytes: u64) -> Result<::sled::Db, StoreError> {
    for _ in 0..ENGINE_LOCK_WAIT_MS / LOCK_RETRY_MS {
        match start(directory, cache_bytes) {
            Ok(db) => return Ok(db),
            Err(Verdict::Failed(error)) => return Err(error),
            // sled's background threads let go of the file a moment after it was closed.
            Err(Verdict::Held) => thread::sleep(Duration::from_millis(LOCK_RETRY_MS)),
        }
    }
    Err(StoreError::Locked { path: directory.to_owned(), pid: None })
}

/// Makes durable what the opening itself wrote: every file, then the names.
fn sync_all(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            platform::sync_file(&entry.path())?;
        }
    }
    platform::sync_directory(&directory.join("blobs"))?;
    platform::sync_directory(directory)?;
    directory.parent().map_or(Ok(()), platform::sync_directory)
}

/// What sled calls a snapshot while it writes it, which it does while it opens.
const UNFINISHED: &str = ".generating";

/// Removes what an opening that was killed left of a snapshot: the next one would take it
/// for the newest, and then call the database damaged. Everything in it is in `db` too.
fn remove_unfinished_snapshots(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        if name.starts_with("snap.") && name.ends_with(UNFINISHED) {
            fs::remove_file(directory.join(&*name))?;
        }
    }
    Ok(())
}

/// Opens or creates the database in `directory`, which `lock` keeps other processes
/// out of for as long as the engine lives.
pub(crate) fn open(directory: &Path, cache_bytes: u64, lock: Box<dyn Send + Sync>) -> Result<SledEngine, StoreError> {
    #[cfg(target_os = "linux")]
    tracing::trace!(writes = super::synced_writes::count(), "opening sled");
    remove_unfinished_snapshots(directory)
        .map_err(|error| failed(directory, format!("{error}; check its permissions and the space on its disk")))?;
    let db = start_patiently(directory, cache_bytes)?;
    let file = directory.join("db");
    let synced = sync_all(directory).and_then(|()| File::options().write(true).open(&file));
    let db_file = synced.map_err(|error| failed(directory, format!("its files cannot be synced: {error}")))?;
    Ok(SledEngine { db, file, db_file, _lock: lock })
}
