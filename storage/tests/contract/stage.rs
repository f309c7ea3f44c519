//! A fresh store for a scenario, and the values that scenarios are played with.

use rill_protocol::{ClientId, Epoch, RoomId, SessionId, UserId};
use rill_storage::{
    EngineKind, Store, StoreError,
    embedded::{self, Entropy, MemoryOptions, OpenOptions, OpenStore, Statistics, Stopwatch, Swept},
    limits::Bounds,
    model::{Appended, Change, Digest, Mentions, NewEntry, NewRoom, Role, RoomSetup, User},
    port::AppendRefused,
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering::Relaxed},
};
use tempfile::TempDir;

/// Which store plays.
#[derive(Clone, Copy)]
pub(crate) enum Kind {
    Memory,
    Sled,
    Fjall,
    /// One server.
    Redis,
    /// Three nodes.
    RedisCluster,
}

/// The owner's end of whatever store it is.
pub(crate) enum Handle {
    Embedded(embedded::Handle),
    #[cfg(unix)]
    Redis(rill_storage::redis::Handle),
}

/// An open store that ends with the scenario.
pub(crate) struct Stage {
    pub(crate) store: Store,
    pub(crate) handle: Handle,
    _directory: Option<TempDir>,
}

/// Bytes that never repeat and are the same in every run.
pub(crate) fn entropy() -> Entropy {
    let count = AtomicU64::new(0);
    Arc::new(move |bytes: &mut [u8]| {
        let seed = blake3::hash(&count.fetch_add(1, Relaxed).to_le_bytes());
        bytes.iter_mut().zip(seed.as_bytes().iter().cycle()).for_each(|(byte, random)| *byte = *random);
    })
}

fn on_disk(engine: EngineKind, bounds: Bounds) -> (Result<OpenStore, StoreError>, Option<TempDir>) {
    let directory = tempfile::tempdir().unwrap();
    let options = OpenOptions::new(directory.path().join("data"), entropy());
    (embedded::open(OpenOptions { engine: Some(engine), bounds, ..options }), Some(directory))
}

impl Kind {
    pub(crate) fn open(self) -> Stage {
        self.open_with(Bounds::default())
    }

    /// Whether request keys are forgotten by themselves, and no sweep sees them.
    pub(crate) fn forgets_by_itself(self) -> bool {
        matches!(self, Self::Redis | Self::RedisCluster)
    }

    pub(crate) fn open_with(self, bounds: Bounds) -> Stage {
        let (opened, directory) = match self {
            #[cfg(unix)]
            Self::Redis | Self::RedisCluster => {
                let addresses = crate::redis_server::addresses(matches!(self, Self::RedisCluster));
                let opened = now(crate::redis_server::open(addresses, bounds));
                let handle = Handle::Redis(opened.handle);
                return Stage { store: opened.store, handle, _directory: None };
            }
            #[cfg(not(unix))]
            Self::Redis | Self::RedisCluster => panic!("no redis-server is started here"),
            Self::Memory => (embedded::memory(MemoryOptions { bounds, ..MemoryOptions::new(entropy()) }), None),
            Self::Sled => on_disk(EngineKind::Sled, bounds),
            Self::Fjall => on_disk(EngineKind::Fjall, bounds),
        };
        let opened = opened.unwrap();
        Stage { store: opened.store, handle: Handle::Embedded(opened.handle), _directory: directory }
    }
}

/// Waits where no `await` can stand.
pub(crate) fn now<T>(future: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(future))
}

impl Handle {
    pub(crate) fn close(&self) -> Result<(), StoreError> {
        match self {
            Self::Embedded(handle) => handle.close(),
            #[cfg(unix)]
            Self::Redis(handle) => {
                now(handle.close());
                Ok(())
            }
        }
    }

    pub(crate) fn statistics(&self) -> Statistics {
        match self {
            Self::Embedded(handle) => handle.statistics(),
            #[cfg(unix)]
            Self::Redis(handle) => handle.statistics(),
        }
    }

