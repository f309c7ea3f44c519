//! One store in memory that several nodes share, each as if it lay behind a network: a
//! node's observers are told of its own appends alone, when the answer comes, and the
//! others hear a doorbell.

use async_trait::async_trait;
use parking_lot::Mutex;
use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_server::cluster::{bus::Channel, local::Exchange};
use rill_storage::{
    Store, StoreError,
    doorbell::{self, Doorbell},
    limits::DOORBELL_ENTRIES_MAX,
    model::{
        Anchor, Appended, End, Entry, Erased, Fact, Head, MessagePage, NewBatch, NewEntry, NewSetting, Replay,
        UserEntry, UserFact, UserHead, UserKey,
    },
    port::{
        ChangeObserver, Changed, Log, LogObserver, UserLog, UserLogObserver,
        log::{Append, AppendBatch, Sight, Tail},
        user_log::SetResult,
    },
};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use crate::own_changes::OwnChanges;

/// Appends under way whose node is remembered.
const ORIGINS_MAX: usize = 4_096;

/// Rings for everything that the store appends, as the store's own commits do behind a
/// network.
pub(crate) struct Bell {
    exchange: Exchange,
    origins: Mutex<Origins>,
}

#[derive(Default)]
struct Origins {
    nodes: BTreeMap<(RoomId, ClientId), Arc<str>>,
    order: VecDeque<(RoomId, ClientId)>,
}

impl Bell {
    /// Hangs a bell into a store that nodes are to share.
    pub(crate) fn hang(store: &Store, exchange: &Exchange) -> Arc<Self> {
        let bell = Arc::new(Self { exchange: exchange.clone(), origins: Mutex::default() });
        store.log.observe(bell.clone());
        store.user_log.observe(bell.clone());
        store.changes.observe(bell.clone());
        bell
    }

    fn comes_from(&self, room: RoomId, client_id: ClientId, node: &Arc<str>) {
        let mut origins = self.origins.lock();
        if origins.nodes.insert((room, client_id), node.clone()).is_none() {
            origins.order.push_back((room, client_id));
        }
        while origins.order.len() > ORIGINS_MAX
            && let Some(oldest) = origins.order.pop_front()
        {
            origins.nodes.remove(&oldest);
        }
    }
}

impl LogObserver for Bell {
    fn appended(&self, room: RoomId, epoch: Epoch, entries: &[Arc<Entry>]) {
        let Some(last) = entries.last() else { return };
        let node = self.origins.lock().nodes.get(&(room, last.client_id)).cloned().unwrap_or_else(|| "?".into());
        // As a commit behind a network does: with what was appended, unless that is much.
        let rows = doorbell::rows_of(room, entries);
        let rows = rows.iter().map(Vec::as_slice).collect::<Vec<_>>();
        let rows = if rows.len() > DOORBELL_ENTRIES_MAX { Vec::new() } else { rows };
        let bell = Doorbell { seq: last.seq, node: &node, epoch: Some(epoch), rows, changes: b"" };
        self.exchange.publish(Channel::Room(room), &bell.payload());
    }
}

impl UserLogObserver for Bell {
    fn appended(&self, user: UserId, entry: UserEntry) {
        let bell = Doorbell { seq: entry.seq, node: "?", epoch: None, rows: Vec::new(), changes: b"" };
        self.exchange.publish(Channel::User(user), &bell.payload());
    }
}

impl ChangeObserver for Bell {
    fn changed(&self, changed: Changed) {
        self.exchange.publish(Channel::Change(changed), b"?");
    }
}

/// One node's way to the store.
struct View {
    log: Arc<dyn Log>,
    user_log: Arc<dyn UserLog>,
    bell: Arc<Bell>,
    node: Arc<str>,
    observers: Arc<Observers>,
    own: Arc<OwnChanges>,
}

#[derive(Default)]
struct Observers {
    log: Mutex<Vec<Arc<dyn LogObserver>>>,
    user_log: Mutex<Vec<Arc<dyn UserLogObserver>>>,
}

impl Observers {
    fn tell(&self, room: RoomId, appended: &[Appended]) {
        for appended in appended.iter().filter(|appended| appended.replay == Replay::First) {
            for observer in &*self.log.lock() {
                observer.appended(room, appended.epoch, std::slice::from_ref(&appended.entry));
            }
        }
    }
}

