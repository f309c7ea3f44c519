//! The records on disk. None of these structs ever changes: another shape is another
//! format, and the old one stays readable. Enums are append only.

use rill_protocol::{ClientId, Epoch, RoomId, SessionId, UserId};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

use super::cache::{Cache, Slots};
use crate::{
    StoreError,
    record::{self, Record},
    table::Table,
};

/// A line is `format Name { fields }`. A record that had other shapes names them behind
/// it, `was format Name { fields }`; each turns into the present one by `From`. One that
/// the committer remembers says where, `in field`.
macro_rules! records {
    ($(
        $(#[$doc:meta])* $format:literal $name:ident { $($field:ident: $type:ty,)* }
        $(in $remembered:ident)?
        $(was $older_format:literal $older:ident { $($older_field:ident: $older_type:ty,)* })*
    )*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub(crate) struct $name {
            $(pub(crate) $field: $type,)*
        }

        $(
            #[derive(Debug, Serialize, Deserialize)]
            pub(crate) struct $older {
                $(pub(crate) $older_field: $older_type,)*
            }
        )*

        impl Record for $name {
            const FORMAT: u8 = $format;

            fn from_older(_table: Table, format: u8, _payload: &[u8]) -> Option<Result<Self, StoreError>> {
                match format {
                    $($older_format => Some(record::decode::<$older>(_table, _payload).map(Self::from)),)*
                    _ => None,
                }
            }

            $(fn remembered(cache: &mut Cache) -> Option<&mut Slots<Self>> {
                Some(&mut cache.$remembered)
            })?
        }
    )*};
}

