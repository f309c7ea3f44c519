//! A room's log: appending, reading, and the idempotency keys between them.

mod append;
mod append_batch;
pub(super) mod body;
mod create;
pub(crate) mod deleting;
mod entering;
mod entry;
mod fact;
mod file;
mod governing;
mod idempotency;
mod membership;
mod page;
mod removing;

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

use super::{
    Ports, Slot, Substrate, marks,
    rooms::{membership_of, room_of},
};
use crate::{
    StoreError,
    doorbell::Doorbell,
    embedded::{keys, read::Read, stored, view::View},
    model::{Anchor, End, Entry, Erased, Head, MessagePage, NewBatch, NewEntry},
    port::log::{Append, AppendBatch, Log, LogObserver, Sight, Tail},
};

pub(crate) use body::read as text;
pub(super) use create::create;
#[cfg(feature = "simulation")]
pub(crate) use entry::row;
pub(crate) use idempotency::expired_before;

impl From<&stored::RoomHead> for Head {
    fn from(head: &stored::RoomHead) -> Self {
        Self { epoch: head.epoch, seq: head.seq, at_ms: head.at_ms, posts: head.posts }
    }
}

fn tail(view: &View<'_>, room: RoomId, after: u64, limit: usize, bytes: usize) -> Result<Option<Tail>, StoreError> {
    let head = view.get(&keys::room_head(room));
    // What the reader has may be all there is: that costs no look at entries. Rows from afar
    // are asked for together.
    let is_wanted = view.is_partial() || matches!(&head, Ok(Some(head)) if head.seq > after);
    let entries = if is_wanted { page::entries(view, room, after, limit, bytes) } else { Ok(Vec::new()) };
    let (Some(head), entries) = (head?, entries?) else { return Ok(None) };
    Ok(Some((Head::from(&head), entries)))
}

fn end(view: &View<'_>, room: RoomId, user: UserId) -> Result<Option<End>, StoreError> {
    let (head, found) = (view.get(&keys::room_head(room)), room_of(view, room));
    let reading = marks::reading(view, room, user);
    let (Some(head), Some(found), reading) = (head?, found?, reading?) else { return Ok(None) };
    let arrival = match found.kind.other(user) {
        Some(other) => marks::arrival(view, room, other)?,
        None => None,
    };
    Ok(Some(End { head: Head::from(&head), room: found, reading, arrival }))
}

/// Something of a room, and what a user may see of it: nothing of one that is deleted.
pub(super) fn sight<T>(
    view: &View<'_>,
    room: RoomId,
    user: UserId,
    read: impl FnOnce() -> Result<Option<T>, StoreError>,
) -> Result<Option<Sight<T>>, StoreError> {
    // Whatever is not at hand of both is fetched at once.
    let (is_deleted, membership, part) = (deleting::is_deleted(view, room), membership_of(view, room, user), read());
    let (is_deleted, membership, Some(part)) = (is_deleted?, membership?, part?) else { return Ok(None) };
    Ok(Some(Sight { membership: membership.filter(|_| !is_deleted), part }))
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

    async fn tail(&self, room: RoomId, after: u64, limit: usize, bytes: usize) -> Result<Option<Tail>, StoreError> {
        self.read(Slot::Room(room), |view| tail(view, room, after, limit, bytes)).await
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

    async fn tail_for(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<Tail>>, StoreError> {
        self.read(Slot::Room(room), |view| sight(view, room, user, || tail(view, room, after, limit, bytes))).await
    }

    async fn end_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<End>>, StoreError> {
        self.read(Slot::Room(room), |view| sight(view, room, user, || end(view, room, user))).await
    }

    async fn messages_for(
        &self,
        user: UserId,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError> {
        self.read(Slot::Room(room), |view| sight(view, room, user, || page::messages(view, room, anchor, limit, bytes)))
            .await
    }

    async fn doubt(&self, room: RoomId) -> Result<(), StoreError> {
        self.substrate.doubt(room).await
    }

    async fn erased(&self, room: RoomId, seq: u64) -> Result<Option<Erased>, StoreError> {
        self.read(Slot::Room(room), |view| removing::erased(view, room, seq)).await
    }

    async fn scrub(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        let is_erased = self.write(Slot::Room(room), move |tx| removing::scrub(tx, room, seq)).await?;
        if is_erased { self.substrate.scrub(room, seq).await } else { Ok(()) }
    }

    async fn files_for(
        &self,
        user: UserId,
        room: RoomId,
        before: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError> {
        self.read(Slot::Room(room), |view| sight(view, room, user, || page::files(view, room, before, limit, bytes)))
            .await
    }

    fn told(&self, room: RoomId, bell: &Doorbell<'_>) -> Result<Vec<Arc<Entry>>, StoreError> {
        let Some(epoch) = bell.epoch else { return Ok(Vec::new()) };
        let entry = |(seq, row)| entry::told(self.substrate.ring(), room, seq, row);
        let entries: Vec<_> = bell.entries().map(entry).collect::<Result<_, _>>()?;
        if let Some(last) = entries.last() {
            self.substrate.told(room, epoch, last, bell.changes);
        }
        Ok(entries)
    }

    fn observe(&self, observer: Arc<dyn LogObserver>) {
        self.substrate.observers().log.write().push(observer);
    }
}
