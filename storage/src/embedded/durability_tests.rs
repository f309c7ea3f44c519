//! Acknowledged = durable = visible, played over an engine whose barrier the test
//! holds in its hand.

use parking_lot::{Condvar, Mutex};
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::SeqCst},
    },
    task::Poll,
    time::Duration,
};

use super::{
    birth,
    context::{Context, Entropy},
    open::start,
    read::Read,
    view::Durable,
    *,
};
use crate::{
    StoreError,
    engine::{Direction, Engine, Overlay, Staging, Visit, memory::MemoryEngine},
    limits::Bounds,
    model::*,
    port::LogObserver,
};

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Mood {
    Works,
    /// Barriers wait for the mood to change.
    Holds,
    /// A batch waits for that before it is written.
    HoldsBatches,
    IsFull,
    FailsToSync,
    FailsToCommit,
    FailsToRead,
}

/// An engine with a disk of changing moods under it.
pub(super) struct MoodyEngine {
    inner: Arc<dyn Engine>,
    mood: Mutex<Mood>,
    changed: Condvar,
    pub(super) batches: AtomicUsize,
    pub(super) barriers: AtomicUsize,
}

impl MoodyEngine {
    pub(super) fn set(&self, mood: Mood) {
        *self.mood.lock() = mood;
        self.changed.notify_all();
    }

    fn ensure_readable(&self) -> Result<(), StoreError> {
        match *self.mood.lock() {
            Mood::FailsToRead => Err(StoreError::Engine("the disk cannot be read".into())),
            _ => Ok(()),
        }
    }

    fn ensure_writable(&self) -> Result<(), StoreError> {
        self.batches.fetch_add(1, SeqCst);
        let mut mood = self.mood.lock();
        while *mood == Mood::HoldsBatches {
            self.changed.wait(&mut mood);
        }
        match *mood {
            Mood::IsFull => Err(StoreError::Full),
            Mood::FailsToCommit => Err(StoreError::Engine("no space left".into())),
            _ => Ok(()),
        }
    }

    fn inner(&self) -> &dyn Staging {
        self.inner.staging().expect("asked only where it is")
    }
}

impl Engine for MoodyEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.ensure_readable()?;
        self.inner.get(key)
    }

    fn scan(&self, from: &[u8], until: &[u8], way: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.ensure_readable()?;
        self.inner.scan(from, until, way, visit)
    }

    fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
        self.ensure_writable()?;
        self.inner.commit(batch)
    }

    fn barrier(&self) -> Result<(), StoreError> {
        self.barriers.fetch_add(1, SeqCst);
        let mut mood = self.mood.lock();
        while *mood == Mood::Holds {
            self.changed.wait(&mut mood);
        }
        if *mood == Mood::FailsToSync { Err(StoreError::Engine("the disk is gone".into())) } else { Ok(()) }
    }

    fn shows_early(&self) -> bool {
        self.inner.shows_early()
    }

    fn publish(&self) {
        self.inner.publish();
    }

    fn staging(&self) -> Option<&dyn Staging> {
        self.inner.staging().is_some().then_some(self)
    }

    fn settle(&self) -> Result<(), StoreError> {
        self.inner.settle()
    }
}

impl Staging for MoodyEngine {
    fn stage(&self, batch: Overlay) {
        self.inner().stage(batch);
    }

    fn look_at_staged(&self, look: &mut dyn FnMut(&Overlay)) {
        self.inner().look_at_staged(look);
    }

    fn commit_staged(&self) -> Result<(), StoreError> {
        self.ensure_writable()?;
        self.inner().commit_staged()
    }

    fn unstage(&self) {
        self.inner().unstage();
    }

    fn get_ahead(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.ensure_readable()?;
        self.inner().get_ahead(key)
    }

    fn scan_ahead(&self, range: (&[u8], &[u8]), way: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
        self.ensure_readable()?;
        self.inner().scan_ahead(range, way, visit)
    }
}

pub(super) const ROOM: RoomId = RoomId([2; 16]);
const USER: UserId = UserId([1; 16]);

fn entropy() -> Entropy {
    let count = AtomicU64::new(1);
    Arc::new(move |bytes: &mut [u8]| bytes.fill(count.fetch_add(1, SeqCst) as u8))
}

fn open() -> (OpenStore, Arc<MoodyEngine>) {
    open_over(Arc::new(MemoryEngine::new(1 << 24)))
}

