//! The records on disk. None of these structs ever changes: another shape is another
//! format, and the old one stays readable. Enums are append only.

use rill_protocol::{ClientId, Epoch, RoomId, SessionId, UserId};
use serde::{Deserialize, Serialize};

use super::cache::{Cache, Slots};
use crate::{
    StoreError,
    record::{self, Record},
    table::Table,
};

mod older;
mod values;

pub(crate) use values::*;

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

impl Default for Standing {
    /// Of who has read nothing.
    fn default() -> Self {
        let (key_days, mark_posts, moved_back_by) = (Vec::new(), None, None);
        Self { mark_seq: 0, key_days, mark_posts, mark_version: 0, read_seq: 0, moved_back_by }
    }
}

/// Before the first act and the first report.
impl Default for Desk {
    fn default() -> Self {
        Self { acts: 0, reports: 0, at_ms: 0 }
    }
}