records! {
    /// What the store is. Its format stays 1 for ever, so that every version can read
    /// which version the data has.
    1 Meta { data_version: u32, secret: [u8; 32], }

    2 User { name: String, password_hash: String, created_ms: u64, role: Role, disabled_ms: Option<u64>, }
        was 1 UserOfFormat1 { name: String, password_hash: String, created_ms: u64, }

    1 Name { holder: UserId, at_ms: u64, }

    2 Session { token: [u8; 32], created_ms: u64, client: String, used_ms: u64, }
        was 1 SessionOfFormat1 { token: [u8; 32], created_ms: u64, client: String, }

    1 Token { session: SessionId, }

    1 Ticket { session: SessionId, expires_ms: u64, }

    /// What seldom changes about a room.
    2 Room {
        name: String,
        creator: UserId,
        created_ms: u64,
        parent: Option<RoomId>,
        created_by: [u8; 32],
        kind: RoomKind,
        access: Access,
        topic: String,
        owner: UserId,
    }
        was 1 RoomOfFormat1 {
            name: String,
            creator: UserId,
            created_ms: u64,
            parent: Option<RoomId>,
            created_by: [u8; 32],
        }

    /// What every entry changes, or asks.
    2 RoomHead {
        epoch: Epoch,
        seq: u64,
        at_ms: u64,
        posts: u64,
        members: u32,
        history: HistoryFrom,
        slow_mode_ms: u32,
        archived_ms: Option<u64>,
        closed_by: u8,
        is_deleted: bool,
    } in room_heads
        was 1 RoomHeadOfFormat1 { epoch: Epoch, seq: u64, at_ms: u64, posts: u64, members: u32, }

    /// Its text lies in it, unless that is long.
    2 Entry { at_ms: u64, author: UserId, client_id: ClientId, posts: u64, fact: Fact, text: Text, }
        was 1 EntryOfFormat1 { at_ms: u64, author: UserId, client_id: ClientId, posts: u64, fact: Fact, }

    /// A message as it is now, where that is something else than its entry. Its text is
    /// that of the entry `body_seq`: its own, or the latest edit.
    1 Message {
        at_ms: u64,
        author: UserId,
        client_id: ClientId,
        fact: Fact,
        edits: u32,
        body_seq: u64,
    }

    2 Membership { ranges: Vec<Range>, joined_ms: u64, is_admin: bool, } in members
        was 1 MembershipOfFormat1 { ranges: Vec<Range>, joined_ms: u64, }

    /// How far a user has read, and how many request keys each of the last days holds.
    ///
    /// `mark_posts` are the posts up to the mark, where that is known; `read_seq` is the mark
    /// where it was furthest.
    2 Standing {
        mark_seq: u64,
        key_days: Vec<KeyDay>,
        mark_posts: Option<u64>,
        mark_version: u64,
        read_seq: u64,
        moved_back_by: Option<ClientId>,
    } in standings
        was 1 StandingOfFormat1 { mark_seq: u64, key_days: Vec<KeyDay>, }

    /// Lies under whom the post names.
    1 Mention { author: UserId, }

    1 RequestKey { seq: u64, digest: [u8; 32], }

    1 Pending { user: UserId, fact: Fact, at_ms: u64, }

    1 Place { created_ms: u64, }

    /// `first` is the oldest entry that is kept, or the next one where none is.
    1 UserHead { epoch: Epoch, seq: u64, first: u64, }

    /// What it says beside of a room stands in the row of its key.
    2 UserEntry { at_ms: u64, subject: UserSubject, }
        was 1 UserEntryOfFormat1 { at_ms: u64, fact: UserFact, room: RoomId, }

    /// The latest entry about one room, and the room's entry that caused it.
    1 UserRoom { seq: u64, at_ms: u64, cause_seq: u64, }

    /// The latest entry about one key, the room's entry that caused it, or the request.
    1 UserKey { seq: u64, at_ms: u64, cause_seq: u64, client_id: Option<ClientId>, fact: KeyFact, }

    1 Invitation { secret: [u8; 32], created_ms: u64, expires_ms: u64, uses_max: u32, uses: u32, }

    /// Somebody has used an invitation.
    1 InvitationUse { at_ms: u64, }

    /// The blob with a segment of a log.
    1 Segment { blob: [u8; 32], bytes: u64, }

    1 Archived { through: u64, }

    /// A blob that held a segment before that was written anew.
    1 SpentSegment { }

    1 Transfer {
        blob: [u8; 32],
        target: Target,
        name: String,
        size: u64,
        media_type: String,
        created_ms: u64,
        touched_ms: u64,
        message: Option<(RoomId, u64)>,
        state: TransferState,
    }

    /// What the digest needs of whole parts lies beside, and who writes it.
    2 TransferProgress { durable: u64, values: Vec<[u8; 32]>, writer: u64, }
        was 1 TransferProgressOfFormat1 { durable: u64, values: Vec<[u8; 32]>, }

    1 Content { key: [u8; 32], blob: [u8; 32], size: u64, facts: Vec<u8>, created_ms: u64, }

    1 ContentDue { key: [u8; 32], }

    /// Something needs a content.
    1 Reference { }

    1 PendingReference { until_ms: u64, }

    /// Its name stays for a while after it is gone.
    1 SpentBlob { facts: Vec<u8>, gone_ms: Option<u64>, }

    /// The file of a message, as it is now.
    1 AttachedFile { transfer: [u8; 16], name: String, size: u64, voice: Option<Voice>, state: FileState, }

    /// `None` where the message was forgotten before its transfer was told as done.
    1 KeptFile { bytes: Option<u64>, }

    1 KeptBytes { bytes: u64, }

    /// Of a user or a room. It stays when the picture goes, for its version.
    1 Avatar { version: u64, picture: Option<Picture>, }

    1 UserCard {
        version: u64,
        name: String,
        language: String,
        time_zone: String,
        is_unlisted: bool,
        hides_seen: bool,
    }

    1 UserStatus { do_not_disturb: bool, emoji: String, text: String, until_ms: Option<u64>, }

    1 UserSeen { at_ms: u64, }

    /// `is_told`: the other one's slot says so too.
    1 Block { at_ms: u64, is_told: bool, }

    1 BlockedBy { at_ms: u64, }

    1 EmojiSet { version: u64, }

    1 Emoji {
        name: String,
        picture: Picture,
        width: u32,
        height: u32,
        animated: bool,
        source: [u8; 32],
        added_by: UserId,
        added_ms: u64,
        version: u64,
    }

    1 Ban { by: UserId, at_ms: u64, }

    1 RoomInvitation { by: UserId, at_ms: u64, }

    1 RoomLink { secret: [u8; 32], creator: UserId, created_ms: u64, expires_ms: u64, uses_max: u32, uses: u32, }

    1 LastPost { at_ms: u64, }

    1 Arrival { seq: u64, }

    /// `acts` and `reports` are the last numbers given, `at_ms` the time of the last act.
    1 Desk { acts: u64, reports: u64, at_ms: u64, }

    1 AuditEntry {
        at_ms: u64,
        by: UserId,
        act: Act,
        user: Option<UserId>,
        room: Option<RoomId>,
        number: Option<u64>,
        detail: String,
        outcome: ActOutcome,
    }

    1 Report {
        at_ms: u64,
        reporter: UserId,
        client_id: ClientId,
        user: UserId,
        message: Option<(RoomId, u64)>,
        reason: String,
        is_quoted: bool,
        file: Option<String>,
        closed: Option<Closed>,
    }

    1 Erasure { through: u64, }

    1 ReportKey { number: u64, digest: [u8; 32], at_ms: u64, is_open: bool, }
}

