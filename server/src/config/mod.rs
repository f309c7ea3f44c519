//! Configuration: defaults, then one TOML file, then `RILL_*`, then flags. Every value
//! remembers where it came from, and every error says where it stands and what to do.
//!
//! `keys` is the table of all keys; the rest derives from it.

mod accounts;
mod blobs;
mod check;
mod cli;
mod emoji;
mod error;
mod file;
mod files;
mod keys;
mod kind;
mod layers;
mod limits;
mod redis;
mod sections;
mod show;

pub use accounts::{Accounts, Registration};
pub use blobs::Blobs;
pub use cli::{Cli, Command, ConfigArgs, ServeArgs};
pub use emoji::{Emoji, MayAdd};
pub use error::ConfigError;
pub use files::Files;
pub use layers::Source;
pub use limits::Limits;
pub use redis::Redis;
pub use sections::{Backend, Http, Https, Log, LogFormat, MetricsAccess, Quic, Secret, Storage};

use layers::Layers;
use rill_storage::blobs::BlobPlace;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// A configuration that can be run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Directory of everything durable.
    pub data: PathBuf,
    /// Told where the server listens, once it does.
    pub ready_file: Option<PathBuf>,
    /// The well-known accounts exist; loopback only.
    pub demo: bool,
    pub http: Http,
    pub https: Https,
    pub quic: Quic,
    pub storage: Storage,
    pub redis: Redis,
    pub blobs: Blobs,
    pub files: Files,
    pub emoji: Emoji,
    pub accounts: Accounts,
    pub limits: Limits,
    pub log: Log,
    pub metrics: MetricsAccess,
}

impl Config {
    /// Where files lie: a place of this server's own serves, unless others are to find them there.
    pub(crate) fn file_place(&self) -> Option<BlobPlace> {
        match self.blobs.place() {
            Ok(Some(place)) => Some(place),
            Ok(None) if self.storage.backend == Backend::Embedded => Some(BlobPlace::Folder(self.data.join("blobs"))),
            _ => None,
        }
    }

    fn serves_files_nowhere(&self) -> bool {
        self.files.enabled && self.storage.backend == Backend::Redis && self.file_place().is_none()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data: "data".into(),
            ready_file: None,
            demo: false,
            http: Http::default(),
            https: Https::default(),
            quic: Quic::default(),
            storage: Storage::default(),
            redis: Redis::default(),
            blobs: Blobs::default(),
            files: Files::default(),
            emoji: Emoji::default(),
            accounts: Accounts::default(),
            limits: Limits::default(),
            log: Log::default(),
            metrics: MetricsAccess::default(),
        }
    }
}

/// A configuration, where its values came from, and what is odd about them.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    /// For the log.
    pub warnings: Vec<String>,
    layers: Layers,
}

impl Loaded {
    /// Where the value of a key came from.
    pub fn source(&self, path: &str) -> Source {
        self.layers.source(path)
    }

    /// What `rill config` prints.
    pub fn show(&self) -> String {
        show::show(self)
    }
}
