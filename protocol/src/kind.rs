//! Every kind of frame: one table for the number, the name and the body's type.
//! Numbers are append-only; `docs/protocol.md` says where each kind may stand.

use serde::{Serialize, de::DeserializeOwned};

use crate::message::{
    control, entry, file, groups, history, lane, moderation, own, people, picture, presence, private_chat, profile,
    read_state, resume, rooms, session, stream, user,
};

/// The type of a frame's body.
pub trait Body: Serialize + DeserializeOwned {
    /// The kind that announces it.
    const KIND: Kind;
}

macro_rules! kinds {
    ($($number:literal $name:ident $body:ty;)*) => {
        /// What a frame holds.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum Kind { $(#[doc = concat!("The body is [`", stringify!($body), "`].")] $name,)* }

        impl Kind {
            /// Every kind, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// The number on the wire.
            pub const fn number(self) -> u32 {
                match self { $(Self::$name => $number,)* }
            }

            /// The kind of a number, if this version knows it.
            pub const fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }

            /// The name of the kind, which is the name of its body's type too.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name),)* }
            }

            /// Whether `body` decodes as this kind, every byte of it.
            pub fn check(self, body: &[u8]) -> Result<(), crate::codec::DecodeError> {
                match self { $(Self::$name => crate::codec::decode::<$body>(body).map(drop),)* }
            }
        }

        $(impl Body for $body { const KIND: Kind = Kind::$name; })*

        /// Calls a macro with every `Kind: type` pair, for vectors and generators.
        #[macro_export]
        macro_rules! for_every_kind {
            ($callback:ident) => { $callback! { $($name: $crate::message::$name,)* } };
        }
    };
}

