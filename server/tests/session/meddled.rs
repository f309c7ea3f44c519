//! A store in which a test can have something happen between two reads of the server,
//! where otherwise only chance would put it.

use async_trait::async_trait;
use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{Anchor, Appended, Entry, Head, Membership, MessagePage, NewBatch, NewEntry, NewRoom, Pending, Room},
    port::{
        Log, LogObserver, Rooms,
        log::{Append, AppendBatch, AppendResult},
    },
};
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use crate::dice::Dice;

type Happening = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What happens when the server comes by: one thing each time, as long as there are any.
#[derive(Default)]
pub(crate) struct Hook(Mutex<VecDeque<Happening>>);

impl Hook {
    pub(crate) fn next(&self, happening: impl Future<Output = ()> + Send + 'static) {
        self.0.lock().push_back(Box::pin(happening));
    }

    async fn happen(&self, dawdler: &OnceLock<Dice>) {
        if let Some(dice) = dawdler.get() {
            dice.dawdle().await;
        }
        let happening = self.0.lock().pop_front();
        if let Some(happening) = happening {
            happening.await;
        }
    }
}

/// The places where a test can put itself in between.
#[derive(Default)]
pub(crate) struct Hooks {
    /// The head of a log was read, and the reader has not been told.
    pub(crate) after_head: Hook,
    /// The same for a membership.
    pub(crate) after_membership: Hook,
    /// An entry is durable, and whoever appended it has not been told.
    pub(crate) after_append: Hook,
    /// Set, it makes all of them take time.
    pub(crate) dawdler: OnceLock<Dice>,
}

struct Meddled {
    log: Arc<dyn Log>,
    rooms: Arc<dyn Rooms>,
    hooks: Arc<Hooks>,
}

/// The same store, with hooks.
pub(crate) fn meddled(store: Store, hooks: Arc<Hooks>) -> Store {
    let meddled = Arc::new(Meddled { log: store.log.clone(), rooms: store.rooms.clone(), hooks });
    Store { log: meddled.clone(), rooms: meddled, ..store }
}

#[async_trait]
impl Log for Meddled {
    fn append(&self, room: RoomId, entry: NewEntry) -> Append {
        let (append, hooks) = (self.log.append(room, entry), self.hooks.clone());
        Box::pin(async move {
            let appended: AppendResult = append.await;
            hooks.after_append.happen(&hooks.dawdler).await;
            appended
        })
    }

    fn append_batch(&self, room: RoomId, batch: NewBatch) -> AppendBatch {
        let (append, hooks) = (self.log.append_batch(room, batch), self.hooks.clone());
        Box::pin(async move {
            let appended = append.await;
            hooks.after_append.happen(&hooks.dawdler).await;
            appended
        })
    }

    async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        let head = self.log.head(room).await;
        self.hooks.after_head.happen(&self.hooks.dawdler).await;
        head
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

    async fn tail(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<(Head, Vec<Arc<Entry>>)>, StoreError> {
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

    fn observe(&self, observer: Arc<dyn LogObserver>) {
        self.log.observe(observer);
    }
}

#[async_trait]
impl Rooms for Meddled {
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError> {
        self.rooms.create(room).await
    }

    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.rooms.get(room).await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        let membership = self.rooms.membership(room, user).await;
        self.hooks.after_membership.happen(&self.hooks.dawdler).await;
        membership
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError> {
        self.rooms.members(room, after, limit).await
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.rooms.pending(limit).await
    }

    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.rooms.settle(room, seq).await
    }
}
