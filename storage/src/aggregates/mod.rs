//! The logic of every aggregate, written once. A store is a substrate under it: the
//! embedded one, with a committer and an engine, or Redis.
//!
//! A method is a function of what it reads, within one [`Slot`]. It can be run again, over
//! rows that are newer, until it was run over the ones that hold: so it takes nothing apart
//! and does nothing but read and write rows. What it tells observers is part of the batch.

mod contents;
mod desk;
mod invitations;
mod log;
mod marks;
mod people;
mod pictures;
mod rooms;
mod sessions;
mod tickets;
mod transfers;
mod user_log;
mod users;

use rill_protocol::{Epoch, RoomId, TransferId, UserId};
use std::sync::Arc;

use crate::{
    StoreError,
    embedded::{Observers, queue::Reply, tx::Tx, view::View},
    model::{ContentId, DueContents, Entry, NameKey, Pending, Transfer},
    port::{ChangeObserver, Changes},
    record::KeyRing,
};

pub(crate) use contents::{due_of as due_of_content, sweep as sweep_content};
pub(crate) use invitations::remove as remove_invitation;
#[cfg(feature = "simulation")]
pub(crate) use log::row;
pub(crate) use log::{deleting::is_deleted, expired_before, text};
pub(crate) use rooms::pending;
pub(crate) use tickets::is_expired as is_ticket_expired;
pub(crate) use transfers::untouched as untouched_transfers;
pub(crate) use users::user;

/// All that one call touches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Slot {
    Room(RoomId),
    /// Also who makes invitations.
    User(UserId),
    Name(NameKey),
    Content(ContentId),
    /// All custom emoji.
    Emoji,
    /// Of the administrators: reports, and the log of what they do.
    Desk,
}

/// What the aggregates stand on.
pub(crate) trait Substrate: Send + Sync + 'static {
    /// Runs a function over one state of a slot.
    fn read<T: Send>(
        &self,
        slot: Slot,
        read: impl Fn(&View<'_>) -> Result<T, StoreError> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send;

    /// Queues a command when it is called, before the reply is first polled: calls made one
    /// after the other for one slot are made in that order.
    fn write<T: Send + 'static>(
        &self,
        slot: Slot,
        command: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T>;

    /// What is due in any room: see [`crate::port::Rooms::pending`].
    fn pending(&self, limit: usize) -> impl Future<Output = Result<Vec<Pending>, StoreError>> + Send;

    /// Transfers of any user: see [`crate::port::Transfers::expired`].
    fn expired_transfers(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Transfer>, StoreError>> + Send;

    /// What is due of any content: see [`crate::port::Contents::due`].
    fn due_contents(
        &self,
        now_ms: u64,
        after: Option<ContentId>,
        limit: usize,
    ) -> impl Future<Output = Result<DueContents, StoreError>> + Send;

    fn observers(&self) -> &Observers;

    fn ring(&self) -> &KeyRing;

    /// Another node has committed entries of a room, of which this is the last; `changes` as
    /// that node's doorbell says them.
    fn told(&self, _room: RoomId, _epoch: Epoch, _last: &Entry, _changes: &[u8]) {}

    /// What was removed of a log goes from sealed parts of it: see [`crate::port::Log::scrub`].
    fn scrub(&self, _room: RoomId, _seq: u64) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }

    /// Something of a deleted room was erased: what lies beside its rows goes too. See
    /// [`crate::port::Rooms::erase`].
    fn erased(&self, _room: RoomId) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }

    /// See [`crate::port::Log::doubt`].
    fn doubt(&self, _room: RoomId) -> impl Future<Output = Result<(), StoreError>> + Send {
        std::future::ready(Ok(()))
    }
}

/// Every port that touches one room, one user or one content, over a substrate.
pub(crate) struct Ports<S> {
    substrate: Arc<S>,
}

impl<S: Substrate> Ports<S> {
    pub(crate) fn new(substrate: Arc<S>) -> Arc<Self> {
        Arc::new(Self { substrate })
    }

    fn read<T: Send>(
        &self,
        slot: Slot,
        read: impl Fn(&View<'_>) -> Result<T, StoreError> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        self.substrate.read(slot, read)
    }

    fn write<T: Send + 'static>(
        &self,
        slot: Slot,
        command: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        self.substrate.write(slot, command)
    }
}

impl<S: Substrate> Changes for Ports<S> {
    fn observe(&self, observer: Arc<dyn ChangeObserver>) {
        self.substrate.observers().changes.write().push(observer);
    }
}
