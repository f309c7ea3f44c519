//! Transfers: files on their way in, kept by who sends them.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use crate::{
    StoreError,
    blobs::Progress,
    model::{NewTransfer, Transfer, TransferBounds, TransferId, TransferState},
};

/// Why a transfer was not begun. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferRefused {
    /// The id has begun something else.
    Different,
    /// The user has as many under way as they may, or as are kept.
    TooMany,
    /// The declared bytes of all under way would be more than the user may have.
    TooManyBytes,
    /// The name or the media type is longer than they may be.
    TooLong,
}

/// Each method touches one user, but for [`Self::expired`].
///
/// Who may remove a transfer's blob follows from its state. While it is open, or failed
/// without a digest, the blob is the transfer's own: it is removed first, the row after it.
/// From finishing on it may be claimed, and belongs to its content: a sweep spends it there
/// and removes the row, and never the blob itself.
#[async_trait]
pub trait Transfers: Send + Sync {
    /// Begins a transfer. The same again, under the same id, is the one that is there, with
    /// its own blob, however far it is.
    async fn begin(
        &self,
        transfer: NewTransfer,
        bounds: TransferBounds,
    ) -> Result<Result<Transfer, TransferRefused>, StoreError>;
    /// A transfer.
    async fn get(&self, user: UserId, id: TransferId) -> Result<Option<Transfer>, StoreError>;
    /// Every transfer of a user, in the order of ids.
    async fn list(&self, user: UserId) -> Result<Vec<Transfer>, StoreError>;
    /// Notes how far it is, and that it lives; returns whether it is under way. Otherwise
    /// nothing is written.
    async fn advance(&self, user: UserId, id: TransferId, progress: Progress, now_ms: u64) -> Result<bool, StoreError>;
    /// Notes the pending message that it fills; returns whether it is under way. The first
    /// one stays.
    async fn announce(
        &self,
        user: UserId,
        id: TransferId,
        message: (RoomId, u64),
        now_ms: u64,
    ) -> Result<bool, StoreError>;
    /// Says that it lives; returns whether it is under way.
    async fn touch(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<bool, StoreError>;
    /// All bytes are there; returns the state that it has now. One that is finishing with
    /// another digest, done or failed, stays so.
    async fn finish(
        &self,
        user: UserId,
        id: TransferId,
        digest: [u8; 32],
        now_ms: u64,
    ) -> Result<Option<TransferState>, StoreError>;
    /// What it was for has happened; returns the state that it has now. Only one that is
    /// finishing gets done.
    async fn done(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<Option<TransferState>, StoreError>;
    /// It will not come to its end; returns the state that it has now. With `untouched_since_ms`
    /// only if nobody has touched it since then.
    async fn fail(
        &self,
        user: UserId,
        id: TransferId,
        code: u32,
        untouched_since_ms: Option<u64>,
    ) -> Result<Option<TransferState>, StoreError>;
    /// Removes the rows of a transfer; returns whether it was there.
    async fn remove(&self, user: UserId, id: TransferId) -> Result<bool, StoreError>;
    /// Transfers of any user that nobody has touched since then: for the sweep.
    async fn expired(&self, untouched_since_ms: u64, limit: usize) -> Result<Vec<Transfer>, StoreError>;
}