/// The store as the node of that name has it.
pub(crate) fn view(store: &Store, bell: &Arc<Bell>, node: &str) -> Store {
    let (log, user_log) = (store.log.clone(), store.user_log.clone());
    let own = OwnChanges::of(store);
    let (bell, node, observers) = (bell.clone(), node.into(), Arc::default());
    let view = Arc::new(View { log, user_log, bell, node, observers, own: own.clone() });
    let (rooms, users) = (own.clone(), own.clone());
    Store { log: view.clone(), user_log: view, rooms, users, changes: own, ..store.clone() }
}

#[async_trait]
impl Log for View {
    fn append(&self, room: RoomId, entry: NewEntry) -> Append {
        self.bell.comes_from(room, entry.client_id, &self.node);
        let (append, observers, own) = (self.log.append(room, entry), self.observers.clone(), self.own.clone());
        Box::pin(async move {
            let appended = append.await;
            if let Ok(Ok(appended)) = &appended {
                if appended.entry.fact != Fact::Posted {
                    own.tell(Changed::Room(room));
                }
                observers.tell(room, std::slice::from_ref(appended));
            }
            appended
        })
    }

    fn append_batch(&self, room: RoomId, batch: NewBatch) -> AppendBatch {
        batch.posts.iter().for_each(|post| self.bell.comes_from(room, post.client_id, &self.node));
        let (append, observers) = (self.log.append_batch(room, batch), self.observers.clone());
        Box::pin(async move {
            let appended = append.await;
            if let Ok(Ok(appended)) = &appended {
                observers.tell(room, appended);
            }
            appended
        })
    }

    async fn erased(&self, room: RoomId, seq: u64) -> Result<Option<Erased>, StoreError> {
        self.log.erased(room, seq).await
    }

    async fn scrub(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.log.scrub(room, seq).await
    }

    async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        self.log.head(room).await
    }

    async fn entries(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.log.entries(room, after, limit, bytes).await
    }

    async fn tail(&self, room: RoomId, after: u64, limit: usize, bytes: usize) -> Result<Option<Tail>, StoreError> {
        self.log.tail(room, after, limit, bytes).await
    }

    async fn messages(
        &self,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<MessagePage>, StoreError> {
        self.log.messages(room, anchor, limit, bytes).await
    }

    async fn tail_for(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<Tail>>, StoreError> {
        self.log.tail_for(user, room, after, limit, bytes).await
    }

    async fn end_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<End>>, StoreError> {
        self.log.end_for(user, room).await
    }

    async fn messages_for(
        &self,
        user: UserId,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError> {
        self.log.messages_for(user, room, anchor, limit, bytes).await
    }

    async fn files_for(
        &self,
        user: UserId,
        room: RoomId,
        before: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError> {
        self.log.files_for(user, room, before, limit, bytes).await
    }

    fn told(&self, room: RoomId, bell: &Doorbell<'_>) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.log.told(room, bell)
    }

    fn observe(&self, observer: Arc<dyn LogObserver>) {
        self.observers.log.lock().push(observer);
    }
}

#[async_trait]
impl UserLog for View {
    async fn append(
        &self,
        user: UserId,
        cause: (RoomId, u64),
        fact: UserFact,
        at_ms: u64,
    ) -> Result<Option<UserEntry>, StoreError> {
        let appended = self.user_log.append(user, cause, fact, at_ms).await?;
        if let Some(entry) = &appended {
            self.observers.user_log.lock().iter().for_each(|observer| observer.appended(user, entry.clone()));
        }
        Ok(appended)
    }

    async fn set(&self, user: UserId, new: NewSetting) -> SetResult {
        let made = self.user_log.set(user, new).await?;
        if let Ok(Some(entry)) = &made {
            self.observers.user_log.lock().iter().for_each(|observer| observer.appended(user, entry.clone()));
        }
        Ok(made)
    }

    async fn get(&self, user: UserId, key: UserKey) -> Result<Option<UserFact>, StoreError> {
        self.user_log.get(user, key).await
    }

    async fn head(&self, user: UserId) -> Result<Option<UserHead>, StoreError> {
        self.user_log.head(user).await
    }

    async fn entries(&self, user: UserId, after: u64, limit: usize) -> Result<Option<Vec<UserEntry>>, StoreError> {
        self.user_log.entries(user, after, limit).await
    }

    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError> {
        self.user_log.snapshot(user).await
    }

    fn observe(&self, observer: Arc<dyn UserLogObserver>) {
        self.observers.user_log.lock().push(observer);
    }
}
