//! Opening: the way to Redis, and the store upon it.

use parking_lot::{Mutex, RwLock};
use std::{
    path::Path,
    sync::{Arc, atomic::AtomicU64},
};
use tokio::sync::Notify;

use super::{
    archive::Archive,
    core::Core,
    layout::Layout,
    link::Link,
    memory::Slots,
    options::RedisOptions,
    recorded::Recorder,
    scripts::Scripts,
    seen::{Comparing, Seen},
    statistics::{Counters, RedisStatistics},
    substrate::Redis,
    tended::TendedLink,
};
use crate::{
    Store, StoreError,
    aggregates::Ports,
    embedded::{Observers, Statistics, Stopwatch, Swept, context::Context, statistics},
    record::KeyRing,
};

/// A store and the handle that ends it.
pub struct OpenStore {
    pub store: Store,
    pub handle: Handle,
}

/// Ends, sweeps and measures a store. Dropping it ends nothing: a store lives until it is
/// closed or the last of its ports and handles is gone.
#[derive(Clone)]
pub struct Handle {
    pub(super) core: Arc<Core>,
    link: TendedLink,
}

/// Random bytes in the name of a node.
const NODE_BYTES: usize = 6;

/// Opens the store that lies in a Redis, or begins one; `directory` remembers which it was,
/// and where its logs were seen to end.
/// Somebody must say that the link is to be looked after: see [`Handle::tend`].
///
/// # Errors
/// Redis does not come, or is not fit.
pub async fn open(options: RedisOptions, directory: Option<&Path>) -> Result<OpenStore, StoreError> {
    let (link, secret) = TendedLink::open(options, directory).await?;
    let is_sharded = link.condition().is_ok_and(|condition| condition.is_cluster && condition.has_sharded_channels);
    let seen = Arc::new(Seen::default());
    let recorder = directory.map(|directory| Recorder::start(directory, &seen)).transpose()?;
    let (store, core) = over(Arc::new(link.clone()), link.options(), is_sharded, secret, (seen, recorder));
    Ok(OpenStore { store, handle: Handle { core, link } })
}

/// The store of a community, over a way to its Redis.
pub(super) fn over(
    link: Arc<dyn Link>,
    options: &RedisOptions,
    is_sharded: bool,
    secret: [u8; 32],
    (seen, recorder): (Arc<Seen>, Option<Recorder>),
) -> (Store, Arc<Core>) {
    let mut name = [0; NODE_BYTES];
    (options.entropy)(&mut name);
    let counters = Arc::new(Counters::default());
    let core = Arc::new(Core {
        link,
        layout: Layout::new(&options.prefix),
        scripts: Scripts::new(),
        node: name.iter().map(|byte| format!("{byte:02x}")).collect(),
        publish: if is_sharded { "SPUBLISH" } else { "PUBLISH" },
        slots: Slots::new(Arc::clone(&counters)),
        context: Context { bounds: options.bounds, entropy: Arc::clone(&options.entropy), lost: Default::default() },
        ring: KeyRing,
        observers: Observers::default(),
        telling: Mutex::new(()),
        spawn: Arc::clone(&options.spawn),
        archive: options.archive.clone().map(|archive| Arc::new(Archive::new(archive, secret))),
        seen,
        recorder: Mutex::new(recorder),
        counters,
        commands: statistics::Counters::default(),
        is_open: RwLock::new(true),
        serving: AtomicU64::new(0),
        idle: Notify::new(),
    });
    let redis = Arc::new(Redis { core: Arc::clone(&core) });
    let ports = Ports::new(Arc::clone(&redis));
    let store = Store {
        users: ports.clone(),
        roster: redis.clone(),
        people: ports.clone(),
        invitations: ports.clone(),
        sessions: ports.clone(),
        endings: redis.clone(),
        rooms: ports.clone(),
        doors: ports.clone(),
        directory: redis,
        log: ports.clone(),
        user_log: ports.clone(),
        transfers: ports.clone(),
        contents: ports.clone(),
        emoji: ports.clone(),
        reports: ports.clone(),
        audit: ports.clone(),
        changes: ports.clone(),
        marks: ports,
        secret,
    };
    (store, core)
}

impl Handle {
    /// The way to Redis, for whoever else needs it.
    pub fn link(&self) -> &TendedLink {
        &self.link
    }

    /// Looks after the link from here on, and gives logs a new epoch that Redis has lost a
    /// part of.
    pub fn tend(&self) {
        if let Some(met) = self.link.met() {
            self.core.hold_against(met);
        }
        self.link.tend(Arc::new(Comparing::new(&self.core)));
    }

    /// How this node is named in the doorbells that its commits ring.
    pub fn node(&self) -> &str {
        &self.core.node
    }

    /// Waits for what is under way, and lets go of Redis. Every later call of a port is
    /// answered `Closed`. The second time it does nothing.
    pub async fn close(&self) {
        self.core.finish().await;
        self.link.close();
        drop(self.core.recorder.lock().take());
    }

    /// What was committed, in the terms of every store.
    pub fn statistics(&self) -> Statistics {
        self.core.commands.read()
    }

    /// What that took of Redis.
    pub fn redis_statistics(&self) -> RedisStatistics {
        self.core.counters.read()
    }

    /// Measures from here on how long commands wait, by the owner's clock. The first call
    /// counts.
    pub fn measure_waits(&self, stopwatch: Stopwatch) {
        let _ = self.core.commands.stopwatch.set(stopwatch);
    }

    /// Removes what has expired by `now_ms`: tickets, invitations and names of blobs that are
    /// gone. Nothing depends on it
    /// but space; once an hour, by any of the nodes, is enough.
    pub async fn sweep(&self, now_ms: u64) -> Result<Swept, StoreError> {
        self.core.ensure_open()?;
        self.core.sweep(now_ms).await
    }
}