// 1..=9 the first frame of a stream · 10..=19 session · 20..=57 requests and answers · 58..=59 and
// 60..=69 state and signals · 70..=79 history · 80..=89 lanes · 90..=99 files ·
// 100..=127 further requests and answers ·
// 128..=191 entries of a room · 192..=223 entries of the user's own log.
kinds! {
    1   Control        stream::Control;
    2   Lane           stream::Lane;
    3   History        stream::History;
    4   Upload         stream::Upload;
    5   Download       stream::Download;

    10  Hello          session::Hello;
    11  Welcome        session::Welcome;
    12  Attach         session::Attach;
    13  Attached       session::Attached;
    14  Resume         resume::Resume;
    15  Resumed        resume::Resumed;
    16  View           resume::View;
    17  GoAway         control::GoAway;

    20  Failed         control::Failed;
    21  Done           control::Done;
    22  Post           rooms::Post;
    23  Accepted       rooms::Accepted;
    24  CreateRoom     rooms::CreateRoom;
    25  JoinRoom       rooms::JoinRoom;
    26  LeaveRoom      rooms::LeaveRoom;
    27  RoomAnswer     rooms::RoomAnswer;
    28  ListRooms      rooms::ListRooms;
    29  RoomPage       rooms::RoomPage;
    30  ListMembers    rooms::ListMembers;
    31  MemberPage     rooms::MemberPage;
    32  GetUsers       people::GetUsers;
    33  Users          people::Users;
    34  WatchPresence  people::WatchPresence;
    35  PostBatch      rooms::PostBatch;
    36  AcceptedBatch  rooms::AcceptedBatch;

    37  CreateGroup       groups::CreateGroup;
    38  ChangeRoom        groups::ChangeRoom;
    39  ChangeMember      groups::ChangeMember;
    40  DeclineInvitation groups::DeclineInvitation;
    41  ListOutside       groups::ListOutside;
    42  MakeRoomLink      groups::MakeRoomLink;
    43  ListRoomLinks     groups::ListRoomLinks;
    44  RevokeRoomLink    groups::RevokeRoomLink;
    45  OpenRoomLink      groups::OpenRoomLink;
    50  MarkRead       read_state::MarkRead;
    51  MarkUnread     read_state::MarkUnread;
    52  Marked         read_state::Marked;
    53  SetRoomPreferences own::SetRoomPreferences;
    54  SetDraft       own::SetDraft;
    55  HideReceipts   own::HideReceipts;
    56  GetReceipts    read_state::GetReceipts;
    57  ReceiptPage    read_state::ReceiptPage;
    58  TellDelivered private_chat::TellDelivered;
    59  Delivered     private_chat::Delivered;

    60  Presence       people::Presence;
    61  Ping           control::Ping;
    62  Pong           control::Pong;
    63  UserAvatars    picture::UserAvatars;
    64  RoomAvatars    picture::RoomAvatars;
    65  EmojiVersion   picture::EmojiVersion;
    66  ReadStates     read_state::ReadStates;
    67  Receipts       read_state::Receipts;
    68  PresenceDetails presence::PresenceDetails;
    69  Typing         presence::Typing;

    70  GetMessages    history::GetMessages;
    71  MessagePage    history::MessagePage;
    72  MessageFiles   history::MessageFiles;
    73  GetRoomFiles   history::GetRoomFiles;

    80  RoomHandle     lane::RoomHandle;
    81  LaneReady      lane::LaneReady;

    90  StartUpload    file::StartUpload;
    91  UploadAt       file::UploadAt;
    92  FileChunk      file::FileChunk;
    93  EndUpload      file::EndUpload;
    94  CancelUpload   file::CancelUpload;
    95  Uploaded       file::Uploaded;
    96  GetFile        file::GetFile;
    97  FileStart      file::FileStart;

    100 RoomDetails    groups::RoomDetails;
    101 MemberRoles    groups::MemberRoles;
    102 OutsidePage    groups::OutsidePage;
    103 RoomLinkMade   groups::RoomLinkMade;
    104 RoomLinks      groups::RoomLinks;
    105 MessageChanges groups::MessageChanges;

    106 RemoveMessage  moderation::RemoveMessage;
    107 Report         moderation::Report;
    108 RoomOnline     presence::RoomOnline;

    110 SetActivity    presence::SetActivity;
    111 SetStatus      presence::SetStatus;
    112 SetProfile     profile::SetProfile;
    113 FindPeople     profile::FindPeople;
    114 PeoplePage     profile::PeoplePage;
    115 GetProfile     profile::GetProfile;
    116 ProfileAnswer  profile::ProfileAnswer;
    117 OpenPrivateChat private_chat::OpenPrivateChat;
    118 SetBlock       profile::SetBlock;
    119 UserNames      profile::UserNames;
    120 DeleteRoom     groups::DeleteRoom;

    128 EntryCreated   entry::EntryCreated;
    129 EntryPosted    entry::EntryPosted;
    130 EntryJoined    entry::EntryJoined;
    131 EntryLeft      entry::EntryLeft;
    132 EntryHidden    entry::EntryHidden;
    133 EntryErased    entry::EntryErased;
    134 EntryFile      entry::EntryFile;
    135 EntryFileSettled entry::EntryFileSettled;
    136 EntryAvatar    entry::EntryAvatar;
    137 EntryRoomChange   entry::EntryRoomChange;
    138 EntryMemberChange entry::EntryMemberChange;
    139 EntryDeleted      entry::EntryDeleted;
    140 EntryRoomDeleted  entry::EntryRoomDeleted;

    192 RoomAdded      user::RoomAdded;
    193 RoomRemoved    user::RoomRemoved;
    194 InvitedToRoom  user::InvitedToRoom;
    195 InvitationGone user::InvitationGone;
    200 RoomPreferences own::RoomPreferences;
    201 Draft          own::Draft;
    202 ReceiptsHidden own::ReceiptsHidden;
    223 UserHead       user::UserHead;
}

impl Kind {
    /// Whether frames of this number are entries of a room's log: a client that does
    /// not know the kind reads the [`entry::EntryHeader`] and advances its cursor.
    pub const fn is_room_entry(number: u32) -> bool {
        matches!(number, 128..=191)
    }

    /// The same for the user's own log, whose entries begin with a
    /// [`user::UserEntryHeader`].
    pub const fn is_user_entry(number: u32) -> bool {
        matches!(number, 192..=222)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_pinned() {
        let table: String = Kind::ALL.iter().map(|k| format!("{} {}\n", k.number(), k.name())).collect();
        assert_eq!(table, include_str!("../vectors/kinds.txt"), "kinds are append-only");
        for kind in Kind::ALL {
            assert_eq!(Kind::from_number(kind.number()), Some(*kind));
        }
    }
}
