//! Transfers: files on their way in, kept by who sends them.

use async_trait::async_trait;
use rill_protocol::{RoomId, TransferId, UserId};

use crate::{
    StoreError,
    blobs::Progress,
    model::{NewTransfer, Transfer, TransferBounds, TransferState},
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
    /// With what the user keeps and what is under way it would be more than they may keep.
    QuotaExceeded,
    /// The name or the media type is longer than they may be.
    TooLong,
}

/// What came of noting how far a transfer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advanced {
    /// It is at least so far.
    Noted,
    /// Somebody else writes it by now ([`Transfers::take`]). Nothing was written.
    Taken,
    /// It is not under way. Nothing was written.
    Ended,
}

/// Each method touches one user, but for [`Self::expired`].
///
/// **What a user keeps** is what their transfers have become: bytes of messages, by the place
/// of the message ([`Self::done`], [`Self::forget`], [`Self::kept`]). The same bytes sent twice
/// are kept twice, wherever they lie: nobody learns by their quota what is stored already.
///
/// **Who may remove a transfer's blob follows from its state. While it is open, or failed
/// without a digest, the blob is the transfer's own: it is removed first, the row after it.
/// From finishing on it may be claimed, and belongs to its content: a sweep spends it there
/// and removes the row, and never the blob itself. So it is too for one whose bytes have another
/// digest than was promised ([`crate::blobs::Finished::Other`]): it fails, and is spent.
/// Whatever is made of a blob is called after it, by a keyed hash of its name: so who removes
/// the one knows the others, also if nobody got to write down what was made.
///
/// **Whoever writes** takes it first ([`Self::take`]), and is the only one from then on: who did
/// so before, also in another process, is told by [`Self::advance`], or by a look at
/// [`Transfer::writer`], and stops. So does who is told that the transfer is not under way. A sweep may have removed the blob already, before some of what this
/// one has written. If the row says that it has failed without a digest, its writer removes the
/// blob again; if it says anything else, or there is none, the blob may be a content's by now, and
/// is left alone. What is left over then is found by [`crate::strays`], later.
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
    /// Somebody writes it from here on, and it lives; returns their number, or nothing if it is
    /// not under way.
    async fn take(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<Option<u64>, StoreError>;
    /// Notes how far it is, and that it lives, for the one who writes it. Who is told late that
    /// it is less far than was noted changes nothing.
    async fn advance(
        &self,
        user: UserId,
        id: TransferId,
        writer: u64,
        progress: Progress,
        now_ms: u64,
    ) -> Result<Advanced, StoreError>;
    /// Notes the pending message that it fills; returns whether it is under way. The first
    /// one stays.
    async fn announce(
        &self,
        user: UserId,
        id: TransferId,
        message: (RoomId, u64),
        now_ms: u64,
    ) -> Result<bool, StoreError>;
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
    /// finishing gets done; from then on its user keeps its bytes as those of the message that
    /// it has filled, unless that was forgotten before.
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
    /// Removes the rows of a transfer; returns whether it was there. What is kept stays so.
    async fn remove(&self, user: UserId, id: TransferId) -> Result<bool, StoreError>;
    /// Bytes that a user keeps.
    async fn kept(&self, user: UserId) -> Result<u64, StoreError>;
    /// A message is gone, and with it its file: its bytes are not kept any more, also if its
    /// transfer is told as done after this. Returns whether they were. Harmless when it is done
    /// again.
    async fn forget(&self, user: UserId, room: RoomId, seq: u64) -> Result<bool, StoreError>;
    /// Transfers of any user that nobody has touched since then, in the order of users and
    /// ids, behind one of them: for the sweep, which goes on there whatever it could do about
    /// those before.
    async fn expired(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError>;
}