impl From<RoomOfFormat1> for Room {
    /// Rooms were groups for everybody, and nobody's: they are their creators'.
    fn from(older: RoomOfFormat1) -> Self {
        let RoomOfFormat1 { name, creator, created_ms, parent, created_by } = older;
        let (kind, access, topic, owner) = (RoomKind::Group, Access::Public, String::new(), creator);
        Self { name, creator, created_ms, parent, created_by, kind, access, topic, owner }
    }
}

impl From<RoomHeadOfFormat1> for RoomHead {
    fn from(older: RoomHeadOfFormat1) -> Self {
        let RoomHeadOfFormat1 { epoch, seq, at_ms, posts, members } = older;
        Self { seq, posts, members, ..Self::new(epoch, at_ms) }
    }
}

/// Of the two of a private chat each closes it with a bit of their own.
pub(crate) const CLOSED_BY_A: u8 = 1;
pub(crate) const CLOSED_BY_B: u8 = 2;

impl RoomHead {
    /// Before the first entry.
    pub(crate) fn new(epoch: Epoch, at_ms: u64) -> Self {
        Self {
            epoch,
            seq: 0,
            at_ms,
            posts: 0,
            members: 0,
            history: HistoryFrom::Start,
            slow_mode_ms: 0,
            archived_ms: None,
            closed_by: 0,
            is_deleted: false,
        }
    }
}

impl From<MembershipOfFormat1> for Membership {
    fn from(older: MembershipOfFormat1) -> Self {
        let MembershipOfFormat1 { ranges, joined_ms } = older;
        Self { ranges, joined_ms, is_admin: false }
    }
}

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

impl From<EntryOfFormat1> for Entry {
    /// Texts lay in rows of their own.
    fn from(older: EntryOfFormat1) -> Self {
        let EntryOfFormat1 { at_ms, author, client_id, posts, fact } = older;
        let text = if fact.has_body() { Text::Apart } else { Text::None };
        Self { at_ms, author, client_id, posts, fact, text }
    }
}

impl From<StandingOfFormat1> for Standing {
    fn from(older: StandingOfFormat1) -> Self {
        let StandingOfFormat1 { mark_seq, key_days } = older;
        Self { mark_seq, key_days, read_seq: mark_seq, ..Self::default() }
    }
}

impl Default for Standing {
    /// Of who has read nothing.
    fn default() -> Self {
        let (key_days, mark_posts, moved_back_by) = (Vec::new(), None, None);
        Self { mark_seq: 0, key_days, mark_posts, mark_version: 0, read_seq: 0, moved_back_by }
    }
}

impl From<UserEntryOfFormat1> for UserEntry {
    /// It spoke of rooms alone.
    fn from(older: UserEntryOfFormat1) -> Self {
        let UserEntryOfFormat1 { at_ms, fact, room } = older;
        let subject = match fact {
            UserFact::RoomAdded => UserSubject::RoomAdded(room),
            UserFact::RoomRemoved => UserSubject::RoomRemoved(room),
        };
        Self { at_ms, subject }
    }
}

impl From<TransferProgressOfFormat1> for TransferProgress {
    fn from(older: TransferProgressOfFormat1) -> Self {
        let TransferProgressOfFormat1 { durable, values } = older;
        Self { durable, values, writer: 0 }
    }
}

impl From<UserOfFormat1> for User {
    fn from(older: UserOfFormat1) -> Self {
        let UserOfFormat1 { name, password_hash, created_ms } = older;
        Self { name, password_hash, created_ms, role: Role::Member, disabled_ms: None }
    }
}

impl From<SessionOfFormat1> for Session {
    /// When it was used was not written down: at its beginning, to be sure.
    fn from(older: SessionOfFormat1) -> Self {
        let SessionOfFormat1 { token, created_ms, client } = older;
        Self { token, created_ms, client, used_ms: created_ms }
    }
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

/// Before the first act and the first report.
impl Default for Desk {
    fn default() -> Self {
        Self { acts: 0, reports: 0, at_ms: 0 }
    }
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
