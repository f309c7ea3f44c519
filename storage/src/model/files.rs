//! Files: transfers that bring them in, and contents that are stored once.

use rill_protocol::{ClientId, RoomId, TransferId, UserId};

use crate::blobs::{BlobName, Progress};

/// What a file is sent for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A message of a room, under the client id of its post.
    Message {
        room: RoomId,
        client_id: ClientId,
    },
    UserAvatar,
    RoomAvatar(RoomId),
    Emoji,
}

/// What begins a transfer. Name and media type are what the client says, in bounds
/// ([`crate::limits::FILE_NAME_BYTES_MAX`], [`crate::limits::MEDIA_TYPE_BYTES_MAX`]).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTransfer {
    pub user: UserId,
    pub id: TransferId,
    /// Where its bytes go: a name that was never used. A transfer that is there keeps its own.
    pub blob: BlobName,
    pub target: Target,
    pub name: String,
    pub size: u64,
    pub media_type: String,
    pub at_ms: u64,
}

/// How far a transfer is. Done and failed are final.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TransferState {
    /// Bytes are missing.
    Open,
    /// The client has said what digest they have; from here on the blob may be claimed
    /// ([`crate::port::Contents::claim`]), so it is no longer the transfer's own.
    Finishing {
        digest: [u8; 32],
    },
    Done,
    Failed {
        /// Why, as the caller numbers it.
        code: u32,
        /// It was finishing: its blob is not removed but spent
        /// ([`crate::port::Contents::spend`]).
        digest: Option<[u8; 32]>,
    },
}

impl TransferState {
    /// Whether it counts among what a user has under way.
    pub fn is_under_way(&self) -> bool {
        matches!(self, Self::Open | Self::Finishing { .. })
    }
}

/// A file on its way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer {
    pub user: UserId,
    pub id: TransferId,
    pub blob: BlobName,
    pub target: Target,
    pub name: String,
    pub size: u64,
    pub media_type: String,
    pub created_ms: u64,
    /// When somebody last did something for it.
    pub touched_ms: u64,
    /// The pending message that it fills.
    pub message: Option<(RoomId, u64)>,
    pub state: TransferState,
    pub progress: Progress,
    /// Who writes it: the number of the last one to take it, 0 before the first.
    pub writer: u64,
}

/// What one user may have under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TransferBounds {
    pub transfers_max: usize,
    /// Declared bytes of all of them.
    pub bytes_max: u64,
    /// Of those and of all that the user keeps.
    pub kept_bytes_max: u64,
}

/// A keyed hash of a content's digest and size; in keys its first half.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ContentKey(pub [u8; 32]);

impl ContentKey {
    pub(crate) fn id(self) -> ContentId {
        let mut id = [0; 16];
        id.copy_from_slice(&self.0[..16]);
        ContentId(id)
    }
}

/// A content's place among the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ContentId(pub(crate) [u8; 16]);

impl std::fmt::Display for ContentId {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().try_for_each(|byte| write!(out, "{byte:02x}"))
    }
}

/// What needs a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reference {
    Message { room: RoomId, seq: u64 },
    UserAvatar(UserId),
    RoomAvatar(RoomId),
    Emoji(super::EmojiId),
}

/// A blob for a content that may be stored already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    pub blob: BlobName,
    pub size: u64,
    /// What the caller knows of it, at most [`crate::limits::CONTENT_FACTS_BYTES_MAX`]: names
    /// of blobs that were made of it belong here, for they go when it does. They follow from its
    /// own name: see [`crate::port::Transfers`].
    pub facts: Vec<u8>,
}

/// A content that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    pub key: ContentKey,
    pub blob: BlobName,
    pub size: u64,
    pub facts: Vec<u8>,
    pub created_ms: u64,
}

/// A reference whose second call is not known to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PendingReference {
    pub content: ContentKey,
    pub reference: Reference,
    pub until_ms: u64,
}

/// A blob that nothing refers to and nothing will.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpentBlob {
    pub content: ContentKey,
    pub blob: BlobName,
    pub facts: Vec<u8>,
}

/// What a collector has to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueContents {
    /// Whose time has come: by what they refer to they are confirmed or released.
    pub pending: Vec<PendingReference>,
    /// To be removed from the place of blobs, and then told as collected.
    pub spent: Vec<SpentBlob>,
    /// Behind which content the next ones are; `None` at the end.
    pub next: Option<ContentKey>,
}

impl DueContents {
    /// Takes what is due of one more content, which may be the last that is asked for; returns
    /// whether it was.
    pub(crate) fn add(&mut self, of_one: Self, is_enough: bool) -> bool {
        let key = of_one.pending.first().map(|due| due.content).or(of_one.spent.first().map(|due| due.content));
        self.pending.extend(of_one.pending);
        self.spent.extend(of_one.spent);
        self.next = key.filter(|_| is_enough);
        self.next.is_some()
    }
}
