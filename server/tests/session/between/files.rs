//! The ports of files.

use async_trait::async_trait;
use rill_protocol::{RoomId, TransferId, UserId};
use rill_storage::{
    StoreError,
    blobs::{BlobName, Progress},
    model::{Content, ContentKey, DueContents, NewTransfer, Offer, Reference, Transfer, TransferBounds, TransferState},
    port::{Advanced, Claimed, Contents, TransferRefused, Transfers},
};

use super::{Between, Wrapped};

#[async_trait]
impl<B: Between> Transfers for Wrapped<B> {
    async fn begin(
        &self,
        transfer: NewTransfer,
        bounds: TransferBounds,
    ) -> Result<Result<Transfer, TransferRefused>, StoreError> {
        self.other(self.store.transfers.begin(transfer, bounds)).await
    }

    async fn get(&self, user: UserId, id: TransferId) -> Result<Option<Transfer>, StoreError> {
        self.other(self.store.transfers.get(user, id)).await
    }

    async fn list(&self, user: UserId) -> Result<Vec<Transfer>, StoreError> {
        self.other(self.store.transfers.list(user)).await
    }

    async fn take(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<Option<u64>, StoreError> {
        self.other(self.store.transfers.take(user, id, now_ms)).await
    }

    async fn advance(
        &self,
        user: UserId,
        id: TransferId,
        writer: u64,
        progress: Progress,
        now_ms: u64,
    ) -> Result<Advanced, StoreError> {
        self.other(self.store.transfers.advance(user, id, writer, progress, now_ms)).await
    }

    async fn announce(
        &self,
        user: UserId,
        id: TransferId,
        message: (RoomId, u64),
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        self.other(self.store.transfers.announce(user, id, message, now_ms)).await
    }

    async fn finish(
        &self,
        user: UserId,
        id: TransferId,
        digest: [u8; 32],
        now_ms: u64,
    ) -> Result<Option<TransferState>, StoreError> {
        self.other(self.store.transfers.finish(user, id, digest, now_ms)).await
    }

    async fn done(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<Option<TransferState>, StoreError> {
        self.other(self.store.transfers.done(user, id, now_ms)).await
    }

    async fn fail(
        &self,
        user: UserId,
        id: TransferId,
        code: u32,
        untouched_since_ms: Option<u64>,
    ) -> Result<Option<TransferState>, StoreError> {
        self.other(self.store.transfers.fail(user, id, code, untouched_since_ms)).await
    }

    async fn remove(&self, user: UserId, id: TransferId) -> Result<bool, StoreError> {
        self.other(self.store.transfers.remove(user, id)).await
    }

    async fn kept(&self, user: UserId) -> Result<u64, StoreError> {
        self.other(self.store.transfers.kept(user)).await
    }

    async fn forget(&self, user: UserId, room: RoomId, seq: u64) -> Result<bool, StoreError> {
        self.other(self.store.transfers.forget(user, room, seq)).await
    }

    async fn expired(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        self.other(self.store.transfers.expired(untouched_since_ms, after, limit)).await
    }
}

#[async_trait]
impl<B: Between> Contents for Wrapped<B> {
    async fn claim(
        &self,
        content: ContentKey,
        offer: Offer,
        reference: Reference,
        until_ms: u64,
        now_ms: u64,
    ) -> Result<Claimed, StoreError> {
        self.other(self.store.contents.claim(content, offer, reference, until_ms, now_ms)).await
    }

    async fn refer(
        &self,
        content: ContentKey,
        reference: Reference,
        until_ms: u64,
    ) -> Result<Option<Content>, StoreError> {
        self.other(self.store.contents.refer(content, reference, until_ms)).await
    }

    async fn confirm(&self, content: ContentKey, reference: Reference) -> Result<bool, StoreError> {
        self.other(self.store.contents.confirm(content, reference)).await
    }

    async fn confirm_until(
        &self,
        content: ContentKey,
        reference: Reference,
        until_ms: u64,
    ) -> Result<bool, StoreError> {
        self.other(self.store.contents.confirm_until(content, reference, until_ms)).await
    }

    async fn doubt(&self, content: ContentKey, reference: Reference, until_ms: u64) -> Result<bool, StoreError> {
        self.other(self.store.contents.doubt(content, reference, until_ms)).await
    }

    async fn release(&self, content: ContentKey, reference: Reference) -> Result<bool, StoreError> {
        self.other(self.store.contents.release(content, reference)).await
    }

    async fn expire(&self, content: ContentKey, reference: Reference, now_ms: u64) -> Result<bool, StoreError> {
        self.other(self.store.contents.expire(content, reference, now_ms)).await
    }

    async fn spend(&self, content: ContentKey, offer: Offer) -> Result<bool, StoreError> {
        self.other(self.store.contents.spend(content, offer)).await
    }

    async fn get(&self, content: ContentKey) -> Result<Option<Content>, StoreError> {
        self.other(self.store.contents.get(content)).await
    }

    async fn references(&self, content: ContentKey, limit: usize) -> Result<Vec<Reference>, StoreError> {
        self.other(self.store.contents.references(content, limit)).await
    }

    async fn due(&self, now_ms: u64, after: Option<ContentKey>, limit: usize) -> Result<DueContents, StoreError> {
        self.other(self.store.contents.due(now_ms, after, limit)).await
    }

    async fn collected(&self, content: ContentKey, blob: BlobName, now_ms: u64) -> Result<(), StoreError> {
        self.other(self.store.contents.collected(content, blob, now_ms)).await
    }
}
