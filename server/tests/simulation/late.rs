//! A store whose reads and answers take time, so that others come in between.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{
        Anchor, Appended, Entry, Head, Membership, MessagePage, NewBatch, NewEntry, NewRoom, Pending, Room, UserEntry,
        UserFact, UserHead,
    },
    port::{
        Endings, Log, LogObserver, Rooms, UserLog, UserLogObserver,
        endings::{Ended, Mark},
        log::{Append, AppendBatch},
    },
};
use std::sync::Arc;

use crate::mood::Mood;

struct Late {
    log: Arc<dyn Log>,
    rooms: Arc<dyn Rooms>,
    user_log: Arc<dyn UserLog>,
    endings: Arc<dyn Endings>,
    mood: Arc<Mood>,
}

/// The same store, late.
pub(crate) fn late(store: Store, mood: Arc<Mood>) -> Store {
    let Store { log, rooms, user_log, endings, .. } = store.clone();
    let late = Arc::new(Late { log, rooms, user_log, endings, mood });
    Store { log: late.clone(), rooms: late.clone(), user_log: late.clone(), endings: late, ..store }
}

impl Late {
    /// Others may come before the read and behind it.
    async fn read<T>(&self, read: impl Future<Output = T>) -> T {
        self.mood.read().await;
        let read = read.await;
        self.mood.read().await;
        read
    }
}

#[async_trait]
impl Log for Late {
    fn append(&self, room: RoomId, entry: NewEntry) -> Append {
        let (append, mood) = (self.log.append(room, entry), self.mood.clone());
        Box::pin(async move {
            let appended = append.await;
            mood.read().await;
            appended
        })
    }

    fn append_batch(&self, room: RoomId, batch: NewBatch) -> AppendBatch {
        let (append, mood) = (self.log.append_batch(room, batch), self.mood.clone());
        Box::pin(async move {
            let appended = append.await;
            mood.read().await;
            appended
        })
    }

    async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        self.read(self.log.head(room)).await
    }

    async fn entries(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.read(self.log.entries(room, after, limit, bytes)).await
    }

    async fn tail(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<(Head, Vec<Arc<Entry>>)>, StoreError> {
        self.read(self.log.tail(room, after, limit, bytes)).await
    }

    async fn messages(
        &self,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<MessagePage>, StoreError> {
        self.read(self.log.messages(room, anchor, limit, bytes)).await
    }

    fn observe(&self, observer: Arc<dyn LogObserver>) {
        self.log.observe(observer);
    }
}

#[async_trait]
impl Rooms for Late {
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError> {
        self.read(self.rooms.create(room)).await
    }

    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.read(self.rooms.get(room)).await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.read(self.rooms.membership(room, user)).await
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError> {
        self.read(self.rooms.members(room, after, limit)).await
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.read(self.rooms.pending(limit)).await
    }

    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.read(self.rooms.settle(room, seq)).await
    }
}

#[async_trait]
impl UserLog for Late {
    async fn append(
        &self,
        user: UserId,
        cause: (RoomId, u64),
        fact: UserFact,
        at_ms: u64,
    ) -> Result<Option<UserEntry>, StoreError> {
        self.read(self.user_log.append(user, cause, fact, at_ms)).await
    }

    async fn head(&self, user: UserId) -> Result<Option<UserHead>, StoreError> {
        self.read(self.user_log.head(user)).await
    }

    async fn entries(&self, user: UserId, after: u64, limit: usize) -> Result<Option<Vec<UserEntry>>, StoreError> {
        self.read(self.user_log.entries(user, after, limit)).await
    }

    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError> {
        self.read(self.user_log.snapshot(user)).await
    }

    fn observe(&self, observer: Arc<dyn UserLogObserver>) {
        self.user_log.observe(observer);
    }
}

#[async_trait]
impl Endings for Late {
    async fn since(&self, mark: Option<Mark>) -> Result<Ended, StoreError> {
        self.read(self.endings.since(mark)).await
    }
}
