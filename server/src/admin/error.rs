//! Why a command of `rill admin` was not carried out, and what helps.

use rill_storage::StoreError;
use std::{io, path::PathBuf};
use thiserror::Error;

use crate::config::ConfigError;

/// See the module.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum AdminError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("there is no Rill data in {0}: name the server's directory with --data, or its file with --config")]
    NoData(PathBuf),
    #[error("{path} cannot be read: {error}; run this as the user who runs the server")]
    OperatorFile {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    #[error("a server{} has the data directory {path} and does not answer at its operator's door: it starts, stops or hangs; \
             try again in a moment", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Unanswered {
        /// The data directory.
        path: PathBuf,
        /// Of the server.
        pid: Option<u32>,
    },
    #[error(transparent)]
    Store(StoreError),
    #[error("the store could not be opened: its thread panicked")]
    StoreThread,
    #[error("the server went away in the middle of it: {0}; look with `rill admin list` whether it was done")]
    Cut(String),
    #[error("{0}")]
    Refused(String),
    #[error("no password was given: {0}")]
    Password(io::Error),
    #[error("the two passwords differ")]
    PasswordsDiffer,
}
