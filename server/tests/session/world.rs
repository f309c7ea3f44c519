//! A server without sockets: memory store, memory transport.

use rill_protocol::{AttemptId, RoomId, Ticket};
use rill_server::{
    admission,
    cluster::Cluster,
    config::{Limits, Registration},
    domain::{Domain, World as Outside, accounts::Identity},
    hub::Hub,
    memory::Memory,
    metrics::Metrics,
    runtime::{Clock, Entropy, StopSwitch, SystemClock, SystemEntropy, Tasks},
    session::{self, Live, Services},
    transport::memory,
    wire,
};
use rill_storage::{
    Store,
    embedded::{self, Handle, MemoryOptions, OpenStore},
    model::Role,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
        mpsc,
    },
    time::Duration,
};

use crate::{
    gated::{Gate, Gated},
    meddled::{Hooks, meddled},
    peer::Peer,
};

pub(crate) struct World {
    pub(crate) services: Arc<Services>,
    pub(crate) switch: StopSwitch,
    pub(crate) hooks: Arc<Hooks>,
    tasks: Tasks,
    _store: Option<Handle>,
    attempts: AtomicU8,
}

/// Somebody who is logged in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) identity: Identity,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(Limits::default())
    }

    pub(crate) fn with(limits: Limits) -> Self {
        Self::made(limits, Arc::new(SystemClock))
    }

    pub(crate) fn by(clock: Arc<dyn Clock>) -> Self {
        Self::made(Limits::default(), clock)
    }

    fn made(limits: Limits, clock: Arc<dyn Clock>) -> Self {
        let opened = memory_store();
        Self::over(opened.store, Some(opened.handle), limits, clock, |_, _, _, _| None)
    }

    /// A server over a store, which may be one of several nodes.
    pub(crate) fn over(
        store: Store,
        handle: Option<Handle>,
        limits: Limits,
        clock: Arc<dyn Clock>,
        join: impl FnOnce(&Arc<Hub>, &Store, Arc<Live>, &Arc<Metrics>) -> Option<Arc<Cluster>>,
    ) -> Self {
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let hooks = Arc::new(Hooks::default());
        let store = meddled(store, hooks.clone());
        let tasks = Tasks::default();
        let metrics = Arc::<Metrics>::default();
        let hub = Hub::new(wire::entry::encode);
        let live = Live::default();
        let cluster = join(&hub, &store, Arc::new(live.clone()), &metrics);
        if let Some(cluster) = cluster.clone() {
            tasks.spawn(async move { cluster.run().await });
        }
        store.log.observe(hub.clone());
        store.marks.observe(hub.clone());
        store.user_log.observe(hub.clone());
        let fanout = hub.clone();
        tasks.spawn(async move { fanout.run_fanout().await });
        let crowds = hub.clone();
        tasks.spawn(async move { crowds.run_crowds().await });
        let switch = StopSwitch::new();
        let outside = Outside {
            store: store.clone(),
            memory: match &cluster {
                Some(cluster) => cluster.memory(),
                None => Memory::alone(store.clone(), metrics.clone()),
            },
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: tasks.clone(),
            registration: Registration::Open,
        };
        outside.store.changes.observe(hub.clone());
        let services = Arc::new(Services {
            store,
            domain: Domain::new(outside),
            hub,
            live,
            clock,
            entropy,
            tasks: tasks.clone(),
            gate: Arc::new(admission::Gate::new(&limits, metrics.clone(), [0; 32])),
            metrics,
            software: "rill/test".into(),
            stop: switch.stop(),
            files: None,
            cluster,
        });
        Self { services, switch, hooks, tasks, _store: handle, attempts: AtomicU8::new(1) }
    }

    pub(crate) fn store(&self) -> &Store {
        &self.services.store
    }

    /// The page of the metrics.
    pub(crate) fn metrics(&self) -> String {
        self.services.metrics.page(&Default::default(), 0)
    }

    pub(crate) async fn person(&self, name: &str) -> Person {
        let login = self.services.domain.accounts.register(name, "correct horse", None, "test").await.unwrap();
        Person {
            identity: Identity {
                user: login.user.id,
                administrator: login.user.role == Role::Administrator,
                name: login.user.name,
                session: login.session,
            },
        }
    }

    pub(crate) async fn ticket(&self, person: &Person) -> Ticket {
        self.services.domain.accounts.issue_tickets(&person.identity, 1).await.unwrap()[0]
    }

    pub(crate) fn attempt(&self) -> AttemptId {
        AttemptId([self.attempts.fetch_add(1, Ordering::Relaxed); 16])
    }

    /// Runs a part of the test beside the rest of it.
    pub(crate) fn run<F>(&self, part: F) -> tokio::task::JoinHandle<F::Output>
    where
        F: Future<Output: Send> + Send + 'static,
    {
        self.tasks.spawn(part)
    }

    /// A connection that has said nothing yet.
    pub(crate) fn connect(&self) -> Peer {
        let (server, client) = memory::pair("127.0.0.1:1".parse().unwrap(), &self.tasks);
        self.tasks.spawn(session::run(self.services.clone(), server));
        Peer::new(client)
    }

    /// A connection that has said nothing yet, and whose writes have to pass a gate.
    pub(crate) fn connect_through(&self, gate: &Gate) -> Peer {
        let (server, client) = memory::pair("127.0.0.1:1".parse().unwrap(), &self.tasks);
        let server = Gated { inner: server, gate: gate.clone() };
        self.tasks.spawn(session::run(self.services.clone(), server));
        Peer::new(client)
    }

    /// A connection that is attached, and whose lanes the test can hold back.
    pub(crate) async fn gated(&self, person: &Person) -> (Peer, Gate) {
        let gate = Gate::new();
        let mut peer = self.connect_through(&gate);
        peer.hello(self.ticket(person).await, self.attempt()).await.unwrap();
        peer.attach().await;
        (peer, gate)
    }

    /// A connection that is attached, with both lanes open.
    pub(crate) async fn attached(&self, person: &Person) -> Peer {
        let mut peer = self.connect();
        peer.hello(self.ticket(person).await, self.attempt()).await.unwrap();
        peer.attach().await;
        peer
    }

    pub(crate) async fn room(&self, person: &Person, name: &str) -> RoomId {
        let key = rill_protocol::ClientId(SystemEntropyBytes::fresh());
        self.services.domain.rooms.create(person.identity.user, key, name).await.unwrap().room.id
    }

    pub(crate) async fn join(&self, person: &Person, room: RoomId) {
        let key = rill_protocol::ClientId(SystemEntropyBytes::fresh());
        self.services.domain.rooms.join(person.identity.user, key, room).await.unwrap();
    }

    pub(crate) async fn leave(&self, person: &Person, room: RoomId) {
        let key = rill_protocol::ClientId(SystemEntropyBytes::fresh());
        self.services.domain.rooms.leave(person.identity.user, key, room).await.unwrap();
    }

    pub(crate) async fn post(&self, person: &Person, room: RoomId, text: &str) -> u64 {
        let key = rill_protocol::ClientId(SystemEntropyBytes::fresh());
        self.services.domain.messages.post(person.identity.user, room, key, text).await.unwrap().entry.seq
    }
}

