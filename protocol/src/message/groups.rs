//! Running a group: its settings, roles, invitations and links, and who is kept out.

use serde::{Deserialize, Serialize};

use super::open::open_enum;
use crate::{
    id::{ClientId, RoomId, UserId},
    number::U53,
};

open_enum! {
    /// To whom a room is open.
    RoomAccess {
        /// It is listed, and anybody joins.
        0 Public,
        /// To strangers there is no such room.
        1 Invited,
    }
}

open_enum! {
    /// From where on new members see the log. Who comes back sees it from there on.
    RoomHistory {
        0 Start,
        1 Joining,
    }
}

open_enum! {
    /// What a room is.
    RoomKind {
        0 Group,
        /// A chat of two.
        1 Private,
    }
}

open_enum! {
    /// What somebody is in a room.
    RoomRole {
        /// No member.
        0 None,
        1 Member,
        2 Admin,
        3 Owner,
    }
}

open_enum! {
    /// What a [`RoomChange`] is about.
    RoomSetting {
        /// `text` is the name.
        0 Name,
        /// `text` is the topic, which may be empty.
        1 Topic,
        /// `value` is a [`RoomAccess`].
        2 Access,
        /// `value` is a [`RoomHistory`].
        3 History,
        /// `value` is how many milliseconds a member waits from one post to the next, 0 for
        /// not at all. Admins and the owner do not wait.
        4 SlowMode,
        /// `value` is 1 if nobody posts any more, 0 if they do again.
        5 Archived,
        /// Somebody has made a link into the room. Not in a `ChangeRoom`.
        6 LinkMade,
        /// Somebody has taken one back. Not in a `ChangeRoom`.
        7 LinkGone,
    }
}

open_enum! {
    /// What is done to somebody.
    MemberAction {
        0 Invite,
        /// Takes an invitation back; where the author is who was invited, they have declined.
        1 Uninvite,
        /// They are no member any more, and may come back as they came.
        2 Remove,
        /// The same, also to who is no member; they may not come back.
        3 Ban,
        4 Unban,
        /// They are an admin from here on.
        5 Promote,
        /// They are a member as any other from here on.
        6 Demote,
        /// They own the room from here on; who did is an admin.
        7 HandOver,
    }
}

open_enum! {
    /// Those beside the members of a room.
    OutsideList {
        0 Invited,
        1 Banned,
    }
}

/// One setting of a room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomChange {
    pub setting: RoomSetting,
    /// Empty where the setting has none.
    pub text: String,
    /// 0 where the setting has none.
    pub value: u32,
}

/// Something done to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberChange {
    pub action: MemberAction,
    pub user: UserId,
    /// As they were called then.
    pub name: String,
}

/// Creates a group whose owner is the user. Answered by `RoomAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateGroup {
    pub request: u32,
    pub client_id: ClientId,
    pub name: String,
    pub topic: String,
    pub access: RoomAccess,
    pub history: RoomHistory,
}

/// Changes one setting; what is so already is no error. For admins and the owner; whether it is
/// archived, to whom it is open and what new members see is for the owner alone. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeRoom {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    pub change: RoomChange,
}

/// Deletes a group for good, with all that was ever said in it: for its owner alone. What is
/// deleted already is no error to who has deleted it. Answered by `Done`; the last entry of the
/// room's log is an `EntryRoomDeleted`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeleteRoom {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
}

/// Does something to somebody; what is so already is no error. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeMember {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    pub user: UserId,
    pub action: MemberAction,
}

/// Declines an invitation, which `JoinRoom` accepts. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclineInvitation {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
}

/// A page of those who are invited or banned, in the order of their ids; for admins and the
/// owner. Answered by `OutsidePage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListOutside {
    pub request: u32,
    pub room: RoomId,
    pub list: OutsideList,
    /// Continue behind this user; nothing for the first page.
    pub after: Option<UserId>,
    pub limit: u32,
}

/// See [`ListOutside`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutsidePage {
    pub request: u32,
    pub people: Vec<Outsider>,
    pub more: bool,
}

/// Somebody who is invited or banned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outsider {
    pub user: UserId,
    pub name: String,
    /// Who invited or banned them.
    pub by: UserId,
    pub by_name: String,
    pub at_ms: U53,
}

/// Makes a link by which whoever has its text comes in. Answered by `RoomLinkMade`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MakeRoomLink {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    /// Seconds until it expires.
    pub life_s: u32,
    /// How many may come in by it.
    pub uses_max: u32,
}

/// The link that was made. A retry is answered with the same text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLinkMade {
    pub request: u32,
    pub link: RoomLinkInfo,
    /// What to hand out, which nobody is told again. It stands behind `#` in the address of
    /// a page.
    pub text: String,
}

/// A link into a room, without what opens it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLinkInfo {
    /// For taking it back.
    pub id: String,
    pub by: UserId,
    pub by_name: String,
    pub created_ms: U53,
    pub expires_ms: U53,
    pub uses_max: u32,
    pub uses: u32,
}

/// Every link of a room that is still open; for admins and the owner. Answered by `RoomLinks`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRoomLinks {
    pub request: u32,
    pub room: RoomId,
}

/// See [`ListRoomLinks`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomLinks {
    pub request: u32,
    pub links: Vec<RoomLinkInfo>,
}

/// Takes a link back. For who made it, admins and the owner. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RevokeRoomLink {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    /// See [`RoomLinkInfo`].
    pub link: String,
}

/// Looks where a link leads, or goes there. Answered by `RoomAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenRoomLink {
    pub request: u32,
    pub client_id: ClientId,
    /// The text of a [`RoomLinkMade`].
    pub text: String,
    /// Whether to come in, which is one use. Members do not use it up.
    pub join: bool,
}

/// What rooms are, before what names them: an answer, an entry of the user's own log, or a
/// `Resumed` whose room does not go on from the client's cursor. Later changes are entries of the
/// room's log, but for `closed`: of a private chat it comes by itself then, and before each
/// `Resumed` of a request that names it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDetails {
    /// At most 500.
    pub rooms: Vec<RoomDetail>,
}

/// See [`RoomDetails`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomDetail {
    pub room: RoomId,
    pub kind: RoomKind,
    /// The other one of a private chat, by whom it is called and whose avatar it shows.
    pub with: Option<UserId>,
    /// Empty of a private chat, which has none.
    pub name: String,
    pub topic: String,
    pub access: RoomAccess,
    pub history: RoomHistory,
    pub members: u32,
    /// Who is no member owns nothing. All zero of a private chat.
    pub owner: UserId,
    /// What the user is in it.
    pub role: RoomRole,
    /// Milliseconds between two posts of a member.
    pub slow_mode_ms: u32,
    /// Nobody posts.
    pub archived: bool,
    /// Nothing can be posted now.
    pub closed: bool,
}

/// Those of the `MemberPage` behind it who are more than members; before a page that has any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRoles {
    pub roles: Vec<MemberRole>,
}

/// See [`MemberRoles`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRole {
    pub user: UserId,
    pub role: RoomRole,
}

/// What the lines `RoomChange` and `MemberChange` of the page that follows say, answered by the
/// same request. Comes only with a page that has any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageChanges {
    pub request: u32,
    /// In the order of the page.
    pub rooms: Vec<MessageRoomChange>,
    /// In the order of the page.
    pub members: Vec<MessageMemberChange>,
}

/// A change of the room, as a line of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageRoomChange {
    pub seq: U53,
    pub change: RoomChange,
}

/// Something done to somebody, as a line of history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageMemberChange {
    pub seq: U53,
    pub change: MemberChange,
}
