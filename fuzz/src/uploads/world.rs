//! The service over a store and a bucket that outlive it, in its own time.

use bytes::Bytes;
use parking_lot::Mutex;
use rill_protocol::{ClientId, Epoch, RoomId, TransferId, UserId, message::FileVariant};
use rill_server::{
    config::{self, Registration},
    domain::{Domain, World as Around, removing::Remover, sweep::sweep, visible::visible},
    files::service::{Cursors, FileError, Files, NewUpload, Outside, Rules},
    memory::Memory,
    metrics::Metrics,
    runtime::{Clock, Entropy, Tasks},
};
use rill_storage::{
    Store,
    blobs::simulated::{Fault, Place},
    embedded::simulated::{self, Committing, Disk},
    limits::Bounds,
    model::{Anchor, Body, Erased, FileState, Message, Role, User},
};
use std::sync::{
    Arc, LazyLock,
    atomic::{AtomicU64, Ordering},
};
use tokio::{
    sync::mpsc,
    task::{AbortHandle, yield_now},
};

use super::{
    notes::Notes,
    operation::{Op, Said, Told},
    stream::{Order, Stream},
};

const STREAMS: usize = 6;
const ORDERS_MAX: usize = 8;
const CHUNK_BYTES: usize = 4_096 + 1;
/// Files of which nobody needs more: empty, less and more than a chunk, more than a part.
const SIZES: [usize; 6] = [0, 1, 65_536, 65_537, 150_000, (4 << 20) + 70_000];
/// So that somebody comes to it.
const KEPT_MIB: u32 = 9;
const MINUTE_MS: u64 = 60_000;
/// Turns in which whatever can happen without time has happened.
const REST_TURNS: usize = 500;

static CONTENTS: LazyLock<Vec<Bytes>> = LazyLock::new(|| {
    let fill = |size: &usize| (0..*size).map(|at| (at / 7 + size % 251) as u8 & 0x7F | 1).collect();
    SIZES.iter().map(fill).collect()
});

/// A time that somebody puts forward.
#[derive(Default)]
struct Watch(AtomicU64);

impl Clock for Watch {
    fn now_ms(&self) -> u64 {
        1_900_000_000_000 + self.0.load(Ordering::Relaxed)
    }
}

/// Numbers that are never the same and always the same again.
#[derive(Default)]
struct Counter(AtomicU64);

impl Entropy for Counter {
    fn fill(&self, out: &mut [u8]) {
        let number = self.0.fetch_add(1, Ordering::Relaxed);
        out.iter_mut().zip(number.to_le_bytes().into_iter().cycle()).for_each(|(out, byte)| *out = byte);
    }
}

/// A server.
struct Life {
    store: Store,
    files: Arc<Files>,
    domain: Domain,
    committing: Arc<Mutex<Option<Committing>>>,
    committer: AbortHandle,
}

pub(super) struct World {
    disk: Disk,
    pub(super) place: Place,
    watch: Arc<Watch>,
    chance: Arc<Counter>,
    tasks: Tasks,
    pub(super) notes: Arc<Notes>,
    pub(super) users: [UserId; 3],
    pub(super) rooms: [RoomId; 2],
    contents: Vec<Bytes>,
    life: Option<Life>,
    streams: Vec<Option<(mpsc::Sender<Order>, AbortHandle, u8)>>,
    cursors: Cursors,
    requests: u64,
}

/// Commits what waits, until the store is taken away.
async fn commit(committing: Arc<Mutex<Option<Committing>>>) {
    let Some(bell) = committing.lock().as_ref().map(Committing::bell) else { return };
    loop {
        bell.notified().await;
        yield_now().await;
        let mut committing = committing.lock();
        let Some(committing) = committing.as_mut() else { return };
        while committing.commit() {}
        committing.tend();
    }
}

