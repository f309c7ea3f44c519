//! What a server needs of its open store besides the ports: measured, swept, backed up,
//! closed, and asked how it is. One of two kinds.

use rill_storage::{
    StoreError,
    embedded::{self, BackupLabel, BackupManifest, Statistics},
    redis::{self, Condition, RedisStatistics},
};
use std::{io::Write, sync::Arc};

use crate::{cluster, runtime::Tasks};

/// See the module.
#[derive(Clone)]
pub enum HeldStore {
    Embedded(embedded::Handle),
    Redis(Arc<SharedStore>),
}

impl HeldStore {
    /// What this server shares with others besides the store.
    pub(crate) fn shared(&self) -> Option<cluster::Shared> {
        match self {
            Self::Embedded(_) => None,
            Self::Redis(store) => Some(cluster::redis::shared(store.handle.link(), store.handle.node())),
        }
    }
}

/// A store that other servers use too.
pub struct SharedStore {
    pub(crate) handle: redis::Handle,
    /// Of this server alone: no second one has its operator's door and its certificates.
    pub(crate) _directory: embedded::LockedDirectory,
}

/// How a store is.
#[derive(Clone, Debug, Default)]
pub struct StoreReport {
    pub statistics: Statistics,
    /// Nothing for an embedded one.
    pub redis: Option<RedisReport>,
}

/// How the way to Redis is.
#[derive(Clone, Debug)]
pub struct RedisReport {
    /// What is connected, or why nothing is.
    pub condition: Result<Condition, String>,
    pub connected: u64,
    pub lost: u64,
    pub statistics: RedisStatistics,
}

pub(super) const SYNCED: &str = "every acknowledged message is on the disk of this server";

impl StoreReport {
    /// Why nothing can be written, if so.
    pub fn trouble(&self) -> Option<String> {
        match &self.redis {
            Some(redis) => redis.condition.as_ref().err().map(|why| format!("Redis cannot be used: {why}")),
            None => self.statistics.failed.then(|| "the store refuses writes until a restart: see the log".to_owned()),
        }
    }

    /// What an acknowledgement means, where that is known.
    pub fn acknowledged(&self) -> Option<String> {
        match &self.redis {
            Some(redis) => redis.condition.as_ref().ok().map(|condition| condition.durability.to_string()),
            None => Some(SYNCED.to_owned()),
        }
    }
}

impl HeldStore {
    pub(crate) fn report(&self) -> StoreReport {
        match self {
            Self::Embedded(handle) => StoreReport { statistics: handle.statistics(), redis: None },
            Self::Redis(shared) => {
                let (handle, link) = (&shared.handle, shared.handle.link());
                let redis::Counts { connected, lost } = link.counts();
                let report =
                    RedisReport { condition: link.condition(), connected, lost, statistics: handle.redis_statistics() };
                StoreReport { statistics: handle.statistics(), redis: Some(report) }
            }
        }
    }

    /// Removes what has expired.
    pub(crate) async fn sweep(&self, now_ms: u64) -> Result<(), StoreError> {
        match self {
            Self::Embedded(handle) => handle.sweep(now_ms).await.map(drop),
            Self::Redis(shared) => shared.handle.sweep(now_ms).await.map(drop),
        }
    }

    /// Writes the state of one moment. Blocks.
    pub(crate) fn backup(&self, out: &mut dyn Write, label: BackupLabel) -> Result<BackupManifest, StoreError> {
        match self {
            Self::Embedded(handle) => handle.backup(out, label, |_| {}),
            Self::Redis(_) => Err(StoreError::Backup(NO_BACKUP.to_owned())),
        }
    }

    /// Why there are no backups of it, if so.
    pub(crate) fn no_backup(&self) -> Option<&'static str> {
        matches!(self, Self::Redis(_)).then_some(NO_BACKUP)
    }

    /// Ends it, when nobody can write any more.
    ///
    /// # Errors
    /// The failure after which it refused writes; nothing, if its thread panicked.
    pub(crate) async fn close(self, tasks: &Tasks) -> Result<(), Option<StoreError>> {
        match self {
            Self::Embedded(handle) => match tasks.spawn_blocking(move || handle.close()).await {
                Ok(closed) => closed.map_err(Some),
                Err(_) => Err(None),
            },
            Self::Redis(shared) => {
                shared.handle.close().await;
                Ok(())
            }
        }
    }
}

/// What to do instead.
pub(crate) const NO_BACKUP: &str = "a store in Redis is backed up with Redis' own files (BGSAVE, then copy the dump, or \
    copy the append-only files)";
