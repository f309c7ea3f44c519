//! Contents: what files hold, stored once, for as long as something refers to it.

use async_trait::async_trait;

use crate::{
    StoreError,
    blobs::BlobName,
    model::{Content, ContentKey, DueContents, Offer, Reference},
};

/// What came of a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The blob that was offered is the content's.
    Ours(Content),
    /// Another blob holds it already; the one that was offered is spent.
    Theirs(Content),
    /// The blob that was offered was spent before: nothing refers to it, it is collected once more
    /// if it was gone, and must be sent again into another.
    Spent,
}

/// Each method touches one content, but for [`Self::due`]. Doing any of them again is
/// harmless.
///
/// The order of the whole: the blob is finished; it is claimed, with a reference that is
/// pending; what refers to it becomes true (an entry of a room's log); the reference is
/// confirmed. What a stop leaves between two of them is found by [`Self::due`]: a pending
/// reference whose time has come is confirmed if what it names is true, and released once it
/// is sure that it never will be; nobody else lets go of one. With its last reference a
/// content is gone and its blob spent: whoever claims it then brings a blob of their own. A
/// spent blob is removed from its place and then told as collected, and for a while
/// ([`crate::limits::SPENT_BLOB_KEPT_MS`]) its name is kept, so that a claim of it that comes
/// late is refused. One whose claim was stopped behind its first step is sent again under its own
/// name if it was collected meanwhile: brought again, it is collected again. Who was asleep past all
/// of that may have written it, and stop before they claim it: so at the end of that time it is due
/// once more, whatever came, and its name is forgotten behind that.
#[async_trait]
pub trait Contents: Send + Sync {
    /// Claims a content for a reference, with a blob that is finished.
    async fn claim(
        &self,
        content: ContentKey,
        offer: Offer,
        reference: Reference,
        until_ms: u64,
        now_ms: u64,
    ) -> Result<Claimed, StoreError>;
    /// Adds a pending reference to a content that is stored; `None` if it is not.
    async fn refer(
        &self,
        content: ContentKey,
        reference: Reference,
        until_ms: u64,
    ) -> Result<Option<Content>, StoreError>;
    /// What a reference names is true, and is released before it is not; returns whether the
    /// reference is there.
    async fn confirm(&self, content: ContentKey, reference: Reference) -> Result<bool, StoreError>;
    /// As [`Self::confirm`], of what may cease to be true without being released: only who made the
    /// reference pending until that time, or found it so, may. One that was doubted since stays
    /// pending, so that a word that comes late keeps nothing for ever.
    async fn confirm_until(&self, content: ContentKey, reference: Reference, until_ms: u64)
    -> Result<bool, StoreError>;
    /// What a reference names may be about to go: it is pending, and until another time than it was
    /// if it was already, so that whoever finds it due looks. Returns whether the reference is there.
    async fn doubt(&self, content: ContentKey, reference: Reference, until_ms: u64) -> Result<bool, StoreError>;
    /// What a reference names is gone, or never came; returns whether the reference was
    /// there.
    async fn release(&self, content: ContentKey, reference: Reference) -> Result<bool, StoreError>;
    /// As [`Self::release`], of a reference whose time has come and that nothing has made true: one
    /// that was confirmed, or got more time, since somebody looked stays. Returns whether it went.
    async fn expire(&self, content: ContentKey, reference: Reference, now_ms: u64) -> Result<bool, StoreError>;
    /// Spends a blob that was to be offered and is not going to be; returns `false` if it is
    /// the content's, which stays.
    async fn spend(&self, content: ContentKey, offer: Offer) -> Result<bool, StoreError>;
    /// A content that is stored.
    async fn get(&self, content: ContentKey) -> Result<Option<Content>, StoreError>;
    /// Some of what refers to a content: the confirmed ones.
    async fn references(&self, content: ContentKey, limit: usize) -> Result<Vec<Reference>, StoreError>;
    /// What a collector has to do, of at most so many contents behind one of them: for the
    /// sweep, which goes on with [`DueContents::next`] whatever it could do about those before.
    async fn due(&self, now_ms: u64, after: Option<ContentKey>, limit: usize) -> Result<DueContents, StoreError>;
    /// A spent blob is gone from its place: at first, or when it was looked for once more.
    async fn collected(&self, content: ContentKey, blob: BlobName, now_ms: u64) -> Result<(), StoreError>;
}
