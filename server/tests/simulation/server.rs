//! One life of the server, from its start to its stop or its crash.

use parking_lot::Mutex;
use rill_protocol::{Code, SessionId, UserId};
use rill_server::{
    admission,
    cluster::{Cluster, Shared, clock::AgreedClock, local::LocalBus},
    config::{self, Limits, Registration},
    domain::{Domain, World as Outside, sweep::sweep},
    files::{
        image::Images,
        service::{self, Files, Rules},
    },
    hub::{Hub, rings::Rings},
    memory::Memory,
    metrics::Metrics,
    runtime::{Clock, StopSwitch, Tasks},
    session::{self, Live, Services},
    transport::{TransportKind, memory},
    wire,
};
use rill_storage::{
    Store, StoreError,
    embedded::simulated::{self, Committing},
    limits::Bounds,
};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    task::AbortHandle,
    time::{Instant, sleep, timeout},
};

use crate::{
    late::late,
    link::{Barrier, Link},
    shared_store::view,
    weather::Skewed,
    world::World,
};

/// Less than the busiest rooms say: readers fall off.
const RINGS_BYTES_MAX: usize = 24 * 1024;
/// As the server gives them when it stops.
const SESSIONS_END_MAX: Duration = Duration::from_secs(3);
const TASKS_END_MAX: Duration = Duration::from_secs(2);

pub(crate) struct Server {
    /// Which life it is.
    pub(crate) generation: u64,
    pub(crate) services: Arc<Services>,
    switch: StopSwitch,
    /// Where the store is its own.
    store: Option<Held>,
    /// Fan-out, sessions, what goes on between nodes.
    running: Mutex<Vec<AbortHandle>>,
    /// Its place among nodes, if there are others.
    pub(crate) bus: Option<Arc<LocalBus>>,
    /// When that was last taken away or given back.
    cut_at: Mutex<Option<Instant>>,
}

impl Server {
    /// Opens the store of the world's disk and serves.
    pub(crate) async fn start(world: &World, generation: u64) -> Result<Self, StoreError> {
        let (tasks, metrics) = (Tasks::default(), Arc::<Metrics>::default());
        let hub = Hub::with_rings(wire::entry::encode, Rings::new(RINGS_BYTES_MAX));
        let live = Live::default();
        let mut clock: Arc<dyn Clock> = world.watch.clone();
        let (held, store, bus, cluster) = match &world.shared {
            None => {
                let (held, store) = Held::open(world)?;
                (Some(held), late(store, world.mood.clone()), None, None)
            }
            Some(shared) => {
                let name: Arc<str> = format!("node{generation}").into();
                let store = late(view(&shared.store, &shared.bell, &name), world.mood.clone());
                let bus = Arc::new(shared.exchange.join());
                let own = Skewed { watch: world.watch.clone(), ahead_ms: shared.skew_ms(generation) };
                let agreed = AgreedClock::agree(&*bus, Arc::new(own)).await;
                clock = agreed.clone();
                let beside = Shared { node: name, bus: bus.clone(), attendance: bus.clone(), allowances: None };
                let logins = Arc::new(live.clone());
                let cluster = Cluster::join(beside, agreed, hub.clone(), store.clone(), logins, metrics.clone());
                (None, store, Some(bus), Some(cluster))
            }
        };
        store.log.observe(hub.clone());
        store.user_log.observe(hub.clone());
        let outside = Outside {
            store: store.clone(),
            memory: match &cluster {
                Some(cluster) => cluster.memory(),
                None => Memory::alone(store.clone(), metrics.clone()),
            },
            clock: clock.clone(),
            entropy: world.chance.clone(),
            tasks: tasks.clone(),
            registration: Registration::Open,
        };
        outside.store.changes.observe(hub.clone());
        if world.has_talks() && world.shared.is_none() {
            outside.store.marks.observe(hub.clone());
        }
        let switch = StopSwitch::new();
        let limits = Limits {
            handshakes_per_second_per_address: 0,
            requests_per_second_per_user: 0,
            streams_per_second_per_user: 0,
            receive_kib_per_second_per_user: 0,
            ..Limits::default()
        };
        let outside_of_files = service::Outside {
            store: store.clone(),
            blobs: world.place.blobs(),
            clock: clock.clone(),
            entropy: world.chance.clone(),
            tasks: tasks.clone(),
            metrics: metrics.clone(),
        };
        let files =
            Arc::new(Files::with_images(outside_of_files, Rules::from(&config::Files::default()), Images::in_place()));
        let services = Arc::new(Services {
            domain: Domain::new(outside),
            store,
            hub,
            live,
            clock,
            entropy: world.chance.clone(),
            tasks,
            gate: Arc::new(admission::Gate::new(&limits, metrics.clone(), [0; 32])),
            metrics,
            software: "rill/simulated".into(),
            stop: switch.stop(),
            files: Some(files.clone()),
            cluster,
        });
        let hub = services.hub.clone();
        let mut running = vec![world.tasks.spawn(async move { hub.run_fanout().await }).abort_handle()];
        running.push(world.tasks.spawn(files.keep()).abort_handle());
        if let Some(cluster) = services.cluster.clone() {
            running.push(world.tasks.spawn(async move { cluster.run().await }).abort_handle());
        }
        let server = Self {
            generation,
            services,
            switch,
            store: held,
            running: Mutex::new(running),
            bus,
            cut_at: Mutex::default(),
        };
        // As at every start, before anybody connects.
        sweep(&server.services.store).await?;
        Ok(server)
    }

