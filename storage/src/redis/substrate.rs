//! Redis under the aggregates.

use rill_protocol::{Epoch, RoomId, TransferId, UserId};
use std::sync::Arc;

use super::{bell::Changes, core::Core};
use crate::{
    StoreError,
    aggregates::{Slot, Substrate},
    embedded::{Observers, queue::Reply, tx::Tx, view::View},
    model::{ContentId, DueContents, Entry, Pending, Transfer},
    record::KeyRing,
};

/// See [`crate::redis`].
pub(crate) struct Redis {
    pub(super) core: Arc<Core>,
}

impl Substrate for Redis {
    fn read<T: Send>(
        &self,
        slot: Slot,
        read: impl Fn(&View<'_>) -> Result<T, StoreError> + Send,
    ) -> impl Future<Output = Result<T, StoreError>> + Send {
        self.core.read(slot, read)
    }

    fn write<T: Send + 'static>(
        &self,
        slot: Slot,
        command: impl Fn(&mut Tx<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Reply<T> {
        self.core.submit(slot, command)
    }

    fn pending(&self, limit: usize) -> impl Future<Output = Result<Vec<Pending>, StoreError>> + Send {
        self.core.pending(limit)
    }

    fn expired_transfers(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Transfer>, StoreError>> + Send {
        self.core.expired_transfers(untouched_since_ms, after, limit)
    }

    fn due_contents(
        &self,
        now_ms: u64,
        after: Option<ContentId>,
        limit: usize,
    ) -> impl Future<Output = Result<DueContents, StoreError>> + Send {
        self.core.due_contents(now_ms, after, limit)
    }

    fn observers(&self) -> &Observers {
        &self.core.observers
    }

    fn ring(&self) -> &KeyRing {
        &self.core.ring
    }

    fn scrub(&self, room: RoomId, seq: u64) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.core.scrub(room, seq)
    }

    fn erased(&self, room: RoomId) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.core.remove_spent(room)
    }

    fn doubt(&self, room: RoomId) -> impl Future<Output = Result<(), StoreError>> + Send {
        self.core.doubt(room)
    }

    fn told(&self, room: RoomId, epoch: Epoch, last: &Entry, changes: &[u8]) {
        self.core.seen.told(room, epoch, last);
        if let Some(changes) = Changes::read(changes)
            && let Some(known) = self.core.slots.find(Slot::Room(room))
        {
            known.remembered.told(&changes);
        }
    }
}
