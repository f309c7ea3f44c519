//! Why a configuration cannot be run: one line that names where it stands, the key, and
//! what to do.

use std::{io, path::PathBuf};
use thiserror::Error;

use super::layers::Source;

/// See the module.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ConfigError {
    #[error("{path} cannot be read: {error}; --config (RILL_CONFIG) names the configuration file")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's word.
        error: io::Error,
    },
    #[error("{path}, line {line}: this is not TOML: {detail}")]
    NotToml {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The parser's word.
        detail: String,
    },
    #[error("{source_}: there is no key {name}; {help}")]
    Unknown {
        /// Where it stands.
        source_: Source,
        /// The unknown path.
        name: String,
        /// The nearest known name, or where to find all of them.
        help: String,
    },
    #[error("{source_}: {key} must be {expected}, not {found}")]
    WrongValue {
        /// Where it stands.
        source_: Source,
        /// The key.
        key: String,
        /// What it takes.
        expected: String,
        /// What is there.
        found: String,
    },
    #[error("--set {0}: write --set KEY=VALUE, as --set log.format=json")]
    BadSet(String),
    /// Keys that are good alone and not together; the text says which and what to do.
    #[error("{0}")]
    Conflict(String),
}