pub(super) fn open_over(inner: Arc<dyn Engine>) -> (OpenStore, Arc<MoodyEngine>) {
    let engine = Arc::new(MoodyEngine {
        inner,
        mood: Mutex::new(Mood::Works),
        changed: Condvar::new(),
        batches: AtomicUsize::new(0),
        barriers: AtomicUsize::new(0),
    });
    let shared: Arc<dyn Engine> = engine.clone();
    let durable = Arc::new(Durable::new(shared.clone()));
    let secret = birth::create(&*shared, durable.ring(), &entropy()).unwrap();
    let context = Context { bounds: Bounds::default(), entropy: entropy(), lost: Default::default() };
    (start(shared, durable, context, None, secret).unwrap(), engine)
}

pub(super) fn new_room() -> NewRoom {
    NewRoom {
        id: ROOM,
        name: "room".into(),
        creator: USER,
        client_id: ClientId([0xFF; 16]),
        at_ms: 1,
        epoch: Epoch([5; 16]),
        digest: Digest([0; 32]),
        setup: RoomSetup::default(),
    }
}

pub(super) fn post(number: u8) -> NewEntry {
    NewEntry {
        author: USER,
        client_id: ClientId([number; 16]),
        at_ms: 2,
        digest: Digest([number; 32]),
        change: Change::Post("text".into()),
        mentions: Mentions::default(),
    }
}

/// Everything that a reader can see of the room.
pub(super) async fn seen(store: &crate::Store) -> (u64, Vec<u64>, Vec<u64>, u64, usize) {
    let head = store.log.head(ROOM).await.unwrap().unwrap();
    let entries = store.log.entries(ROOM, 0, 100, 1000).await.unwrap();
    let page = store.log.messages(ROOM, Anchor::Before(u64::MAX), 100, 1000).await.unwrap().unwrap();
    let membership = store.rooms.membership(ROOM, USER).await.unwrap().unwrap();
    (
        head.seq,
        entries.iter().map(|entry| entry.seq).collect(),
        page.messages.iter().map(|message| message.seq).collect(),
        membership.mark_seq,
        membership.ranges.len(),
    )
}

