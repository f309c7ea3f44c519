//! The configuration's Redis, as the store takes it: with what stands in files.

use rill_storage::{
    StoreError,
    blobs::Blobs,
    redis::{ArchiveOptions, RedisOptions, RedisServer, TendedLink},
};
use std::{fs, path::Path, sync::Arc};

use super::{Foundation, held_store::SYNCED};
use crate::{
    config::{Backend, Config, Redis},
    runtime::Tasks,
};

/// Longer is no password.
const PASSWORD_BYTES_MAX: u64 = 4_096;

fn unreadable(key: &str, path: &Path, error: impl std::fmt::Display) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: format!("{error}: see {key}") }
}

/// The last line break is none of it.
fn password(path: &Path) -> Result<String, StoreError> {
    let read = || {
        if fs::metadata(path)?.len() > PASSWORD_BYTES_MAX {
            return Err(std::io::Error::other("it is too long for a password"));
        }
        fs::read_to_string(path)
    };
    let text = read().map_err(|error| unreadable("redis.password_file", path, error))?;
    let password = text.trim_end_matches(['\r', '\n']);
    if password.is_empty() || password.contains('\n') {
        return Err(unreadable("redis.password_file", path, "it holds one line, the password"));
    }
    Ok(password.to_owned())
}

fn server(config: &Redis) -> Result<RedisServer, StoreError> {
    let addresses: Vec<String> = config.url.iter().map(|address| address.expose().to_owned()).collect();
    let mut server = RedisServer::parse(&addresses)
        .map_err(|error| StoreError::Unfit { address: "redis.url".into(), detail: error.to_string() })?;
    if let Some(path) = &config.password_file {
        server = server.with_password(&password(path)?);
    }
    if let Some(path) = &config.ca {
        server = server.with_authority(fs::read(path).map_err(|error| unreadable("redis.ca", path, error))?);
    }
    Ok(server)
}

/// Where old parts of logs go, and come from.
pub(crate) fn archive(config: &Config) -> Result<Option<ArchiveOptions>, StoreError> {
    let place = config.blobs.place().map_err(|(key, why)| StoreError::Blobs(format!("{key} {why}")))?;
    let keep_entries = Some(config.redis.keep_entries).filter(|keep| *keep > 0);
    place.map(|place| Ok(ArchiveOptions { blobs: Blobs::open(&place)?, keep_entries })).transpose()
}

impl Foundation {
    pub(crate) fn redis_options(&self, config: &Redis) -> Result<RedisOptions, StoreError> {
        let entropy = self.entropy.clone();
        // Of their own: they end with the store, when everything else has ended.
        let tasks = Tasks::default();
        let fill = Arc::new(move |out: &mut [u8]| entropy.fill(out));
        let options = RedisOptions::new(server(config)?, fill, Arc::new(move |task| drop(tasks.spawn(task))));
        Ok(RedisOptions {
            prefix: config.prefix.clone(),
            require_durable: config.require_durable,
            wait_replicas: config.wait_replicas,
            wait_fsync: config.wait_fsync,
            wait_timeout_ms: config.wait_timeout_ms,
            ..options
        })
    }
}

/// What an acknowledgement means by this configuration, found out by a look.
///
/// # Errors
/// The Redis cannot be reached, or is not fit.
pub async fn acknowledged(config: &Config) -> Result<String, StoreError> {
    match config.storage.backend {
        Backend::Embedded => Ok(SYNCED.to_owned()),
        Backend::Redis => {
            let options = Foundation::of_this_machine().redis_options(&config.redis)?;
            Ok(TendedLink::inspect(options).await?.durability.to_string())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_file_holds_one_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        for (text, expected) in
            [("hush", Some("hush")), ("a b \n", Some("a b ")), ("", None), ("\n", None), ("a\nb\n", None)]
        {
            fs::write(&path, text).unwrap();
            assert_eq!(password(&path).ok().as_deref(), expected, "{text:?}");
        }
        let error = password(&directory.path().join("absent")).unwrap_err().to_string();
        assert!(error.contains("redis.password_file") && error.contains("absent"), "{error}");
    }
}
