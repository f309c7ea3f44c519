//! What outlives every server: the disk, the people, their rooms, the time, and who
//! watches.

use parking_lot::Mutex;
use rill_protocol::{ClientId, Epoch, RoomId, SessionId, Ticket, UserId};
use rill_server::{
    cluster::local::Exchange,
    domain::accounts::Identity,
    runtime::{Clock, Entropy, Tasks},
};
use rill_storage::{
    Store, StoreError,
    blobs::simulated::{self as bucket, Place},
    embedded::{
        Entropy as StoreEntropy,
        simulated::{self, Backup, Disk, Fault, Simulated},
    },
    limits::Bounds,
    model::{Role, Session, User},
};
use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::{
    clock::Watch,
    dice::{Chance, Dice},
    freshness::Freshness,
    judge,
    mood::Mood,
    server::{Held, Server},
    shared_store::Bell,
    talks::{self, Chat},
    trace::Trace,
    weather::Weather,
    witness::Witness,
};

pub(crate) const USERS: usize = 5;
pub(crate) const ROOMS: usize = 3;

/// What there is in a life beside what is in all.
#[derive(Clone, Copy)]
pub(crate) struct Lives {
    pub(crate) pictures: bool,
    pub(crate) groups: bool,
    pub(crate) talks: bool,
}

#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    pub(crate) name: String,
}

pub(crate) struct World {
    pub(crate) disk: Disk,
    /// Where files lie, beside the disk.
    pub(crate) place: Place,
    pub(crate) mood: Arc<Mood>,
    pub(crate) watch: Arc<Watch>,
    pub(crate) chance: Arc<Chance>,
    pub(crate) witness: Witness,
    /// Of everything that no server owns.
    pub(crate) tasks: Tasks,
    pub(crate) users: Vec<Person>,
    /// Whether anybody has a picture here.
    pub(crate) has_pictures: bool,
    /// Whether anybody runs the rooms.
    pub(crate) has_groups: bool,
    pub(crate) rooms: Vec<RoomId>,
    /// The chats that there may be of two, where anybody opens one.
    pub(crate) chats: Vec<Chat>,
    /// One, or nodes on a store that they share.
    servers: Mutex<Vec<Option<Arc<Server>>>>,
    pub(crate) shared: Option<SharedStore>,
    generations: AtomicU64,
    /// What servers before this one said counts no more: the logs were put back.
    valid_from: AtomicU64,
    backup: Mutex<Option<(Backup, bucket::Copy)>>,
}

/// What nodes share. It outlives all of them.
pub(crate) struct SharedStore {
    pub(crate) store: Store,
    pub(crate) bell: Arc<Bell>,
    pub(crate) exchange: Exchange,
    pub(crate) weather: Arc<Weather>,
    pub(crate) freshness: Arc<Freshness>,
    held: Held,
    /// Which node somebody comes to.
    turns: Mutex<Dice>,
    skews: Dice,
}

impl SharedStore {
    /// How wrong the clock of a node's machine is.
    pub(crate) fn skew_ms(&self, generation: u64) -> i64 {
        let mut dice = self.skews.clone();
        for _ in 0..generation {
            dice.next();
        }
        dice.one_of(&[-3_600_000, 0, 3_600_000])
    }
}