pub(super) fn wait_for(what: impl Fn() -> bool) {
    for _ in 0..5_000 {
        if what() {
            return;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    panic!("it did not come to that");
}

#[derive(Default)]
pub(super) struct Count(pub(super) AtomicUsize);

impl LogObserver for Count {
    fn appended(&self, _: RoomId, _: Epoch, entries: &[Arc<Entry>]) {
        self.0.fetch_add(entries.len(), SeqCst);
    }
}

#[tokio::test]
async fn nothing_is_seen_told_or_answered_before_it_is_durable() {
    let (opened, engine) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    store.log.append(ROOM, post(1)).await.unwrap().unwrap();
    let told = Arc::new(Count::default());
    store.log.observe(told.clone());

    let before = seen(store).await;
    assert_eq!(before, (3, vec![1, 2, 3], vec![1, 2, 3], 3, 1));
    engine.set(Mood::Holds);
    let barriers = engine.barriers.load(SeqCst);
    let mut append = store.log.append(ROOM, post(2));
    wait_for(|| engine.barriers.load(SeqCst) > barriers);

    // The engine has it, and shows it; the store does not.
    let key = keys::entry(ROOM, 4);
    assert!(engine.get(&key.bytes).unwrap().is_some());
    assert_eq!(seen(store).await, before);
    assert_eq!(told.0.load(SeqCst), 0);
    assert!(matches!(poll_once(&mut append).await, Poll::Pending));

    engine.set(Mood::Works);
    assert_eq!(append.await.unwrap().unwrap().entry.seq, 4);
    assert_eq!(told.0.load(SeqCst), 1);
    assert_eq!(seen(store).await, (4, vec![1, 2, 3, 4], vec![1, 2, 3, 4], 4, 1));
}

/// Polls once.
pub(super) async fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::future::poll_fn(|cx| Poll::Ready(std::pin::Pin::new(&mut *future).poll(cx))).await
}

#[tokio::test]
async fn a_removal_is_not_seen_either_before_it_is_durable() {
    let (opened, engine) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    assert_eq!(store.rooms.pending(10).await.unwrap().len(), 1);
    engine.set(Mood::Holds);
    let barriers = engine.barriers.load(SeqCst);
    let leave = store.log.append(ROOM, NewEntry { change: Change::Leave, ..post(1) });
    wait_for(|| engine.barriers.load(SeqCst) > barriers);
    assert_eq!(store.rooms.members(ROOM, None, 10).await.unwrap().len(), 1);
    assert_eq!(store.rooms.pending(10).await.unwrap().len(), 1);
    engine.set(Mood::Works);
    leave.await.unwrap().unwrap();
    assert_eq!(store.rooms.members(ROOM, None, 10).await.unwrap(), []);
    assert_eq!(store.rooms.pending(10).await.unwrap().len(), 2);
}

pub(super) async fn fails_for_good((opened, engine): (OpenStore, Arc<MoodyEngine>), mood: Mood, text: &str) {
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    let told = Arc::new(Count::default());
    store.log.observe(told.clone());
    let before = seen(store).await;

    // Held back, so that the failure meets a batch of several and a queue behind it.
    engine.set(Mood::Holds);
    let barriers = engine.barriers.load(SeqCst);
    let held = store.log.append(ROOM, post(100));
    wait_for(|| engine.barriers.load(SeqCst) > barriers);
    let waiting: Vec<_> = (1..=5).map(|number| store.log.append(ROOM, post(number))).collect();
    engine.set(mood);
    // The first batch was committed by then, and is only lost to a failing sync.
    let first = held.await;
    assert_eq!(first.is_err(), mood == Mood::FailsToSync);
    let before = match first {
        Ok(_) => (3, vec![1, 2, 3], vec![1, 2, 3], 3, 1),
        Err(_) => before,
    };
    let tellings = told.0.load(SeqCst);
    for append in waiting {
        let error = append.await.unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    }

    // The disk is well again: the store cannot know what it has.
    engine.set(Mood::Works);
    assert!(store.log.append(ROOM, post(9)).await.is_err());
    assert_eq!(seen(store).await, before);
    assert_eq!(told.0.load(SeqCst), tellings);
    let end = opened.handle.close();
    assert!(end.unwrap_err().to_string().contains(text));
}

#[tokio::test]
async fn after_a_failed_sync_writes_are_refused_and_reads_stay_durable() {
    fails_for_good(open(), Mood::FailsToSync, "the disk is gone").await;
}

#[tokio::test]
async fn after_a_failed_commit_writes_are_refused_and_reads_stay_durable() {
    fails_for_good(open(), Mood::FailsToCommit, "no space left").await;
}

#[tokio::test]
async fn a_single_append_is_one_barrier_and_does_not_wait_for_company() {
    let (opened, engine) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    for number in 1..=10 {
        let before = engine.barriers.load(SeqCst);
        store.log.append(ROOM, post(number)).await.unwrap().unwrap();
        assert_eq!(engine.barriers.load(SeqCst), before + 1);
    }
    // Reads and replays cost none.
    let before = engine.barriers.load(SeqCst);
    store.log.append(ROOM, post(1)).await.unwrap().unwrap();
    store.log.head(ROOM).await.unwrap();
    assert_eq!(engine.barriers.load(SeqCst), before);
}

#[tokio::test]
async fn what_waits_during_a_barrier_shares_the_next_one() {
    let (opened, engine) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    engine.set(Mood::Holds);
    let before = engine.barriers.load(SeqCst);
    let first = store.log.append(ROOM, post(0));
    wait_for(|| engine.barriers.load(SeqCst) > before);
    let rest: Vec<_> = (1..=100).map(|number| store.log.append(ROOM, post(number))).collect();
    engine.set(Mood::Works);
    first.await.unwrap().unwrap();
    for append in rest {
        append.await.unwrap().unwrap();
    }
    assert_eq!(engine.barriers.load(SeqCst), before + 2);
}

#[tokio::test]
async fn a_command_that_fails_or_panics_leaves_nothing_and_its_neighbours_alone() {
    let (opened, engine) = open();
    opened.store.rooms.create(new_room()).await.unwrap();
    let durable = Arc::new(Durable::new(engine.clone() as Arc<dyn Engine>));
    let context = Context { bounds: Bounds::default(), entropy: entropy(), lost: Default::default() };
    let mut tx = Tx::new(&context, durable.ring(), &*engine);
    let place = |created_ms| stored::Place { created_ms };
    tx.run(|tx| tx.put(keys::place(ROOM), &place(1))).unwrap();
    let bytes = tx.bytes();

    let failed: Result<(), _> = tx.run(|tx| {
        tx.put(keys::place(ROOM), &place(2))?;
        tx.delete(keys::room(ROOM))?;
        tx.put(keys::listed(7, ROOM), &place(7))?;
        assert_eq!(tx.get(&keys::place(ROOM))?, Some(place(2)), "it sees its own writes");
        Err(StoreError::Busy)
    });
    assert!(matches!(failed, Err(StoreError::Busy)));
    let panicked: Result<(), _> = tx.run(|tx| {
        tx.delete(keys::place(ROOM))?;
        panic!("a command with a bug");
    });
    assert!(panicked.unwrap_err().to_string().contains("panicked"));

    assert_eq!(tx.get(&keys::place(ROOM)).unwrap(), Some(place(1)));
    assert!(tx.contains(&keys::room(ROOM)).unwrap());
    assert_eq!(tx.bytes(), bytes);
    let batch = tx.finish().unwrap();
    assert_eq!(batch.writes.len(), 1);
    assert_eq!(batch.old, Overlay::from([(keys::place(ROOM).bytes, None)]));
}

/// An entry under the next seq asks nobody what lies there. Only a key that was read, and
/// was there, is a used one; that nothing could be read is no reason to refuse or to panic.
#[tokio::test]
async fn a_new_key_is_not_taken_for_a_used_one_because_the_disk_cannot_be_read() {
    let (opened, engine) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    store.log.append(ROOM, post(1)).await.unwrap().unwrap();
    engine.set(Mood::FailsToRead);
    let durable = Arc::new(Durable::new(engine.clone() as Arc<dyn Engine>));
    let context = Context { bounds: Bounds::default(), entropy: entropy(), lost: Default::default() };
    let mut tx = Tx::new(&context, durable.ring(), &*engine);
    let place = stored::Place { created_ms: 1 };
    tx.run(|tx| tx.insert(keys::place(ROOM), &place)).unwrap();
    assert_eq!(tx.finish().unwrap().writes.keys().collect::<Vec<_>>(), [&keys::place(ROOM).bytes]);

    // What must be read is asked for, and says why it failed; the id is good for later.
    let refused = store.log.append(ROOM, post(2)).await.unwrap_err().to_string();
    assert!(refused.contains("cannot be read"), "{refused}");
    engine.set(Mood::Works);
    let made = store.log.append(ROOM, post(2)).await.unwrap().unwrap();
    assert_eq!((made.replay, made.entry.seq), (Replay::First, 4));
    assert_eq!(store.log.append(ROOM, post(2)).await.unwrap().unwrap().replay, Replay::Same);
}

#[tokio::test]
async fn a_message_that_was_changed_is_shown_as_it_is_now() {
    let (opened, engine) = open();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    for (number, text) in [(1, "first"), (2, "changed"), (3, "third")] {
        let change = Change::Post(text.into());
        store.log.append(ROOM, NewEntry { change, ..post(number) }).await.unwrap().unwrap();
    }
    // Entry 4 as the latest edit of message 3.
    let context = Context { bounds: Bounds::default(), entropy: entropy(), lost: Default::default() };
    let durable = Arc::new(Durable::new(engine.clone() as Arc<dyn Engine>));
    let mut tx = Tx::new(&context, durable.ring(), &*engine);
    let row = stored::Message {
        at_ms: 2,
        author: USER,
        client_id: ClientId([1; 16]),
        fact: stored::Fact::Posted,
        edits: 1,
        body_seq: 4,
    };
    tx.run(|tx| tx.put(keys::message(ROOM, 3), &row)).unwrap();
    engine.commit(tx.finish().unwrap().writes).unwrap();
    for (anchor, seqs) in [(Anchor::Before(u64::MAX), 1..=5), (Anchor::After(2), 3..=5), (Anchor::Before(4), 1..=3)] {
        let page = store.log.messages(ROOM, anchor, 100, 1000).await.unwrap().unwrap();
        assert!(page.messages.iter().map(|message| message.seq).eq(seqs.clone()));
        let message = page.messages.iter().find(|message| message.seq == 3).unwrap();
        assert_eq!((&message.body, message.edits), (&Body::Text("changed".into()), 1));
        let others = page.messages.iter().filter(|message| message.seq != 3);
        others.for_each(|message| assert_eq!(message.edits, 0));
    }
}

#[tokio::test]
async fn a_memory_store_that_is_full_fails_and_keeps_what_it_has() {
    let options = MemoryOptions { bytes_max: 20_000, ..MemoryOptions::new(entropy()) };
    let opened = memory(options).unwrap();
    let store = &opened.store;
    store.rooms.create(new_room()).await.unwrap();
    let mut made = 2;
    let error = loop {
        let text = "x".repeat(1_000);
        match store.log.append(ROOM, NewEntry { change: Change::Post(text.as_str().into()), ..post(made as u8) }).await
        {
            Ok(appended) => made = appended.unwrap().entry.seq,
            Err(error) => break error,
        }
    };
    assert!(error.to_string().contains("20000 bytes"), "{error}");
    assert!((5..25).contains(&made));
    assert_eq!(seen(store).await.0, made);
}
