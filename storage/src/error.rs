//! Why a store could not do what it was asked.

use std::path::PathBuf;
use thiserror::Error;

use crate::blobs::BlobName;

/// A failure of the store itself. What a caller may not do is not an error of the
/// store but an answer of the port (see [`crate::port::log::AppendRefused`]).
#[derive(Debug, Error, Clone)]
#[non_exhaustive]
pub enum StoreError {
    /// The committer's queue is full: nothing was written, the same call may be repeated.
    #[error("the store's queue is full; repeat the call under the same client id")]
    Busy,
    /// The disk, or the memory that Redis may use, has no room left: nothing was written,
    /// reads go on, and writes do once there is space again.
    #[error(
        "the store has no room left: make space on its disk, or raise the maxmemory of its Redis, and repeat the call under the same client id"
    )]
    Full,
    /// The server that is to hold the store is none for it, and stays so until somebody
    /// changes it.
    #[error("{address} cannot hold this store: {detail}")]
    Unfit {
        /// Without its password.
        address: String,
        /// What is wrong and what helps.
        detail: String,
    },
    /// The engine failed while reading or writing; a write is not visible.
    #[error("the store's engine failed: {0}")]
    Engine(String),
    /// Redis did not answer in time, lost the connection, or cannot be used now; the text
    /// names it. A write may have happened: the same call under the same client id finds out.
    #[error("{0}; repeat the call under the same client id")]
    Unreachable(String),
    /// A record's checksum, format or content is wrong.
    #[error("a record of table {table} is damaged ({detail}); restore the store from a backup")]
    Damaged {
        /// The table's name.
        table: &'static str,
        /// What is wrong with it.
        detail: String,
    },
    /// Another process has the data directory open.
    #[error("the data directory {path} is in use by another process{}; stop it or choose another directory", .pid.map(|p| format!(" (process {p})")).unwrap_or_default())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// The process that wrote its id into the lock file.
        pid: Option<u32>,
    },
    /// The data directory cannot be used at all.
    #[error("the data directory {path} cannot be opened: {detail}")]
    Open {
        /// The directory or the file in it.
        path: PathBuf,
        /// What is wrong and what helps.
        detail: String,
    },
    /// A backup cannot be made or read.
    #[error("{0}")]
    Backup(String),
    /// What lies beside the rows cannot be read or written.
    #[error("{0}")]
    Blobs(String),
    /// There is no such blob, though a row names it.
    #[error("the blob {name} is missing; restore the blobs from a backup, or send the file again")]
    BlobMissing { name: BlobName },
    /// A blob is not what was written.
    #[error("the blob {name} is damaged ({detail}); restore it from a backup, or send the file again")]
    BlobDamaged { name: BlobName, detail: String },
    /// Somebody else is writing this blob.
    #[error("the blob {name} is being written by somebody else; try again when they have stopped")]
    BlobInUse { name: BlobName },
    /// Bytes that a blob has not, or not yet.
    #[error("the blob {name} has {bytes} bytes, and {until} were asked of it; ask for what there is")]
    BlobBounds { name: BlobName, bytes: u64, until: u64 },
    /// The store is shutting down.
    #[error("the store is closed")]
    Closed,
}
