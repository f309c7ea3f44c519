//! Whose data lies under a prefix: the record that makes it a store, in the one key
//! `<prefix>meta`, and the data directory's memory of it.
//!
//! A node that has served one community never writes into another's, nor begins an empty
//! one where its own has been before: both are a wrong address, a wrong prefix, or a Redis
//! that has lost everything.

use redis::{RedisResult, cmd};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt, fs, io,
    path::{Path, PathBuf},
};

use super::{
    connect::Connection,
    error::{self, Cause},
};
use crate::{
    StoreError,
    embedded::{Entropy, birth::DATA_VERSION, keys, stored::Meta},
    platform,
    record::{self, KeyRing},
};

/// The shape of the keys. A change that this program could not read gets the next number.
pub(super) const FORMAT: u32 = 1;

const FILE: &str = "redis.json";

/// Which community: a hash of its secret, which says nothing of it. A copy has the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Community(String);

impl Community {
    /// Of the one with this secret.
    pub fn of(secret: &[u8; 32]) -> Self {
        let hash = blake3::keyed_hash(secret, b"rill community");
        Self(hash.to_hex().as_str()[..32].to_owned())
    }
}

impl fmt::Display for Community {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a prefix holds.
pub(super) enum Found {
    Store {
        secret: [u8; 32],
    },
    Empty,
    Unfit(String),
    /// A copy into it was begun and has not ended.
    Half(Half),
}

/// A copy that has not ended, in its own words.
#[derive(Clone, Debug, Default)]
pub(super) struct Half {
    /// What is copied.
    pub(super) copying: String,
    /// How far it is; nothing at its beginning.
    pub(super) copied: Option<String>,
}

/// The key of it all.
pub(super) fn meta_key(prefix: &str) -> String {
    format!("{prefix}meta")
}

fn open(sealed: &[u8]) -> Result<Meta, StoreError> {
    let key = keys::meta();
    record::open(&KeyRing, key.table, &key.bytes, sealed)
}

/// The record as it stands in Redis.
pub(super) fn seal(secret: [u8; 32]) -> Result<Vec<u8>, StoreError> {
    let key = keys::meta();
    record::seal(&KeyRing, key.table, &key.bytes, &Meta { data_version: DATA_VERSION, secret })
}

/// Fields of a copy that has not ended.
pub(super) const COPYING: &str = "copying";
pub(super) const COPIED: &str = "copied";

pub(super) async fn find(connection: &mut Connection, prefix: &str) -> RedisResult<Found> {
    let key = meta_key(prefix);
    let asked = cmd("HGETALL").arg(&key).query_async(connection).await;
    let fields: BTreeMap<String, Vec<u8>> = match asked {
        Ok(fields) => fields,
        Err(error) if error::cause(&error) == Cause::WrongType => {
            return Ok(Found::Unfit(format!(
                "its key {key} is somebody else's and no hash: choose another redis.prefix"
            )));
        }
        Err(error) => return Err(error),
    };
    if fields.is_empty() {
        return Ok(Found::Empty);
    }
    let text = |name: &str| fields.get(name).map(|value| String::from_utf8_lossy(value).into_owned());
    let Some(format) = text("format").and_then(|format| format.parse::<u32>().ok()) else {
        return Ok(Found::Unfit(format!("its key {key} is somebody else's: choose another redis.prefix")));
    };
    if format > FORMAT {
        return Ok(Found::Unfit(format!(
            "the data under {prefix} has format {format} and this server reads up to format {FORMAT}: use a newer server"
        )));
    }
    if let Some(copying) = text(COPYING) {
        return Ok(Found::Half(Half { copying, copied: text(COPIED) }));
    }
    let meta = match fields.get("store").map(|sealed| open(sealed)) {
        Some(Ok(meta)) => meta,
        Some(Err(error)) => return Ok(Found::Unfit(format!("its key {key} is damaged: {error}"))),
        None => return Ok(Found::Unfit(format!("its key {key} has lost what it held: restore Redis from its backup"))),
    };
    if meta.data_version > DATA_VERSION {
        return Ok(Found::Unfit(format!(
            "the data under {prefix} has version {} and this server reads up to version {DATA_VERSION}: use a newer server",
            meta.data_version
        )));
    }
    Ok(Found::Store { secret: meta.secret })
}

/// In one step, so that nobody sees half of it.
const BEGIN: &str = "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end \
    redis.call('HSET', KEYS[1], 'format', ARGV[1], 'store', ARGV[2]) return 1";

/// Begins a community, unless another node was faster: then `find` finds its.
pub(super) async fn create(connection: &mut Connection, prefix: &str, sealed: &[u8]) -> RedisResult<()> {
    cmd("EVAL").arg(BEGIN).arg(1).arg(meta_key(prefix)).arg(FORMAT).arg(sealed).query_async(connection).await
}

const BEGIN_COPY: &str = "if redis.call('EXISTS', KEYS[1]) == 1 then return 0 end \
    redis.call('HSET', KEYS[1], 'format', ARGV[1], 'copying', ARGV[2]) return 1";
const END_COPY: &str = "if redis.call('HGET', KEYS[1], 'copying') ~= ARGV[1] then return 0 end \
    redis.call('HSET', KEYS[1], 'store', ARGV[2]) redis.call('HDEL', KEYS[1], 'copying', 'copied') return 1";

/// Notes that a copy is under way, which no server takes for a store; `false` if something
/// is there.
pub(super) async fn begin_copy(connection: &mut Connection, prefix: &str, copying: &str) -> RedisResult<bool> {
    cmd("EVAL").arg(BEGIN_COPY).arg(1).arg(meta_key(prefix)).arg(FORMAT).arg(copying).query_async(connection).await
}

/// Makes it a store; `false` if it is not that copy any more.
pub(super) async fn end_copy(
    connection: &mut Connection,
    prefix: &str,
    copying: &str,
    sealed: &[u8],
) -> RedisResult<bool> {
    cmd("EVAL").arg(END_COPY).arg(1).arg(meta_key(prefix)).arg(copying).arg(sealed).query_async(connection).await
}

/// The record of a community that nobody has heard of.
pub(super) fn fresh(entropy: &Entropy) -> Result<Vec<u8>, StoreError> {
    let mut secret = [0; 32];
    entropy(&mut secret);
    seal(secret)
}

/// The data directory's memory.
#[derive(Serialize, Deserialize)]
struct Remembered {
    community: Community,
}

fn path(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

fn unreadable(path: &Path, error: impl fmt::Display) -> StoreError {
    StoreError::Open { path: path.to_owned(), detail: error.to_string() }
}

/// What this directory has served, if it has.
pub(super) fn remembered(directory: &Path) -> Result<Option<Community>, StoreError> {
    let path = path(directory);
    let read = |bytes: Vec<u8>| serde_json::from_slice(&bytes).map_err(|error| unreadable(&path, error));
    match fs::read(&path) {
        Ok(bytes) => read(bytes).map(|Remembered { community }| Some(community)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unreadable(&path, error)),
    }
}

/// Remembers it, durably.
pub(super) fn remember(directory: &Path, community: &Community) -> Result<(), StoreError> {
    let path = path(directory);
    let write = || {
        let fresh = path.with_extension("new");
        fs::write(&fresh, serde_json::to_vec(&Remembered { community: community.clone() })?)?;
        platform::sync_file(&fresh)?;
        fs::rename(&fresh, &path)?;
        platform::sync_directory(directory)
    };
    write().map_err(|error| unreadable(&path, error))
}

/// Whether this directory has served a community that lies in Redis.
pub fn is_used_with_redis(directory: &Path) -> bool {
    path(directory).is_file()
}
