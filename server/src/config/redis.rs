//! The Redis that several servers share.

use rill_storage::{
    limits::KEEP_ENTRIES_MIN,
    redis::{DEFAULT_PREFIX, RedisServer},
};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

use super::Secret;

/// `[redis]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// One server, or nodes of one cluster.
    pub url: Vec<Secret>,
    /// Holds the password and nothing else, so that it stands in no configuration.
    pub password_file: Option<PathBuf>,
    /// PEM of the authorities that a `rediss://` server's certificate may come from, instead
    /// of the system's.
    pub ca: Option<PathBuf>,
    /// Stands before every key and channel, so that Redis may be shared.
    pub prefix: String,
    /// A Redis that may lose what was acknowledged is refused.
    pub require_durable: bool,
    /// Replicas that must have a write before it is acknowledged.
    pub wait_replicas: u32,
    /// Redis must have synced it before, and so must they.
    pub wait_fsync: bool,
    /// How long there is for both.
    pub wait_timeout_ms: u32,
    /// Newest entries of each room that stay in Redis; older ones go to the blobs. 0 keeps all.
    pub keep_entries: u64,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            url: Vec::new(),
            password_file: None,
            ca: None,
            prefix: DEFAULT_PREFIX.into(),
            require_durable: false,
            wait_replicas: 0,
            wait_fsync: false,
            wait_timeout_ms: 1_000,
            keep_entries: 0,
        }
    }
}

/// Longer is not bounded by anything else.
const WAIT_TIMEOUT_MS_MAX: u32 = 10_000;
/// A few words to tell communities apart; it stands in every key.
const PREFIX_BYTES_MAX: usize = 64;

/// What does not go together: the key, and what is wrong with it.
pub(super) type Misfit = (&'static str, String);

impl Redis {
    /// The addresses, without what stands in files.
    pub(super) fn server(&self) -> Result<RedisServer, Misfit> {
        let addresses: Vec<String> = self.url.iter().map(|address| address.expose().to_owned()).collect();
        RedisServer::parse(&addresses).map_err(|error| ("redis.url", error.to_string()))
    }

    /// Whether the keys go together, as far as that can be told without a look at the machine.
    pub(super) fn check(&self) -> Result<(), Misfit> {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b":._-".contains(&byte);
        if self.prefix.is_empty() || self.prefix.len() > PREFIX_BYTES_MAX || !self.prefix.bytes().all(fits) {
            let text = format!("has 1 to {PREFIX_BYTES_MAX} letters, digits and : . _ -");
            return Err(("redis.prefix", text));
        }
        if !(1..=WAIT_TIMEOUT_MS_MAX).contains(&self.wait_timeout_ms) {
            return Err(("redis.wait_timeout_ms", format!("is 1 to {WAIT_TIMEOUT_MS_MAX}")));
        }
        if (1..KEEP_ENTRIES_MIN).contains(&self.keep_entries) {
            return Err(("redis.keep_entries", format!("is {KEEP_ENTRIES_MIN} at least, or 0 to keep all")));
        }
        if self.url.is_empty() {
            return Ok(());
        }
        let server = self.server()?;
        if self.password_file.is_some() && server.has_password() {
            return Err(("redis.password_file", "is set, and redis.url has a password too: take one away".into()));
        }
        if self.ca.is_some() && !server.is_encrypted() {
            return Err(("redis.ca", "is set, and redis.url is not encrypted: write rediss:// there".into()));
        }
        Ok(())
    }
}
