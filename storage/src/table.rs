//! The tables: every key begins with its table's number.

macro_rules! tables {
    ($($(#[$doc:meta])* $number:literal $name:ident $text:literal)*) => {
        /// What a record is about. Numbers are on disk: append only, never reuse.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Table {
            $($(#[$doc])* $name = $number,)*
        }

        impl Table {
            /// The table with that number.
            pub(crate) const fn of(number: u8) -> Option<Self> {
                match number {
                    $($number => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// For error messages.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

tables! {
    /// One row: the data's version and the store's secret.
    0 Meta "meta"
    /// user
    1 User "user"
    /// name key
    2 Name "name"
    /// user, session
    3 Session "session"
    /// user, token digest
    4 Token "token"
    /// user, ticket digest
    5 Ticket "ticket"
    /// room
    6 Room "room"
    /// room
    7 RoomHead "room_head"
    /// room, seq
    8 Entry "entry"
    /// room, seq, part
    9 Body "body"
    /// room, seq
    10 Message "message"
    /// room, user: those who are members now
    11 Member "member"
    /// room, user: those who were
    12 FormerMember "former_member"
    /// room, user: what every post of the user touches
    13 Standing "standing"
    /// day, room, user, client id
    14 RequestKey "request_key"
    /// room, seq
    15 Pending "pending"
    /// creation time, room
    16 Directory "directory"
    /// room: its place in the directory
    17 Place "place"
    /// user
    18 UserHead "user_head"
    /// user, seq
    19 UserEntry "user_entry"
    /// user, room: rooms that the user is in
    20 UserRoom "user_room"
    /// user, room: rooms that the user has left
    21 UserRoomGone "user_room_gone"
    /// creator, invitation
    22 Invitation "invitation"
    /// creator, invitation, user: who has used it
    23 InvitationUse "invitation_use"
    /// room, seq of its first entry: where a part of the log lies that Redis need not hold
    24 Segment "segment"
    /// room: up to where there are such parts
    25 Archived "archived"
    /// user, transfer
    26 Transfer "transfer"
    /// user, transfer: how much of its blob is durable
    27 TransferProgress "transfer_progress"
    /// content
    28 Content "content"
    /// content: it has pending references or spent blobs
    29 ContentDue "content_due"
    /// content, reference
    30 Reference "reference"
    /// content, reference: not known to be true
    31 PendingReference "pending_reference"
    /// content, blob
    32 SpentBlob "spent_blob"
    /// room, seq
    33 AttachedFile "attached_file"
    /// user, room, seq: the file of a message that counts among what the user keeps
    34 KeptFile "kept_file"
    /// user: bytes of all of those
    35 KeptBytes "kept_bytes"
    /// user
    36 UserAvatar "user_avatar"
    /// room
    37 RoomAvatar "room_avatar"
    /// One row: the version of all custom emoji.
    38 EmojiSet "emoji_set"
    /// emoji
    39 Emoji "emoji"
    /// room, user: who may not come in
    40 Ban "ban"
    /// room, user: who is invited
    41 RoomInvitation "room_invitation"
    /// room, link
    42 RoomLink "room_link"
    /// room, user: when they posted last, while it was slow
    43 LastPost "last_post"
    /// room, user: up to where a private chat has arrived at somebody
    44 Arrival "arrival"
    /// user, kind, what of that kind: the latest entry of a user's own log about it
    50 UserKey "user_key"
    /// user, room, part: a draft that is long
    51 DraftPart "draft_part"
    /// room, user, seq: a post names somebody
    52 Mention "mention"
    /// user: what they say of themselves
    60 UserCard "user_card"
    /// user: what they say of the moment
    61 UserStatus "user_status"
    /// user: when they were there last
    62 UserSeen "user_seen"
    /// user, user: whom the first one wants to hear nothing of
    63 Block "block"
    /// user, user: who wants to hear nothing of the first one
    64 BlockedBy "blocked_by"
    /// room, blob: held a part of a log before that was written anew
    70 SpentSegment "spent_segment"
    /// One row: how far the administrators' desk counts.
    71 Desk "desk"
    /// seq
    72 AuditEntry "audit_entry"
    /// number
    73 OpenReport "open_report"
    /// number
    74 ClosedReport "closed_report"
    /// number, part: what an open report quotes
    75 ReportPart "report_part"
    /// reporter, client id
    76 ReportKey "report_key"
    /// room: up to where the log of one that is deleted is erased
    77 Erasure "erasure"
}
