//! Transfers of a store, where something happens between two chosen steps of somebody else.

use async_trait::async_trait;
use rill_protocol::{RoomId, TransferId, UserId};
use rill_storage::{
    StoreError,
    blobs::Progress,
    model::{NewTransfer, Transfer, TransferBounds, TransferState},
    port::{Advanced, TransferRefused, Transfers},
};
use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex},
};

/// When it happens: once.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum When {
    AfterExpired,
    BeforeGet,
    AfterGet,
    BeforeAnnounce,
}

pub(crate) type Event = Pin<Box<dyn Future<Output = ()> + Send>>;

pub(crate) struct Meanwhile {
    transfers: Arc<dyn Transfers>,
    event: Mutex<Option<(When, Event)>>,
}

impl Meanwhile {
    pub(crate) fn new(transfers: Arc<dyn Transfers>, when: When, event: Event) -> Arc<Self> {
        Arc::new(Self { transfers, event: Mutex::new(Some((when, event))) })
    }

    async fn at(&self, when: When) {
        let event = self.event.lock().unwrap().take_if(|(then, _)| *then == when);
        if let Some((_, event)) = event {
            event.await;
        }
    }

    pub(crate) fn has_happened(&self) -> bool {
        self.event.lock().unwrap().is_none()
    }
}

type Id = TransferId;

#[async_trait]
impl Transfers for Meanwhile {
    async fn get(&self, user: UserId, id: Id) -> Result<Option<Transfer>, StoreError> {
        self.at(When::BeforeGet).await;
        let found = self.transfers.get(user, id).await;
        self.at(When::AfterGet).await;
        found
    }

    async fn expired(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, Id)>,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        let found = self.transfers.expired(untouched_since_ms, after, limit).await;
        self.at(When::AfterExpired).await;
        found
    }

    async fn begin(
        &self,
        transfer: NewTransfer,
        bounds: TransferBounds,
    ) -> Result<Result<Transfer, TransferRefused>, StoreError> {
        self.transfers.begin(transfer, bounds).await
    }

    async fn list(&self, user: UserId) -> Result<Vec<Transfer>, StoreError> {
        self.transfers.list(user).await
    }

    async fn take(&self, user: UserId, id: Id, now_ms: u64) -> Result<Option<u64>, StoreError> {
        self.transfers.take(user, id, now_ms).await
    }

    async fn advance(
        &self,
        user: UserId,
        id: Id,
        writer: u64,
        progress: Progress,
        now_ms: u64,
    ) -> Result<Advanced, StoreError> {
        self.transfers.advance(user, id, writer, progress, now_ms).await
    }

    async fn announce(&self, user: UserId, id: Id, message: (RoomId, u64), now_ms: u64) -> Result<bool, StoreError> {
        self.at(When::BeforeAnnounce).await;
        self.transfers.announce(user, id, message, now_ms).await
    }

    async fn finish(
        &self,
        user: UserId,
        id: Id,
        digest: [u8; 32],
        now_ms: u64,
    ) -> Result<Option<TransferState>, StoreError> {
        self.transfers.finish(user, id, digest, now_ms).await
    }

    async fn done(&self, user: UserId, id: Id, now_ms: u64) -> Result<Option<TransferState>, StoreError> {
        self.transfers.done(user, id, now_ms).await
    }

    async fn fail(
        &self,
        user: UserId,
        id: Id,
        code: u32,
        untouched_since_ms: Option<u64>,
    ) -> Result<Option<TransferState>, StoreError> {
        self.transfers.fail(user, id, code, untouched_since_ms).await
    }

    async fn remove(&self, user: UserId, id: Id) -> Result<bool, StoreError> {
        self.transfers.remove(user, id).await
    }

    async fn kept(&self, user: UserId) -> Result<u64, StoreError> {
        self.transfers.kept(user).await
    }

    async fn forget(&self, user: UserId, room: RoomId, seq: u64) -> Result<bool, StoreError> {
        self.transfers.forget(user, room, seq).await
    }
}
