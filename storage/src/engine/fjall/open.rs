//! Opening fjall behind a guard: the owner of the server must learn which files are
//! damaged and what helps.

use std::{
    io,
    panic::{AssertUnwindSafe, catch_unwind},
    path::Path,
    thread,
    time::Duration,
};

use ::fjall::{Database, Error, Keyspace, KeyspaceCreateOptions, config::CompressionPolicy};

use super::{FjallEngine, panic_text};
use crate::{
    StoreError,
    limits::{ENGINE_LOCK_WAIT_MS, FJALL_JOURNAL_BYTES_MAX, FJALL_MEMTABLE_BYTES_MAX},
    platform,
};

const KEYSPACE: &str = "rows";
const LOCK_RETRY_MS: u64 = 20;

fn failed(path: &Path, detail: impl Into<String>) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: detail.into() }
}

fn repair(path: &Path, what: &str) -> StoreError {
    failed(
        path,
        format!(
            "fjall finds it damaged ({what}); keep a copy of the directory, then restore it from a backup, or move \
             it away to begin with an empty store"
        ),
    )
}

/// The failure of a file below an error of fjall, unless it says that content is wrong.
pub(super) fn io_error(error: &Error) -> Option<&io::Error> {
    let error = match error {
        Error::Io(error) | Error::Storage(::fjall::LsmError::Io(error)) => error,
        _ => return None,
    };
    let is_content = matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::InvalidData
            | io::ErrorKind::NotFound
            | io::ErrorKind::AlreadyExists
            | io::ErrorKind::InvalidInput
    );
    (!is_content).then_some(error)
}

fn start(directory: &Path, cache_bytes: u64) -> ::fjall::Result<(Database, Keyspace)> {
    let database = Database::builder(directory)
        .cache_size(cache_bytes)
        // Two cores are what a small server has, and posts come first.
        .worker_threads(1)
        .max_journaling_size(FJALL_JOURNAL_BYTES_MAX)
        .open()?;
    let rows = database.keyspace(KEYSPACE, || {
        KeyspaceCreateOptions::default()
            .max_memtable_size(FJALL_MEMTABLE_BYTES_MAX)
            .data_block_compression_policy(CompressionPolicy::disabled())
    })?;
    Ok((database, rows))
}

fn start_patiently(directory: &Path, cache_bytes: u64) -> Result<(Database, Keyspace), StoreError> {
    for _ in 0..ENGINE_LOCK_WAIT_MS / LOCK_RETRY_MS {
        match catch_unwind(AssertUnwindSafe(|| start(directory, cache_bytes))) {
            Ok(Ok(opened)) => return Ok(opened),
            // A database that was just closed lets go of its lock a moment later.
            Ok(Err(Error::Locked)) => thread::sleep(Duration::from_millis(LOCK_RETRY_MS)),
            Ok(Err(error)) => {
                return Err(match io_error(&error) {
                    Some(error) => {
                        failed(directory, format!("{error}; check its permissions and the space on its disk"))
                    }
                    None => repair(directory, &format!("{error:?}")),
                });
            }
            Err(panic) => return Err(repair(directory, &panic_text(&*panic))),
        }
    }
    Err(StoreError::Locked { path: directory.to_owned(), pid: None })
}

/// Opens or creates the database in `directory`, which `lock` keeps other processes
/// out of for as long as the engine lives.
pub(crate) fn open(directory: &Path, cache_bytes: u64, lock: Box<dyn Send + Sync>) -> Result<FjallEngine, StoreError> {
    let (database, rows) = start_patiently(directory, cache_bytes)?;
    let engine = FjallEngine { rows, database, _lock: lock };
    let named =
        platform::sync_directory(directory).and_then(|()| directory.parent().map_or(Ok(()), platform::sync_directory));
    named.map_err(|error| failed(directory, format!("its files cannot be synced: {error}")))?;
    Ok(engine)
}