/// A store that ends with its handle.
pub(crate) fn memory_store() -> OpenStore {
    embedded::memory(MemoryOptions::new(Arc::new(|out: &mut [u8]| SystemEntropy.fill(out)))).unwrap()
}

/// Lets the time of timers pass. It is stopped for a moment only: while it stands, it
/// jumps as soon as everybody waits.
pub(crate) async fn later(ms: u64) {
    tokio::time::pause();
    tokio::time::advance(Duration::from_millis(ms + 1)).await;
    tokio::time::resume();
}

/// Time that stands still until this is dropped, except for what is let pass: what a limit
/// allows does not hang on how fast this machine is.
pub(crate) struct Still {
    _until_dropped: mpsc::Sender<()>,
}

impl Still {
    #[expect(clippy::disallowed_methods, reason = "of no server's, only of the runtime's clock")]
    pub(crate) fn begin() -> Self {
        tokio::time::pause();
        let (still, end) = mpsc::channel();
        // Time that is paused jumps as soon as everybody waits, but not while something
        // blocks. A test that waits for ever is let run into its own patience.
        let patience = Duration::from_secs(60);
        drop(tokio::task::spawn_blocking(move || end.recv_timeout(patience)));
        Self { _until_dropped: still }
    }

    pub(crate) async fn passes(&self, ms: u64) {
        tokio::time::advance(Duration::from_millis(ms + 1)).await;
    }
}

/// Fresh ids for requests that are made past the wire.
pub(crate) struct SystemEntropyBytes;

impl SystemEntropyBytes {
    pub(crate) fn fresh() -> [u8; 16] {
        let mut bytes = [0; 16];
        SystemEntropy.fill(&mut bytes);
        bytes
    }
}
