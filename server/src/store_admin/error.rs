//! Why a command of `rill store` was not carried out, and what helps.

use rill_storage::StoreError;
use std::{io, path::PathBuf};
use thiserror::Error;

use crate::{admin::AdminError, config::ConfigError};

/// See the module.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreAdminError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("there is no store in {0}: name the server's directory with --data, or its file with --config")]
    NoStore(PathBuf),
    #[error("a server{} runs on the data directory {path}: stop it first", .pid.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Running {
        /// The data directory.
        path: PathBuf,
        /// Of the server.
        pid: Option<u32>,
    },
    #[error("storage.backend is redis, and {0}")]
    InRedis(&'static str),
    #[error("{0}")]
    CopyTarget(&'static str),
    #[error("the work cannot be begun: {0}")]
    Runtime(io::Error),
    #[error("{path} {what}: {error}")]
    File {
        /// The file or directory.
        path: PathBuf,
        /// What was to be done with it.
        what: &'static str,
        /// The system's word.
        error: io::Error,
    },
    #[error("{0} is there already; name another file")]
    FileExists(PathBuf),
    #[error("{0}: nobody is there to ask; say --yes if it is to be done")]
    NobodyToAsk(String),
    #[error("nothing was done")]
    Declined,
    /// Of the server that was asked.
    #[error(transparent)]
    Server(#[from] AdminError),
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for StoreAdminError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Locked { path, pid } => Self::Running { path, pid },
            other => Self::Store(other),
        }
    }
}