impl World {
    pub(super) async fn new() -> Self {
        let watch = Arc::<Watch>::default();
        let of_place = watch.clone();
        let mut world = Self {
            disk: Disk::new(false),
            place: Place::new(move || of_place.now_ms()),
            watch,
            chance: Arc::default(),
            tasks: Tasks::default(),
            notes: Arc::default(),
            users: [1, 2, 3].map(|user| UserId([user; 16])),
            rooms: [RoomId::default(); 2],
            contents: Vec::new(),
            life: None,
            streams: (0..STREAMS).map(|_| None).collect(),
            cursors: Cursors::default(),
            requests: 0,
        };
        world.contents = CONTENTS.clone();
        world.start();
        let store = world.life().store.clone();
        for (user, name) in world.users.into_iter().zip(["ann", "bob", "cem"]) {
            store.roster.add(user).await.expect("a user");
            let user = User {
                id: user,
                name: name.into(),
                password_hash: String::new(),
                created_ms: 1,
                log_epoch: Epoch([7; 16]),
                role: Role::Member,
                disabled_ms: None,
            };
            store.users.create(user).await.expect("a user");
        }
        for (place, creator) in [0, 1].into_iter().enumerate() {
            let client = world.request();
            let created = world.life().domain.rooms.create(world.users[creator], client, "room").await;
            world.rooms[place] = created.expect("a room").room.id;
        }
        world.join(2, 0).await;
        world
    }

    fn life(&self) -> &Life {
        self.life.as_ref().expect("a server runs")
    }

    pub(super) fn store(&self) -> &Store {
        &self.life().store
    }

    pub(super) fn now_ms(&self) -> u64 {
        self.watch.now_ms()
    }

    fn request(&mut self) -> ClientId {
        self.requests += 1;
        ClientId([&[9; 8][..], &self.requests.to_le_bytes()].concat().try_into().expect("16 bytes"))
    }

    fn start(&mut self) {
        let chance = self.chance.clone();
        let opened = simulated::open(&self.disk, Bounds::default(), Arc::new(move |out: &mut [u8]| chance.fill(out)));
        let opened = opened.expect("a store");
        let (store, committing) = (opened.store, Arc::new(Mutex::new(Some(opened.committing))));
        let committer = self.tasks.spawn(commit(committing.clone())).abort_handle();
        let metrics = Arc::<Metrics>::default();
        let outside = Outside {
            store: store.clone(),
            blobs: self.place.blobs(),
            clock: self.watch.clone(),
            entropy: self.chance.clone(),
            tasks: self.tasks.clone(),
            metrics: metrics.clone(),
        };
        let rules = config::Files { kept_mib_per_user: KEPT_MIB, under_way_per_user: 4, ..Default::default() };
        let domain = Domain::new(Around {
            store: store.clone(),
            memory: Memory::alone(store.clone(), metrics),
            clock: self.watch.clone(),
            entropy: self.chance.clone(),
            tasks: self.tasks.clone(),
            registration: Registration::Open,
        });
        let files = Arc::new(Files::new(outside, Rules::from(&rules)));
        self.cursors = Cursors::default();
        self.life = Some(Life { store, files, domain, committing, committer });
    }

    /// What was under way goes on until nothing can without time.
    pub(super) async fn rest(&self) {
        for _ in 0..REST_TURNS {
            yield_now().await;
        }
    }

    /// Every stream ends in order.
    pub(super) async fn close_all(&mut self) {
        self.streams.iter_mut().for_each(|stream| drop(stream.take()));
        self.rest().await;
    }

    async fn restart(&mut self) {
        self.close_all().await;
        if let Some(life) = self.life.take() {
            life.committer.abort();
            let ended = life.committing.lock().take().map(Committing::end);
            assert!(ended.is_none_or(|ended| ended.is_ok()));
        }
        self.start();
    }

    async fn crash(&mut self, survive: u8) {
        if let Some(life) = self.life.take() {
            if let Some(committing) = life.committing.lock().take() {
                committing.abandon();
            }
            life.committer.abort();
        }
        for (_, task, _) in self.streams.iter_mut().filter_map(Option::take) {
            task.abort();
        }
        self.disk.cut_power(usize::from(survive), usize::from(survive));
        self.start();
    }

    pub(super) fn bucket(&self, fault: Fault) {
        self.place.set_fault(fault);
    }

    pub(super) async fn sweep(&mut self) {
        // A bucket that is away is met by the next one.
        let files = self.life().files.clone();
        drop(files.sweep(&mut self.cursors).await);
    }

    pub(super) fn later(&self, ms: u64) {
        self.watch.0.fetch_add(ms, Ordering::Relaxed);
    }

