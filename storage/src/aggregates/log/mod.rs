//! A room's log: appending, reading, and the idempotency keys between them.

mod append;
mod append_batch;
mod body;
mod create;
mod entry;
mod idempotency;
mod membership;
mod page;

use async_trait::async_trait;
use rill_protocol::RoomId;
use std::sync::Arc;

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    embedded::{keys, read::Read, stored},
    model::{Anchor, Entry, Fact, Head, MessagePage, NewBatch, NewEntry},
    port::log::{Append, AppendBatch, Log, LogObserver},
};

pub(crate) use body::read as text;
pub(super) use create::create;
pub(crate) use idempotency::expired_before;

impl From<stored::Fact> for Fact {
    fn from(fact: stored::Fact) -> Self {
        match fact {
            stored::Fact::Created => Self::Created,
            stored::Fact::Posted => Self::Posted,
            stored::Fact::Joined => Self::Joined,
            stored::Fact::Left => Self::Left,
        }
    }
}

impl From<&stored::RoomHead> for Head {
    fn from(head: &stored::RoomHead) -> Self {
        Self { epoch: head.epoch, seq: head.seq, at_ms: head.at_ms, posts: head.posts }
    }
}

#[async_trait]
impl<S: Substrate> Log for Ports<S> {
    fn append(&self, room: RoomId, entry: NewEntry) -> Append {
        Box::pin(self.write(Slot::Room(room), move |tx| append::append(tx, room, &entry)))
    }

    fn append_batch(&self, room: RoomId, batch: NewBatch) -> AppendBatch {
        Box::pin(self.write(Slot::Room(room), move |tx| append_batch::append_batch(tx, room, &batch)))
    }

    async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError> {
        self.read(Slot::Room(room), |view| Ok(view.get(&keys::room_head(room))?.as_ref().map(Head::from))).await
    }

    async fn entries(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError> {
        self.read(Slot::Room(room), |view| page::entries(view, room, after, limit, bytes)).await
    }

    async fn tail(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<(Head, Vec<Arc<Entry>>)>, StoreError> {
        self.read(Slot::Room(room), |view| {
            let Some(head) = view.get(&keys::room_head(room))? else { return Ok(None) };
            // What the reader has may be all there is: that costs no look at entries.
            let is_wanted = head.seq > after || view.is_partial();
            let entries = if is_wanted { page::entries(view, room, after, limit, bytes)? } else { Vec::new() };
            Ok(Some((Head::from(&head), entries)))
        })
        .await
    }

    async fn messages(
        &self,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<MessagePage>, StoreError> {
        self.read(Slot::Room(room), |view| page::messages(view, room, anchor, limit, bytes)).await
    }

    fn observe(&self, observer: Arc<dyn LogObserver>) {
        self.substrate.observers().log.write().push(observer);
    }
}
