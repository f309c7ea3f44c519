//! What a handle asks of the session.

use bytes::Bytes;
use rill_protocol::{
    ClientId, RoomId, U53, UserId,
    codec::frame,
    message::{
        CreateRoom, Direction, FindPeople, GetMessages, GetProfile, GetReceipts, GetUsers, HideReceipts, JoinRoom,
        LeaveRoom, ListMembers, ListRooms, MarkRead, MarkUnread, MemberPage, Notify, OpenPrivateChat, OutsidePage,
        PeoplePage, ProfileAnswer, ReadState, ReceiptPage, RoomInfo, RoomLinkInfo, RoomLinkMade, RoomPage, SetBlock,
        SetDraft, SetProfile, SetRoomPreferences, SetStatus, UserInfo,
    },
};
use tokio::sync::oneshot;

use super::Pending;
use crate::{Error, NewProfile, NewStatus, event::HistoryPage, groups::GroupRequest, moderation::ModerationRequest};

/// One thing a handle wants.
pub(crate) enum Command {
    Post(Pending),
    Ask(Ask),
    View(Option<RoomId>),
    /// Whose presence is told.
    Watch(Vec<UserId>),
    /// Whether the device is in use.
    Idle(bool),
    Typing {
        room: RoomId,
        is_typing: bool,
    },
    /// This machine has another address.
    Rebind,
}

impl Command {
    pub(crate) fn ask(request: Request, answer: oneshot::Sender<Result<Answer, Error>>) -> Self {
        Self::Ask(Ask { request, answer, tries: 0 })
    }
}

/// A request that waits for its answer, over as many connections as it takes. What
/// changes something carries a client id, so that asking again is harmless.
#[derive(Debug)]
pub(crate) struct Ask {
    pub(crate) request: Request,
    pub(crate) answer: oneshot::Sender<Result<Answer, Error>>,
    /// How often the server asked to try again.
    pub(crate) tries: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    CreateRoom { client_id: ClientId, name: String },
    JoinRoom { client_id: ClientId, room: RoomId },
    LeaveRoom { client_id: ClientId, room: RoomId },
    ListRooms { after: Option<RoomId>, limit: u32 },
    ListMembers { room: RoomId, after: Option<UserId>, limit: u32 },
    GetUsers { users: Vec<UserId> },
    GetMessages { room: RoomId, direction: Direction, seq: u64, limit: u32 },
    FindPeople { text: String, after: Option<UserId>, limit: u32 },
    GetProfile { user: UserId },
    SetProfile(NewProfile),
    SetStatus(NewStatus),
    SetBlock { user: UserId, is_blocked: bool },
    Group(GroupRequest),
    OpenPrivateChat { user: UserId },
    Moderation(ModerationRequest),
    MarkRead { room: RoomId, seq: u64 },
    MarkUnread { client_id: ClientId, room: RoomId, seq: u64 },
    GetReceipts { room: RoomId, after: Option<UserId>, limit: u32 },
    SetRoomPreferences { client_id: ClientId, room: RoomId, change: PreferencesChange },
    SetDraft { client_id: ClientId, room: RoomId, text: String },
    HideReceipts { client_id: ClientId, hidden: bool },
}

/// What is to be another of what the user wants of a room.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PreferencesChange {
    pub notify: Option<Notify>,
    pub pinned: Option<bool>,
    pub archived: Option<bool>,
}

impl Request {
    /// Whether it travels on a history stream.
    pub(crate) fn is_history(&self) -> bool {
        matches!(self, Self::GetMessages { .. })
    }

    /// The frame, under a number.
    pub(crate) fn encode(&self, request: u32) -> Bytes {
        match self.clone() {
            Self::CreateRoom { client_id, name } => frame(&CreateRoom { request, client_id, name }),
            Self::JoinRoom { client_id, room } => frame(&JoinRoom { request, client_id, room }),
            Self::LeaveRoom { client_id, room } => frame(&LeaveRoom { request, client_id, room }),
            Self::ListRooms { after, limit } => frame(&ListRooms { request, after, limit }),
            Self::ListMembers { room, after, limit } => frame(&ListMembers { request, room, after, limit }),
            Self::Group(body) => body.encode(request),
            Self::OpenPrivateChat { user } => frame(&OpenPrivateChat { request, user }),
            Self::Moderation(body) => body.encode(request),
            Self::GetUsers { users } => frame(&GetUsers { request, users }),
            Self::GetMessages { room, direction, seq, limit } => {
                frame(&GetMessages { request, room, direction, seq: U53::saturating(seq), limit })
            }
            Self::FindPeople { text, after, limit } => frame(&FindPeople { request, text, after, limit }),
            Self::GetProfile { user } => frame(&GetProfile { request, user }),
            Self::SetProfile(NewProfile { chosen_name, language, time_zone, is_listed, shows_seen }) => {
                frame(&SetProfile { request, chosen_name, language, time_zone, is_listed, shows_seen })
            }
            Self::SetBlock { user, is_blocked } => frame(&SetBlock { request, user, is_blocked }),
            Self::SetStatus(NewStatus { do_not_disturb, emoji, text, until_ms }) => {
                let until_ms = U53::saturating(until_ms.unwrap_or_default());
                frame(&SetStatus { request, do_not_disturb, emoji, text, until_ms })
            }
            Self::MarkRead { room, seq } => frame(&MarkRead { request, room, seq: U53::saturating(seq) }),
            Self::MarkUnread { client_id, room, seq } => {
                frame(&MarkUnread { request, client_id, room, seq: U53::saturating(seq) })
            }
            Self::GetReceipts { room, after, limit } => frame(&GetReceipts { request, room, after, limit }),
            Self::SetRoomPreferences { client_id, room, change } => {
                let PreferencesChange { notify, pinned, archived } = change;
                frame(&SetRoomPreferences { request, client_id, room, notify, pinned, archived })
            }
            Self::SetDraft { client_id, room, text } => frame(&SetDraft { request, client_id, room, text }),
            Self::HideReceipts { client_id, hidden } => frame(&HideReceipts { request, client_id, hidden }),
        }
    }
}

#[derive(Clone, Debug)]
pub(crate) enum Answer {
    Done,
    Room(RoomInfo),
    Rooms(RoomPage),
    Members(MemberPage),
    Users(Vec<UserInfo>),
    Messages(HistoryPage),
    People(PeoplePage),
    Profile(ProfileAnswer),
    Outside(OutsidePage),
    LinkMade(RoomLinkMade),
    Links(Vec<RoomLinkInfo>),
    Marked(ReadState),
    Receipts(ReceiptPage),
}
