//! A store with something between it and the server: every call of a port that sessions
//! stand on, with what happens before it and behind it.

#[path = "between/files.rs"]
mod files;

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    doorbell::Doorbell,
    model::{
        Anchor, Appended, End, Entry, Erased, Head, Membership, MessagePage, NewBatch, NewEntry, NewRoom, NewSetting,
        Pending, Remains, Room, UserEntry, UserFact, UserHead, UserKey,
    },
    port::{
        Endings, Log, LogObserver, Rooms, UserLog, UserLogObserver,
        endings::{Ended, Mark},
        log::{Append, AppendBatch, Sight, Tail},
        user_log::SetResult,
    },
};
use std::sync::Arc;

/// Which call it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    /// Queued when it is called: nothing comes before it.
    Append,
    /// A part of a log for somebody.
    Sight,
    Other,
}

/// What happens in between.
pub(crate) trait Between: Send + Sync + 'static {
    fn before(&self, call: Call) -> impl Future<Output = ()> + Send;
    /// It has been answered, and whoever called has not been told.
    fn after(&self, call: Call) -> impl Future<Output = ()> + Send;
}

struct Wrapped<B> {
    store: Store,
    between: Arc<B>,
}

/// The same store, with that in between.
pub(crate) fn wrapped<B: Between>(store: Store, between: Arc<B>) -> Store {
    let wrapped = Arc::new(Wrapped { store: store.clone(), between });
    Store {
        log: wrapped.clone(),
        rooms: wrapped.clone(),
        user_log: wrapped.clone(),
        endings: wrapped.clone(),
        transfers: wrapped.clone(),
        contents: wrapped,
        ..store
    }
}

impl<B: Between> Wrapped<B> {
    async fn call<T>(&self, call: Call, work: impl Future<Output = T>) -> T {
        self.between.before(call).await;
        let outcome = work.await;
        self.between.after(call).await;
        outcome
    }

    async fn other<T>(&self, work: impl Future<Output = T>) -> T {
        self.call(Call::Other, work).await
    }
}

#[async_trait]
impl<B: Between> Log for Wrapped<B> {
    fn append(&self, room: RoomId, entry: NewEntry) -> Append {
        let (append, between) = (self.store.log.append(room, entry), self.between.clone());
        Box::pin(async move {
            let appended = append.await;
            between.after(Call::Append).await;
            appended
        })
    }

    fn append_batch(&self, room: RoomId, batch: NewBatch) -> AppendBatch {
        let (append, between) = (self.store.log.append_batch(room, batch), self.between.clone());
        Box::pin(async move {
            let appended = append.await;
            between.after(Call::Append).await;
            appended
        })
    }

    async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        self.other(self.store.log.head(room)).await
    }

    async fn entries(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.other(self.store.log.entries(room, after, limit, bytes)).await
    }

    async fn tail(&self, room: RoomId, after: u64, limit: usize, bytes: usize) -> Result<Option<Tail>, StoreError> {
        self.other(self.store.log.tail(room, after, limit, bytes)).await
    }

    async fn messages(
        &self,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<MessagePage>, StoreError> {
        self.other(self.store.log.messages(room, anchor, limit, bytes)).await
    }

    async fn tail_for(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<Tail>>, StoreError> {
        self.call(Call::Sight, self.store.log.tail_for(user, room, after, limit, bytes)).await
    }

    async fn end_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<End>>, StoreError> {
        self.call(Call::Sight, self.store.log.end_for(user, room)).await
    }

    async fn messages_for(
        &self,
        user: UserId,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError> {
        self.call(Call::Sight, self.store.log.messages_for(user, room, anchor, limit, bytes)).await
    }

    async fn erased(&self, room: RoomId, seq: u64) -> Result<Option<Erased>, StoreError> {
        self.other(self.store.log.erased(room, seq)).await
    }

    async fn scrub(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.other(self.store.log.scrub(room, seq)).await
    }

    async fn doubt(&self, room: RoomId) -> Result<(), StoreError> {
        self.other(self.store.log.doubt(room)).await
    }

    async fn files_for(
        &self,
        user: UserId,
        room: RoomId,
        before: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError> {
        self.call(Call::Sight, self.store.log.files_for(user, room, before, limit, bytes)).await
    }

    fn told(&self, room: RoomId, bell: &Doorbell<'_>) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.store.log.told(room, bell)
    }

    fn observe(&self, observer: Arc<dyn LogObserver>) {
        self.store.log.observe(observer);
    }
}

#[async_trait]
impl<B: Between> Rooms for Wrapped<B> {
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError> {
        self.other(self.store.rooms.create(room)).await
    }

    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.other(self.store.rooms.get(room)).await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.other(self.store.rooms.membership(room, user)).await
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError> {
        self.other(self.store.rooms.members(room, after, limit)).await
    }

    async fn room_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<Room>>, StoreError> {
        self.other(self.store.rooms.room_for(user, room)).await
    }

    async fn close(&self, room: RoomId, by: UserId, is_closed: bool) -> Result<bool, StoreError> {
        self.other(self.store.rooms.close(room, by, is_closed)).await
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.other(self.store.rooms.pending(limit)).await
    }

    async fn remains(&self, room: RoomId, limit: usize) -> Result<Option<Remains>, StoreError> {
        self.other(self.store.rooms.remains(room, limit)).await
    }

    async fn erase(&self, room: RoomId, remains: Remains) -> Result<(), StoreError> {
        self.other(self.store.rooms.erase(room, remains)).await
    }

    async fn is_deleted(&self, room: RoomId) -> Result<bool, StoreError> {
        self.other(self.store.rooms.is_deleted(room)).await
    }

    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.other(self.store.rooms.settle(room, seq)).await
    }
}

#[async_trait]
impl<B: Between> UserLog for Wrapped<B> {
    async fn append(
        &self,
        user: UserId,
        cause: (RoomId, u64),
        fact: UserFact,
        at_ms: u64,
    ) -> Result<Option<UserEntry>, StoreError> {
        self.other(self.store.user_log.append(user, cause, fact, at_ms)).await
    }

    async fn set(&self, user: UserId, new: NewSetting) -> SetResult {
        self.other(self.store.user_log.set(user, new)).await
    }

    async fn get(&self, user: UserId, key: UserKey) -> Result<Option<UserFact>, StoreError> {
        self.other(self.store.user_log.get(user, key)).await
    }

    async fn head(&self, user: UserId) -> Result<Option<UserHead>, StoreError> {
        self.other(self.store.user_log.head(user)).await
    }

    async fn entries(&self, user: UserId, after: u64, limit: usize) -> Result<Option<Vec<UserEntry>>, StoreError> {
        self.other(self.store.user_log.entries(user, after, limit)).await
    }

    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError> {
        self.other(self.store.user_log.snapshot(user)).await
    }

    fn observe(&self, observer: Arc<dyn UserLogObserver>) {
        self.store.user_log.observe(observer);
    }
}

#[async_trait]
impl<B: Between> Endings for Wrapped<B> {
    async fn since(&self, mark: Option<Mark>) -> Result<Ended, StoreError> {
        self.other(self.store.endings.since(mark)).await
    }
}
