//! Redis under the aggregates.

use std::sync::Arc;

use super::core::Core;
use crate::{
    StoreError,
    aggregates::{Slot, Substrate},
    embedded::{Observers, queue::Reply, tx::Tx, view::View},
    model::{DueContents, Pending, Transfer},
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
        limit: usize,
    ) -> impl Future<Output = Result<Vec<Transfer>, StoreError>> + Send {
        self.core.expired_transfers(untouched_since_ms, limit)
    }

    fn due_contents(&self, now_ms: u64, limit: usize) -> impl Future<Output = Result<DueContents, StoreError>> + Send {
        self.core.due_contents(now_ms, limit)
    }

    fn observers(&self) -> &Observers {
        &self.core.observers
    }
}
