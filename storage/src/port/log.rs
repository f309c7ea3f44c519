//! A room's log: the one place where a change of a room becomes true.

use async_trait::async_trait;
use rill_protocol::{Epoch, RoomId, UserId};
use std::{pin::Pin, sync::Arc};

use crate::{
    StoreError,
    doorbell::Doorbell,
    model::{Anchor, Appended, End, Entry, Erased, Head, Membership, MessagePage, NewBatch, NewEntry},
};

/// Why an append was not made. Nothing was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendRefused {
    NoSuchRoom,
    /// It is deleted.
    Deleted,
    /// Posting needs a membership.
    NotAMember,
    /// The room has as many members as allowed.
    RoomFull,
    /// A join by a member, a leave by somebody who is none, a file of somebody else or one
    /// that is settled: nothing to change.
    Unchanged,
    /// The author has used as many client ids in this room as the store remembers.
    TooManyKeys,
    /// Some client ids of a batch were used before and others were not.
    KeysMixed,
    /// What they are in the room does not allow it.
    NotAllowed,
    /// They may not come in.
    Banned,
    /// The link is unknown, expired or used up.
    BadLink,
    /// Of whom it is about: they are no member.
    NoSuchMember,
    /// Whoever owns a room with others in it hands it over before they leave.
    OwnerStays,
    /// Nobody posts here now.
    Archived,
    Closed,
    /// It is too soon after the author's last post.
    TooSoon {
        wait_ms: u64,
    },
    /// Several posts at once, where the author has to wait between two.
    OneAtATime,
    /// As many invitations or links as a room has place for.
    TooManyOpen,
    /// There is no such post, or not for them.
    NoSuchMessage,
}

/// What an append comes to: the store failed, the change was refused, or it is done.
pub type AppendResult = Result<Result<Appended, AppendRefused>, StoreError>;

/// Resolves when the entry is durable, or was refused.
pub type Append = Pin<Box<dyn Future<Output = AppendResult> + Send>>;

/// What a batch comes to: one answer for each of its posts, in their order, or none made.
pub type AppendBatchResult = Result<Result<Vec<Appended>, AppendRefused>, StoreError>;

/// Resolves when every post of a batch is durable, or none was made.
pub type AppendBatch = Pin<Box<dyn Future<Output = AppendBatchResult> + Send>>;

/// Is told of entries in the order of their seqs, after they are durable and before
/// their appends return. Called on the store's own thread: it must not block.
pub trait LogObserver: Send + Sync {
    /// `entries` are contiguous within the room.
    fn appended(&self, room: RoomId, epoch: Epoch, entries: &[Arc<Entry>]);
}

/// The end of a log, and entries up to it or of before it.
pub type Tail = (Head, Vec<Arc<Entry>>);

/// A part of a log and what somebody may see of it, of one moment.
#[derive(Clone, Debug)]
pub struct Sight<T> {
    /// Nothing for who was never a member.
    pub membership: Option<Membership>,
    pub part: T,
}

/// Each method touches one room.
#[async_trait]
pub trait Log: Send + Sync {
    /// Checks and writes entry, body, idempotency key, membership, mark and
    /// projection in one atomic batch. The write is queued when this method is
    /// called, before its future is first polled: calls made one after the other are
    /// appended in that order. What somebody's own log is to hear of, and what changes whether
    /// a room is listed, leaves a [`crate::model::Pending`] behind, whose fact says which.
    fn append(&self, room: RoomId, entry: NewEntry) -> Append;
    /// Appends several posts in one atomic batch, with seqs that follow each other; queued as
    /// [`Self::append`] is. A batch all of whose client ids are known is a retry, and gets
    /// the originals.
    fn append_batch(&self, room: RoomId, batch: NewBatch) -> AppendBatch;
    /// The end of a log.
    async fn head(&self, room: RoomId) -> Result<Option<Head>, StoreError>;
    /// Entries behind `after`, oldest first: at most `limit`, and no more once their
    /// bodies exceed `bytes` (but at least one).
    async fn entries(
        &self,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Vec<Arc<Entry>>, StoreError>;
    /// The end of a log and the entries behind `after`, bounded as above; `None` if there
    /// is no such room. The entries are of the head's epoch if that was the log's epoch
    /// before the call: a log never goes back to an epoch.
    async fn tail(&self, room: RoomId, after: u64, limit: usize, bytes: usize) -> Result<Option<Tail>, StoreError> {
        // The head behind the entries: it is theirs, or a later one.
        let entries = self.entries(room, after, limit, bytes).await?;
        Ok(self.head(room).await?.map(|head| (head, entries)))
    }
    /// A page of messages; `None` if there is no such room. Bounds as above.
    async fn messages(
        &self,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<MessagePage>, StoreError>;
    /// [`Self::tail`] for somebody.
    async fn tail_for(
        &self,
        user: UserId,
        room: RoomId,
        after: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<Tail>>, StoreError>;
    /// The end of a log, what the room is there, and how somebody stands in it.
    async fn end_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<End>>, StoreError>;
    /// [`Self::messages`] for somebody.
    async fn messages_for(
        &self,
        user: UserId,
        room: RoomId,
        anchor: Anchor,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError>;
    /// The newest messages with files before a seq, for somebody. Bounds as above.
    async fn files_for(
        &self,
        user: UserId,
        room: RoomId,
        before: u64,
        limit: usize,
        bytes: usize,
    ) -> Result<Option<Sight<MessagePage>>, StoreError>;
    /// The entries that a doorbell brings, which another node has committed; none where it
    /// brings none.
    ///
    /// # Errors
    /// What it brings is not such entries: then the log is to be read.
    fn told(&self, room: RoomId, bell: &Doorbell<'_>) -> Result<Vec<Arc<Entry>>, StoreError>;
    /// Somebody was shown more of a log than there is: where the store is elsewhere it may have
    /// gone back, or another one than this was heard. What this node has seen of the log is held
    /// against it, and if it is not there the log goes on in a new epoch. Harmless where that is
    /// not so.
    async fn doubt(&self, _room: RoomId) -> Result<(), StoreError> {
        Ok(())
    }
    /// What is left to do about a message that was removed; `None` for one that was not.
    async fn erased(&self, room: RoomId, seq: u64) -> Result<Option<Erased>, StoreError>;
    /// Does the rest about a message that was removed, once nothing refers to its file any more:
    /// the file is forgotten, and parts of the log that are sealed are written anew without the
    /// message. Doing it again is harmless.
    async fn scrub(&self, room: RoomId, seq: u64) -> Result<(), StoreError>;
    /// Adds an observer for the store's life.
    fn observe(&self, observer: Arc<dyn LogObserver>);
}