    async fn join(&mut self, user: usize, room: usize) {
        let client = self.request();
        drop(self.life().domain.rooms.join(self.users[user], client, self.rooms[room]).await);
    }

    fn order(&self, stream: u8, order: impl FnOnce(&Bytes) -> Order) {
        if let Some((orders, _, file)) = &self.streams[usize::from(stream) % STREAMS] {
            drop(orders.try_send(order(&self.contents[usize::from(*file)])));
        }
    }

    fn begin(&mut self, stream: u8, said: &Said) {
        let file = said.file % SIZES.len() as u8;
        let content = self.contents[usize::from(file)].clone();
        let digest = match said.digest {
            Told::Nothing => None,
            Told::Right => Some(*blake3::hash(&content).as_bytes()),
            Told::Wrong => Some([said.file; 32]),
        };
        let new = NewUpload {
            transfer: TransferId([said.transfer % 5 + 1; 16]),
            room: self.rooms[usize::from(said.room) % self.rooms.len()],
            client_id: ClientId([said.client % 6 + 1; 16]),
            name: if said.is_shown { "a.png" } else { "data.bin" }.into(),
            media_type: String::new(),
            size: content.len() as u64,
            text: String::new(),
            mentions: rill_storage::model::Mentions::default(),
            voice: None,
            digest,
        };
        let user = self.users[usize::from(said.user) % self.users.len()];
        let (orders, queue) = mpsc::channel(ORDERS_MAX);
        let stream_of = Stream { files: self.life().files.clone(), notes: self.notes.clone(), user, content };
        let task = self.tasks.spawn(stream_of.run(new, queue)).abort_handle();
        self.streams[usize::from(stream) % STREAMS] = Some((orders, task, file));
    }

    pub(super) async fn carry_out(&mut self, op: &Op) {
        let piece = |count: &u8| (usize::from(*count) + 1) * CHUNK_BYTES;
        match op {
            Op::Begin { stream, said } => self.begin(*stream, said),
            // A large file comes in pieces that are as large.
            Op::Chunk(stream, count) => {
                self.order(*stream, |content| Order::Chunk(piece(count) * (1 + content.len() / 1_000_000)));
            }
            Op::WrongChunk(stream, count) => self.order(*stream, |_| Order::WrongChunk(piece(count))),
            Op::TooMuch(stream) => self.order(*stream, |_| Order::TooMuch),
            Op::Progress(stream) => self.order(*stream, |_| Order::Progress),
            Op::Finish { stream, is_right } => self.order(*stream, |content| {
                Order::Finish(if *is_right { *blake3::hash(content).as_bytes() } else { [0xAB; 32] })
            }),
            Op::Cancel(stream) => self.order(*stream, |_| Order::Cancel),
            Op::Close(stream) => drop(self.streams[usize::from(*stream) % STREAMS].take()),
            Op::Drop(stream) => {
                if let Some((_, task, _)) = self.streams[usize::from(*stream) % STREAMS].take() {
                    task.abort();
                }
            }
            Op::Read { user, room, message } => {
                let (user, room) = (usize::from(*user) % self.users.len(), usize::from(*room) % self.rooms.len());
                self.read(self.users[user], self.rooms[room], usize::from(*message)).await;
            }
            Op::Join(user, room) => {
                self.join(usize::from(*user) % self.users.len(), usize::from(*room) % self.rooms.len()).await;
            }
            Op::Leave(user, room) => {
                let (user, room) = (usize::from(*user) % self.users.len(), usize::from(*room) % self.rooms.len());
                let client = self.request();
                drop(self.life().domain.rooms.leave(self.users[user], client, self.rooms[room]).await);
            }
            Op::Turns(turns) => {
                for _ in 0..*turns {
                    yield_now().await;
                }
            }
            Op::Wait(hundredths) => {
                tokio::time::sleep(std::time::Duration::from_millis(u64::from(*hundredths) * 10)).await;
            }
            Op::Sweep => self.sweep().await,
            Op::Later(long) => self.later(long.ms()),
            Op::Restart => self.restart().await,
            Op::Crash(survive) => self.crash(*survive).await,
            Op::BucketAway(is_heard) => {
                self.bucket(if *is_heard { Fault::LosesAnswers } else { Fault::Refuses });
            }
            Op::BucketBack => self.bucket(Fault::None),
            Op::Remove { room, message } => {
                let room = self.rooms[usize::from(*room) % self.rooms.len()];
                self.remove(room, usize::from(*message)).await;
            }
        }
        yield_now().await;
    }

