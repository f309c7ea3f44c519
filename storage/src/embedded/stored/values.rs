//! What stands in the fields of records, and [`Body`], a record that is an enum. They change no more than
//! records do: enums are append only.

use rill_protocol::{ClientId, RoomId, UserId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use crate::record::Record;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RoomKind {
    Group,
    Private { a: UserId, b: UserId },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Access {
    Public,
    Invited,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum HistoryFrom {
    Start,
    Joining,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum RoomRole {
    Member,
    Admin,
    Owner,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Target {
    Message { room: RoomId, client_id: ClientId },
    UserAvatar,
    RoomAvatar { room: RoomId },
    Emoji,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum TransferState {
    Open,
    Finishing { digest: [u8; 32] },
    Done,
    Failed { code: u32, digest: Option<[u8; 32]> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    Member,
    Administrator,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Act {
    AccountMade,
    AccountDisabled,
    AccountEnabled,
    PasswordReset,
    RoleGiven,
    RoleTaken,
    LoginsEnded,
    InvitationMade,
    InvitationRevoked,
    AvatarRemoved,
    MessageRemoved,
    ReportClosed,
    RoomDeleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ActOutcome {
    Begun,
    Done,
    Failed,
}

/// How a report ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closed {
    pub(crate) by: UserId,
    pub(crate) at_ms: u64,
    pub(crate) outcome: ReportOutcome,
    pub(crate) note: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum ReportOutcome {
    Nothing,
    MessageRemoved,
    AccountDisabled,
    Other,
}

/// The text of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Text {
    /// The fact has none.
    None,
    Here(#[serde(with = "shared")] Arc<str>),
    /// In the rows of [`Body`].
    Apart,
    /// It had one, which was deleted.
    Erased,
}

/// A text that others hold too, as any other text.
mod shared {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use std::sync::Arc;

    pub(super) fn serialize<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(deserializer).map(Arc::from)
    }
}

/// A text that lies beside its entry, or the part of it that fits into a row. A deleted one
/// leaves `Erased`, so that a row that is missing is always damage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Body {
    Text {
        part: String,
        /// How many rows the text has.
        parts: u16,
    },
    Erased,
}

impl Record for Body {
    const FORMAT: u8 = 1;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Fact {
    Created,
    Posted,
    Joined,
    Left,
    File,
    FileSettled { target: u64 },
    Avatar { version: u64, is_set: bool },
    Renamed,
    Topic,
    Access(Access),
    History(HistoryFrom),
    SlowMode(u32),
    Archived(bool),
    Role { user: UserId, role: RoomRole },
    Removed { user: UserId },
    Banned { user: UserId },
    Unbanned { user: UserId },
    Invited { user: UserId },
    Uninvited { user: UserId },
    LinkMade,
    LinkGone,
    Deleted { target: u64 },
    RoomDeleted,
}

impl Fact {
    /// Whether a body lies beside it.
    pub(crate) fn has_body(self) -> bool {
        match self {
            Self::Created | Self::Posted | Self::File | Self::Renamed | Self::Topic => true,
            Self::Role { .. } | Self::Removed { .. } | Self::Banned { .. } | Self::Unbanned { .. } => true,
            Self::Invited { .. } | Self::Uninvited { .. } => true,
            Self::Joined | Self::Left | Self::FileSettled { .. } | Self::Avatar { .. } => false,
            Self::Access(_) | Self::History(_) | Self::SlowMode(_) | Self::Archived(_) => false,
            Self::LinkMade | Self::LinkGone | Self::Deleted { .. } | Self::RoomDeleted => false,
        }
    }

    /// Whether it counts among the posts of its log.
    pub(crate) fn is_post(self) -> bool {
        matches!(self, Self::Posted | Self::File)
    }

    /// Whom an entry of this fact is about, beside who wrote it.
    pub(crate) fn about(self) -> Option<UserId> {
        match self {
            Self::Role { user, .. } | Self::Removed { user } | Self::Banned { user } => Some(user),
            Self::Unbanned { user } | Self::Invited { user } | Self::Uninvited { user } => Some(user),
            _ => None,
        }
    }

    /// The message whose file an entry of this fact speaks of.
    pub(crate) fn file_of(self, seq: u64) -> Option<u64> {
        match self {
            Self::File => Some(seq),
            Self::FileSettled { target } => Some(target),
            _ => None,
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Voice {
    pub(crate) duration_ms: u32,
    pub(crate) waveform: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum FileState {
    Pending,
    Complete { content: [u8; 32], size: u64, media_type: String, image: Option<Image> },
    Failed { code: u32 },
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Image {
    pub(crate) width: u32,
    pub(crate) height: u32,
    pub(crate) animated: bool,
    pub(crate) blur_hash: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum PictureFormat {
    Jpeg,
    Png,
    Gif,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rendering {
    pub(crate) format: PictureFormat,
    pub(crate) size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Picture {
    pub(crate) content: [u8; 32],
    pub(crate) blob: [u8; 32],
    pub(crate) large: Rendering,
    pub(crate) small: Option<Rendering>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UserFact {
    RoomAdded,
    RoomRemoved,
}

/// What an entry of a user's own log is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum UserSubject {
    RoomAdded(RoomId),
    RoomRemoved(RoomId),
    Key { kind: u8, id: [u8; 16] },
}

/// What is known under a key of a user's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum KeyFact {
    Invited { by: UserId },
    InvitationGone,
    RoomSettings { notify: Notify, is_pinned: bool, is_archived: bool },
    Draft(Text),
    Setting(Vec<u8>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Notify {
    All,
    Mentions,
    None,
}

/// Visible seqs, `until` not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Range {
    pub(crate) from: u64,
    pub(crate) until: Option<u64>,
}

/// How many request keys a day's bucket holds for one user in one room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeyDay {
    pub(crate) day: u32,
    pub(crate) count: u32,
}