    /// A connection that has said nothing yet.
    pub(crate) fn connect(&self, world: &World, kind: TransportKind, barrier: Barrier) -> memory::Client {
        let peer = SocketAddr::from(([127, 0, 0, 1], 1));
        let (server, client) = memory::pair(peer, &world.tasks);
        let link = Link::new(server, kind, barrier, world.mood.clone());
        let serving = world.tasks.spawn(session::run(self.services.clone(), link));
        let mut running = self.running.lock();
        running.retain(|task| !task.is_finished());
        running.push(serving.abort_handle());
        client
    }

    /// A task that ends with it, however it ends.
    pub(crate) fn owns(&self, task: AbortHandle) {
        self.running.lock().push(task);
    }

    /// Ends a login, and the connections of it.
    pub(crate) async fn revoke(&self, user: UserId, session: SessionId) -> bool {
        let ended = self.services.domain.accounts.end_session(user, session).await.is_ok();
        if ended {
            self.services.logins_ended(&[session], Code::SessionRevoked);
        }
        ended
    }

    /// Ends in order, as `lifecycle` does.
    pub(crate) async fn stop(&self) -> Result<(), StoreError> {
        self.switch.throw();
        let sessions_end = async {
            while self.services.live.count() > 0 {
                sleep(Duration::from_millis(10)).await;
            }
        };
        let _ = timeout(SESSIONS_END_MAX, sessions_end).await;
        if let Some(cluster) = &self.services.cluster {
            cluster.leave().await;
        }
        self.running.lock().drain(..).for_each(|task| task.abort());
        let _ = timeout(TASKS_END_MAX, self.services.tasks.idle()).await;
        self.store.as_ref().map_or(Ok(()), Held::end)
    }

    /// Is gone in the middle of everything.
    pub(crate) fn crash(&self) {
        if let Some(held) = &self.store {
            held.abandon();
        }
        self.running.lock().drain(..).for_each(|task| task.abort());
    }

    /// Takes the bus away, or gives it back.
    pub(crate) fn cut(&self, is_cut: bool) {
        if let Some(bus) = &self.bus {
            *self.cut_at.lock() = Some(Instant::now());
            bus.cut(is_cut);
        }
    }

    pub(crate) fn cut_at(&self) -> Option<Instant> {
        *self.cut_at.lock()
    }

    /// Whether anything is left of sessions that are over.
    pub(crate) fn is_empty(&self, world: &World) -> bool {
        let Services { live, hub, .. } = &*self.services;
        live.count() == 0
            && world.users.iter().all(|user| !hub.presence.is_online(user.id))
            && world.all_rooms().all(|room| hub.room(room).is_none())
    }
}

/// An open store and its committer.
pub(crate) struct Held {
    committing: Arc<Mutex<Option<Committing>>>,
    committer: AbortHandle,
}

impl Held {
    pub(crate) fn open(world: &World) -> Result<(Self, Store), StoreError> {
        let opened = simulated::open(&world.disk, Bounds::default(), world.store_entropy())?;
        let committing = Arc::new(Mutex::new(Some(opened.committing)));
        let committer = world.tasks.spawn(commit(committing.clone(), world.mood.clone())).abort_handle();
        Ok((Self { committing, committer }, opened.store))
    }

    pub(crate) fn end(&self) -> Result<(), StoreError> {
        self.committer.abort();
        let committing = self.committing.lock().take();
        committing.map_or(Ok(()), Committing::end)
    }

    pub(crate) fn abandon(&self) {
        if let Some(committing) = self.committing.lock().take() {
            committing.abandon();
        }
        self.committer.abort();
    }
}

/// Commits what waits, sometimes late, until the store is taken away.
async fn commit(committing: Arc<Mutex<Option<Committing>>>, mood: Arc<crate::mood::Mood>) {
    let Some(bell) = committing.lock().as_ref().map(Committing::bell) else { return };
    loop {
        bell.notified().await;
        mood.commit().await;
        let mut committing = committing.lock();
        let Some(committing) = committing.as_mut() else { return };
        while committing.commit() {}
        committing.tend();
    }
}