impl World {
    /// People and rooms on an empty disk, and a server. Some are members already.
    /// With more than one node they share a store.
    pub(crate) async fn new(
        dice: &mut Dice,
        trace: Trace,
        nodes: usize,
        lives: Lives,
    ) -> Result<Arc<Self>, StoreError> {
        let names = ["ann", "bob", "cem", "dua", "eve"].into_iter().take(USERS);
        let watch = Arc::new(Watch::new());
        let of_place = watch.clone();
        let mut world = Self {
            disk: Disk::new(dice.one_in(2)),
            place: Place::new(move || of_place.now_ms()),
            mood: Arc::new(Mood::new(dice.split())),
            watch,
            chance: Arc::new(Chance(Mutex::new(dice.split()))),
            witness: Witness::new(trace),
            tasks: Tasks::default(),
            users: names.map(|name| Person { id: UserId(dice.bytes()), name: name.into() }).collect(),
            has_pictures: lives.pictures,
            has_groups: lives.groups,
            rooms: Vec::new(),
            chats: Vec::new(),
            servers: Mutex::new(vec![None; nodes]),
            shared: None,
            generations: AtomicU64::new(1),
            valid_from: AtomicU64::new(1),
            backup: Mutex::default(),
        };
        if nodes > 1 {
            let weather = Arc::new(Weather::new(dice.split()));
            let deciding = weather.clone();
            let exchange = Exchange::with(world.watch.clone(), move || deciding.fate());
            let (held, store) = Held::open(&world)?;
            let bell = Bell::hang(&store, &exchange);
            let freshness = Freshness::watch(&store);
            let (turns, skews) = (Mutex::new(dice.split()), dice.split());
            world.shared = Some(SharedStore { store, bell, exchange, weather, freshness, held, turns, skews });
        }
        world.start().await?;
        let Some(server) = world.server() else { return Err(StoreError::Closed) };
        let store = &server.services.store;
        for person in &world.users {
            store.roster.add(person.id).await?;
            let (id, name, now_ms) = (person.id, person.name.clone(), world.watch.now_ms());
            store
                .users
                .create(User {
                    id,
                    name,
                    password_hash: String::new(),
                    created_ms: now_ms,
                    log_epoch: Epoch(dice.bytes()),
                    role: Role::Member,
                    disabled_ms: None,
                })
                .await?;
        }
        let rooms = &server.services.domain.rooms;
        let refused = |error| StoreError::Engine(format!("{error}"));
        for name in ["hall", "yard", "attic"].into_iter().take(ROOMS) {
            let creator = dice.one_of(&[0, 1, 2]);
            let created = rooms.create(world.users[creator].id, ClientId(dice.bytes()), name).await.map_err(refused)?;
            let room = created.room.id;
            for (at, person) in world.users.iter().enumerate() {
                if at != creator && !dice.one_in(4) {
                    rooms.join(person.id, ClientId(dice.bytes()), room).await.map_err(refused)?;
                }
            }
            world.rooms.push(room);
        }
        if lives.talks {
            world.chats = talks::prepared(&world, store).await?;
        }
        Ok(Arc::new(world))
    }

    /// Whether people talk to each other in private here, remove messages and report them.
    pub(crate) fn has_talks(&self) -> bool {
        !self.chats.is_empty()
    }

