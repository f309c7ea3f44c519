//! What a server and `rill admin` stand on alike: time, randomness, the store, the rules.

use rill_storage::{
    Store, StoreError,
    blobs::Blobs,
    embedded::{self, LockedDirectory, OpenOptions, OpenStore, Stopwatch},
    redis,
};
use std::sync::Arc;
use tokio::{task::JoinError, time::Instant};

use super::{
    held_store::{HeldStore, SharedStore},
    redis::archive,
};
use crate::{
    admission::{Gate, Proxies},
    cluster::{Cluster, Shared, clock::AgreedClock},
    config::{Backend, Config},
    domain::{Domain, World},
    files::service,
    hub::Hub,
    memory::Memory,
    metrics::Metrics,
    runtime::{Clock, Entropy, Stop, SystemClock, SystemEntropy, Tasks},
    session::{Live, Services},
    wire,
};

/// See the module.
pub(crate) struct Foundation {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) tasks: Tasks,
}

/// A store and what closes it.
pub(crate) struct Opened {
    pub(crate) store: Store,
    pub(crate) handle: HeldStore,
}

fn stopwatch() -> Stopwatch {
    let begun = Instant::now();
    Arc::new(move || u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX))
}

impl Foundation {
    pub(crate) fn of_this_machine() -> Self {
        Self { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy), tasks: Tasks::default() }
    }

    /// Opens or makes the store, off the tasks' threads where that blocks.
    pub(crate) async fn open_store(&self, config: &Config) -> Result<Result<Opened, StoreError>, JoinError> {
        match config.storage.backend {
            Backend::Embedded => self.open_embedded(config).await,
            Backend::Redis => Ok(self.open_redis(config, |options| options).await),
        }
    }

    /// The one in Redis, with other options than a server's.
    pub(crate) async fn open_redis(
        &self,
        config: &Config,
        other: impl FnOnce(redis::RedisOptions) -> redis::RedisOptions,
    ) -> Result<Opened, StoreError> {
        let _directory = LockedDirectory::lock(&config.data)?;
        if embedded::is_store(&config.data) {
            let data = config.data.display();
            tracing::warn!(%data, "the store in the data directory is not used: storage.backend is redis");
        }
        let archive = archive(config)?;
        let options = redis::RedisOptions { archive, ..self.redis_options(&config.redis)? };
        let redis::OpenStore { store, handle } = redis::open(other(options), Some(&config.data)).await?;
        handle.measure_waits(stopwatch());
        handle.tend();
        Ok(Opened { store, handle: HeldStore::Redis(Arc::new(SharedStore { handle, _directory })) })
    }

    async fn open_embedded(&self, config: &Config) -> Result<Result<Opened, StoreError>, JoinError> {
        // An empty community beside the one that people know would take their logins for wrong.
        if redis::is_used_with_redis(&config.data) && !embedded::is_store(&config.data) {
            let detail = "its community lies in Redis, and storage.backend is embedded: set it to redis, or use another \
                          directory";
            return Ok(Err(StoreError::Open { path: config.data.clone(), detail: detail.into() }));
        }
        let entropy = self.entropy.clone();
        let options = OpenOptions::new(&config.data, Arc::new(move |out: &mut [u8]| entropy.fill(out)));
        let options = OpenOptions { engine: config.storage.engine, ..options };
        let opened = self.tasks.spawn_blocking(move || embedded::open(options)).await?;
        Ok(opened.map(|OpenStore { store, handle }| {
            handle.measure_waits(stopwatch());
            Opened { store, handle: HeldStore::Embedded(handle) }
        }))
    }

    /// The place of files, if there is one.
    pub(crate) fn open_blobs(&self, config: &Config) -> Result<Option<Blobs>, StoreError> {
        config.file_place().map(|place| Blobs::open(&place)).transpose()
    }

    /// Everything that sessions and handlers need, over a store; but files.
    pub(crate) fn services(&self, store: Store, config: &Config, stop: Stop) -> Arc<Services> {
        self.services_among(store, None, config, stop, None)
    }

    /// The same for one of several nodes.
    pub(crate) fn services_among(
        &self,
        store: Store,
        blobs: Option<Blobs>,
        config: &Config,
        stop: Stop,
        nodes: Option<(Shared, Arc<AgreedClock>)>,
    ) -> Arc<Services> {
        let Self { clock, entropy, tasks } = self;
        let hub = Hub::new(wire::entry::encode);
        let metrics = Arc::<Metrics>::default();
        let live = Live::default();
        let allowances = nodes.as_ref().and_then(|(shared, _)| shared.allowances.clone());
        let cluster = nodes.map(|(shared, clock)| {
            let logins = Arc::new(live.clone());
            Cluster::join(shared, clock, hub.clone(), store.clone(), logins, metrics.clone())
        });
        store.log.observe(hub.clone());
        store.marks.observe(hub.clone());
        store.user_log.observe(hub.clone());
        let memory = match &cluster {
            Some(cluster) => cluster.memory(),
            None => Memory::alone(store.clone(), metrics.clone()),
        };
        // Behind the memory, which has forgotten what was when the sessions look.
        store.changes.observe(hub.clone());
        let world = World {
            store: store.clone(),
            memory,
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: tasks.clone(),
            registration: config.accounts.registration,
        };
        let files = blobs.map(|blobs| {
            let outside = service::Outside {
                store: store.clone(),
                blobs,
                clock: clock.clone(),
                entropy: entropy.clone(),
                tasks: tasks.clone(),
                metrics: metrics.clone(),
            };
            Arc::new(service::Files::new(outside, service::Rules::from(&config.files).with_emoji(&config.emoji)))
        });
        let device_key = store.digest("known devices", &[]).0;
        let gate = Gate::new(&config.limits, metrics.clone(), device_key)
            .trusting(Proxies::new(config.http.trusted_proxies.clone()));
        Arc::new(Services {
            store,
            domain: Domain::new(world),
            hub,
            live,
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: tasks.clone(),
            gate: Arc::new(match allowances {
                Some(allowances) => gate.counting_with(allowances),
                None => gate,
            }),
            metrics,
            software: concat!("rill/", env!("CARGO_PKG_VERSION")).to_owned(),
            stop,
            files,
            cluster,
        })
    }
}
