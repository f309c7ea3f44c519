//! A server without sockets: a store in memory, a transport in memory, no limits by rate.

use rill_protocol::{Code, RoomId, Ticket};
use rill_server::{
    admission,
    config::{self, Limits, Registration},
    domain::{Domain, World as Outside, accounts::Identity},
    files::service::{self, Files, Rules},
    hub::Hub,
    memory::Memory,
    metrics::Metrics,
    runtime::{Clock, Entropy, StopSwitch, SystemClock, SystemEntropy, Tasks},
    session::{self, Live, Services},
    transport::memory,
    wire,
};
use rill_storage::{
    blobs::{BlobPlace, Blobs},
    embedded::{self, Handle, MemoryOptions},
};
use std::{sync::Arc, thread, time::Duration};
use tokio::runtime::{Builder, Runtime};

/// A turn of everybody who has something to do, and a moment for the store's thread.
const TURNS: u32 = 12;
const MOMENT: Duration = Duration::from_micros(40);
/// Such moments for a session to be gone when its connection is: seconds, on any machine.
const GONE_PATIENCE: u32 = 10_000;

pub(super) struct World {
    runtime: Runtime,
    services: Arc<Services>,
    tasks: Tasks,
    identity: Identity,
    /// One that the user is in at first, one that they are not.
    rooms: [RoomId; 2],
    _switch: StopSwitch,
    _store: Handle,
}

impl World {
    pub(super) fn new() -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let guard = runtime.enter();
        let (clock, entropy): (Arc<dyn Clock>, Arc<dyn Entropy>) = (Arc::new(SystemClock), Arc::new(SystemEntropy));
        let fill = entropy.clone();
        let options = MemoryOptions::new(Arc::new(move |out: &mut [u8]| fill.fill(out)));
        let opened = embedded::memory(options).expect("a store in memory");
        let (store, tasks) = (opened.store, Tasks::default());
        let hub = Hub::new(wire::entry::encode);
        store.log.observe(hub.clone());
        store.user_log.observe(hub.clone());
        let fanout = hub.clone();
        tasks.spawn(async move { fanout.run_fanout().await });
        let metrics = Arc::<Metrics>::default();
        let outside = Outside {
            store: store.clone(),
            memory: Memory::alone(store.clone(), metrics.clone()),
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: tasks.clone(),
            registration: Registration::Open,
        };
        outside.store.changes.observe(hub.clone());
        let switch = StopSwitch::new();
        let limits = Limits {
            handshakes_per_second_per_address: 0,
            requests_per_second_per_user: 0,
            streams_per_second_per_user: 0,
            receive_kib_per_second_per_user: 0,
            ..Limits::default()
        };
        let of_files = service::Outside {
            store: store.clone(),
            blobs: Blobs::open(&BlobPlace::Memory).expect("a bucket in memory"),
            clock: clock.clone(),
            entropy: entropy.clone(),
            tasks: tasks.clone(),
            metrics: metrics.clone(),
        };
        let files = Arc::new(Files::new(of_files, Rules::from(&config::Files::default())));
        let services = Arc::new(Services {
            store,
            domain: Domain::new(outside),
            hub,
            files: Some(files),
            live: Live::default(),
            clock,
            entropy,
            tasks: tasks.clone(),
            gate: Arc::new(admission::Gate::new(&limits, metrics.clone(), [0; 32])),
            metrics,
            software: "rill/fuzz".into(),
            stop: switch.stop(),
            cluster: None,
        });
        let (identity, rooms) = runtime.block_on(people(&services));
        drop(guard);
        Self { runtime, services, tasks, identity, rooms, _switch: switch, _store: opened.handle }
    }

    pub(super) fn run(&self, work: impl Future<Output = ()>) {
        self.runtime.block_on(work);
    }

    pub(super) fn room(&self, number: u8) -> RoomId {
        match number % 4 {
            3 => RoomId([number; 16]),
            other => self.rooms[usize::from(other % 2)],
        }
    }

    /// Good once.
    pub(super) async fn ticket(&self) -> Ticket {
        self.services.domain.accounts.issue_tickets(&self.identity, 1).await.expect("a ticket")[0]
    }

    /// A connection on which nothing was said.
    pub(super) fn connect(&self) -> memory::Client {
        let (server, client) = memory::pair(([127, 0, 0, 1], 1).into(), &self.tasks);
        self.tasks.spawn(session::run(self.services.clone(), server));
        client
    }

    /// Lets the server do what is due.
    pub(super) async fn settle(&self) {
        for _ in 0..TURNS {
            for _ in 0..TURNS {
                tokio::task::yield_now().await;
            }
            thread::sleep(MOMENT);
        }
    }

    /// Whether anything is left of a session.
    fn is_empty(&self) -> bool {
        let Services { live, hub, .. } = &*self.services;
        live.count() == 0
            && !hub.presence.is_online(self.identity.user)
            && self.rooms.iter().all(|room| hub.room(*room).is_none())
    }

    /// Ends the connection and waits until nothing is left of it.
    pub(super) async fn forget(&self, client: memory::Client) {
        client.close(Code::Normal, "");
        drop(client);
        for _ in 0..GONE_PATIENCE {
            if self.is_empty() {
                return;
            }
            self.settle().await;
        }
        panic!("something is left of a session that is over");
    }
}

async fn people(services: &Services) -> (Identity, [RoomId; 2]) {
    let mut rooms = Vec::new();
    let mut identity = None;
    for name in ["other", "fuzzed"] {
        let login = services.domain.accounts.register(name, "a rarely guessed phrase 7151", None, "fuzz").await;
        let login = login.expect("an account");
        let client = rill_protocol::ClientId([1; 16]);
        rooms.push(services.domain.rooms.create(login.user.id, client, name).await.expect("a room").room.id);
        identity =
            Some(Identity { user: login.user.id, administrator: false, name: login.user.name, session: login.session });
    }
    (identity.expect("two accounts"), [rooms[1], rooms[0]])
}