    /// Rooms, and the chats that there may be.
    pub(crate) fn all_rooms(&self) -> impl Iterator<Item = RoomId> + '_ {
        self.rooms.iter().copied().chain(self.chats.iter().map(|chat| chat.room))
    }

    /// The chat whose room it is.
    pub(crate) fn chat(&self, room: RoomId) -> Option<&Chat> {
        self.chats.iter().find(|chat| chat.room == room)
    }

    pub(crate) fn tell(&self, line: fmt::Arguments<'_>) {
        self.witness.tell(self.watch.elapsed_ms(), line);
    }

    /// The server that runs, if one does: of several nodes any.
    pub(crate) fn server(&self) -> Option<Arc<Server>> {
        let servers = self.servers();
        let Some(shared) = &self.shared else { return servers.into_iter().next() };
        let turn = shared.turns.lock().below(servers.len() as u64) as usize;
        servers.into_iter().nth(turn)
    }

    /// All that run.
    pub(crate) fn servers(&self) -> Vec<Arc<Server>> {
        self.servers.lock().iter().flatten().cloned().collect()
    }

    /// Takes one that runs out of service.
    fn take_server(&self) -> Option<Arc<Server>> {
        let chosen = self.server()?;
        let mut servers = self.servers.lock();
        let place = servers.iter_mut().find(|place| place.as_ref().is_some_and(|one| Arc::ptr_eq(one, &chosen)));
        place.and_then(Option::take)
    }

    /// Whether a connection to that server says what still counts.
    pub(crate) fn is_valid(&self, generation: u64) -> bool {
        generation >= self.valid_from.load(Ordering::Relaxed)
    }

    pub(crate) fn store_entropy(&self) -> StoreEntropy {
        let chance = self.chance.clone();
        Arc::new(move |out: &mut [u8]| chance.fill(out))
    }

    /// Starts a server on the disk as it is; of several nodes those that do not run.
    pub(crate) async fn start(&self) -> Result<(), StoreError> {
        let places = self.servers.lock().len();
        for place in 0..places {
            if self.shared.is_some() && self.servers.lock()[place].is_some() {
                continue;
            }
            let generation = self.generations.fetch_add(1, Ordering::Relaxed);
            let server = Server::start(self, generation).await?;
            self.servers.lock()[place] = Some(Arc::new(server));
        }
        Ok(())
    }

    /// Stops every server, and the store that nodes share.
    pub(crate) async fn stop_all(&self) {
        while !self.servers().is_empty() {
            self.stop().await;
        }
        if let Some(shared) = &self.shared
            && let Err(error) = shared.held.end()
        {
            self.witness.violated(format!("the store does not end: {error}"));
        }
    }

    /// Everything is gone, whatever it did.
    pub(crate) fn abandon(&self) {
        self.servers().iter().for_each(|server| server.crash());
        if let Some(shared) = &self.shared {
            shared.held.abandon();
        }
    }

    /// Stops the server, or one of the nodes, in order. A store that failed is as good as cut off.
    pub(crate) async fn stop(&self) {
        let Some(server) = self.take_server() else { return };
        let end = server.stop().await;
        self.tell(format_args!("stopped, {}", if end.is_ok() { "clean" } else { "after a failure" }));
        if end.is_err() {
            self.disk.cut_power(usize::MAX, usize::MAX);
        }
    }

    /// A node is gone, the store that it shares stays. Without others the power goes: of what was not flushed some survives.
    pub(crate) fn crash(&self, dice: &mut Dice) {
        if let Some(server) = self.take_server() {
            server.crash();
        }
        if self.shared.is_some() {
            return;
        }
        let (batches, heads) = (dice.below(self.disk.unflushed() as u64 + 1) as usize, dice.below(8) as usize);
        self.disk.cut_power(batches, heads);
    }

    pub(crate) fn back_up(&self) {
        *self.backup.lock() = Some((self.disk.back_up(), self.place.copy()));
    }

    /// Puts the last backup back, if there is one, between two servers. What was seen so
    /// far is judged before it is gone.
    pub(crate) async fn restore(&self) -> Result<(), StoreError> {
        self.stop().await;
        let backup = self.backup.lock().clone();
        if let Some((backup, blobs)) = backup {
            judge::logs(self).await?;
            self.disk.restore(&backup);
            self.place.restore(&blobs);
            self.valid_from.store(self.generations.load(Ordering::Relaxed), Ordering::Relaxed);
            self.witness.restored(&self.heads().await?);
        }
        self.start().await
    }

    /// Where the logs end, before anybody can append to them.
    async fn heads(&self) -> Result<BTreeMap<RoomId, u64>, StoreError> {
        let Simulated { store, committing, .. } = simulated::open(&self.disk, Bounds::default(), self.store_entropy())?;
        let mut heads = BTreeMap::new();
        for room in self.all_rooms() {
            heads.insert(room, store.log.head(room).await?.map_or(0, |head| head.seq));
        }
        talks::restored(self, &store).await?;
        committing.end()?;
        Ok(heads)
    }

    /// The disk works, nothing is late, a server with a working store runs.
    pub(crate) async fn heal(&self) -> Result<(), StoreError> {
        self.mood.set(0, 0, 0);
        self.disk.set_fault(Fault::None);
        self.place.set_fault(bucket::Fault::None);
        self.watch.jump(0);
        if let Some(shared) = &self.shared {
            shared.weather.set(0, 0, 0);
            self.servers().iter().for_each(|server| server.cut(false));
        } else {
            self.stop().await;
        }
        self.start().await
    }

    /// Logs somebody in, as the API does; nothing while that cannot be.
    pub(crate) async fn login(&self, person: &Person) -> Option<Identity> {
        let server = self.server()?;
        let mut bytes = [0; 32];
        self.chance.fill(&mut bytes);
        let (store, now_ms) = (&server.services.store, self.watch.now_ms());
        let session = SessionId(bytes[..16].try_into().ok()?);
        let login = Session {
            id: session,
            user: person.id,
            token: store.digest("token", &[&bytes]),
            created_ms: now_ms,
            client: "simulated".into(),
            used_ms: now_ms,
        };
        store.sessions.create(login).await.ok()?;
        Some(Identity { user: person.id, name: person.name.clone(), session, administrator: false })
    }

    /// A ticket for the next connection, as the API issues it.
    pub(crate) async fn ticket(&self, identity: &Identity) -> Option<Ticket> {
        let server = self.server()?;
        let store = &server.services.store;
        store.sessions.get(identity.user, identity.session).await.ok()??;
        server.services.domain.accounts.issue_tickets(identity, 1).await.ok()?.pop()
    }
}