    pub(crate) fn measure_waits(&self, stopwatch: Stopwatch) {
        match self {
            Self::Embedded(handle) => handle.measure_waits(stopwatch),
            #[cfg(unix)]
            Self::Redis(handle) => handle.measure_waits(stopwatch),
        }
    }

    pub(crate) async fn sweep(&self, now_ms: u64) -> Result<Swept, StoreError> {
        match self {
            Self::Embedded(handle) => handle.sweep(now_ms).await,
            #[cfg(unix)]
            Self::Redis(handle) => handle.sweep(now_ms).await,
        }
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        // Before its directory goes.
        self.handle.close().unwrap();
    }
}

/// A test per store of every scenario named.
macro_rules! contract {
    ($($scenario:ident)*) => {
        mod memory {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::stage::Kind::Memory).await;
            })*
        }

        mod sled {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::stage::Kind::Sled).await;
            })*
        }

        mod fjall {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::stage::Kind::Fjall).await;
            })*
        }

        #[cfg(unix)]
        mod redis {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::stage::Kind::Redis).await;
            })*
        }

        #[cfg(unix)]
        mod redis_cluster {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $scenario() {
                super::$scenario(crate::stage::Kind::RedisCluster).await;
            })*
        }
    };
}
pub(crate) use contract;

/// Sixteen bytes that say a number.
fn numbered(kind: u8, number: u64) -> [u8; 16] {
    let mut id = [kind; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    id
}

pub(crate) fn user(number: u64) -> UserId {
    UserId(numbered(1, number))
}

pub(crate) fn room(number: u64) -> RoomId {
    RoomId(numbered(2, number))
}

pub(crate) fn client(number: u64) -> ClientId {
    ClientId(numbered(3, number))
}

pub(crate) fn session(number: u64) -> SessionId {
    SessionId(numbered(4, number))
}

pub(crate) fn epoch(number: u64) -> Epoch {
    Epoch(numbered(5, number))
}

pub(crate) fn digest(content: &str) -> Digest {
    Digest(*blake3::hash(content.as_bytes()).as_bytes())
}

pub(crate) const START_MS: u64 = 1_700_000_000_000;
pub(crate) const DAY_MS: u64 = 86_400_000;

pub(crate) fn account(number: u64) -> User {
    User {
        id: user(number),
        name: format!("user{number}"),
        password_hash: "$argon2id$".into(),
        created_ms: START_MS,
        log_epoch: epoch(number),
        role: Role::Member,
        disabled_ms: None,
    }
}

/// Room `number` made by user 1, under client ids that no scenario uses.
pub(crate) fn new_room(number: u64) -> NewRoom {
    NewRoom {
        id: room(number),
        name: format!("房间 {number}"),
        creator: user(1),
        client_id: client(1_000_000 + number),
        at_ms: START_MS,
        epoch: epoch(100 + number),
        digest: digest("create"),
        setup: RoomSetup::default(),
    }
}

pub(crate) fn change(author: u64, client_number: u64, change: Change) -> NewEntry {
    let content = match &change {
        Change::Post(text) => text.to_string(),
        Change::Join => "join".into(),
        Change::Leave => "leave".into(),
        other => format!("{other:?}"),
    };
    NewEntry {
        author: user(author),
        client_id: client(client_number),
        at_ms: START_MS,
        digest: digest(&content),
        change,
        mentions: Mentions::default(),
    }
}

pub(crate) fn post(author: u64, client_number: u64, text: &str) -> NewEntry {
    change(author, client_number, Change::Post(text.into()))
}

impl Stage {
    /// An append that must not fail.
    pub(crate) async fn append(&self, number: u64, entry: NewEntry) -> Result<Appended, AppendRefused> {
        self.store.log.append(room(number), entry).await.unwrap()
    }

    /// An append that must be made.
    pub(crate) async fn appended(&self, number: u64, entry: NewEntry) -> Appended {
        self.append(number, entry).await.unwrap()
    }

    pub(crate) async fn make_room(&self, number: u64) -> Appended {
        self.store.rooms.create(new_room(number)).await.unwrap()
    }
}