    /// As a session does it for its user; what cannot be done now the sweep does.
    async fn remove(&mut self, room: RoomId, number: usize) {
        let messages = self.messages(room).await;
        let Some(message) = messages.get(number % messages.len().max(1)) else { return };
        let (at, remover) = ((room, message.seq), Remover::Member(message.author, self.request()));
        let Life { store, files, domain, .. } = self.life();
        let Ok(Some(due)) = domain.messages.remove(&remover, at).await else { return };
        self.notes.removed(at);
        if let Ok(Some(Erased { author, file: Some(file) })) = store.log.erased(room, message.seq).await {
            drop(files.forget(author, at, &file).await);
        }
        drop(domain.messages.removed(&due).await);
    }

    /// The messages with files of a room.
    pub(super) async fn messages(&self, room: RoomId) -> Vec<Message> {
        let page = self.store().log.messages(room, Anchor::Before(u64::MAX), 200, usize::MAX).await;
        let page = page.expect("a store that works").expect("a room");
        page.messages.into_iter().filter(|message| message.file.is_some() && message.body != Body::Erased).collect()
    }

    /// All that somebody may read of a message's file now, if that is anything.
    pub(super) async fn bytes(&self, user: UserId, room: RoomId, seq: u64) -> Result<Vec<u8>, FileError> {
        let readable = self.life().files.open(user, room, seq, FileVariant::Original).await?;
        let mut stream = readable.read(0..readable.available).await?;
        let mut bytes = Vec::new();
        while let Some(piece) = stream.next().await? {
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    async fn read(&self, user: UserId, room: RoomId, number: usize) {
        let messages = self.messages(room).await;
        let Some(message) = messages.get(number % messages.len().max(1)) else { return };
        let membership = self.store().rooms.membership(room, user).await.expect("a store that works");
        let may = membership.is_some_and(|it| it.is_active() && visible(&it, message.seq, message.seq));
        let read = self.bytes(user, room, message.seq).await;
        let file = message.file.as_ref().expect("it has a file");
        match (&file.state, &read) {
            (_, Ok(_)) if !may => panic!("{user} may not see {} and reads it", message.seq),
            (FileState::Failed { .. }, Ok(_)) => panic!("{} has failed and is read", message.seq),
            // Before it is checked nobody sees what pages show.
            (FileState::Pending, Ok(bytes)) => {
                assert!(
                    file.name != "a.png" || self.has_settled(room, message.seq).await,
                    "an image is seen unchecked"
                );
                assert!(self.notes.may_be_read((message.author, file.transfer), bytes), "nobody sent what is read");
            }
            (FileState::Complete(_), Ok(bytes)) => self.is_of(&file.state, bytes),
            (_, Err(_)) => {}
        }
    }

    async fn has_settled(&self, room: RoomId, seq: u64) -> bool {
        let messages = self.messages(room).await;
        let of = |message: &&Message| message.seq == seq;
        messages.iter().find(of).is_some_and(|it| it.file.as_ref().is_some_and(|file| file.state != FileState::Pending))
    }

    /// Bytes are those of the content that a complete message names.
    pub(super) fn is_of(&self, state: &FileState, bytes: &[u8]) {
        let FileState::Complete(complete) = state else { return };
        let digest = *blake3::hash(bytes).as_bytes();
        let key = self.store().digest("content", &[&digest, &(bytes.len() as u64).to_le_bytes()]);
        assert_eq!(key.0, complete.content.0, "other bytes than those that were finished");
    }

    pub(super) async fn end(mut self) -> Self {
        self.bucket(Fault::None);
        self.close_all().await;
        // Whoever sleeps or waits is through by then.
        tokio::time::sleep(std::time::Duration::from_millis(10 * MINUTE_MS)).await;
        self.rest().await;
        for _ in 0..4 {
            self.later(25 * 60 * MINUTE_MS);
            sweep(self.store()).await.expect("a store that works");
            self.sweep().await;
            self.rest().await;
        }
        self
    }
}
