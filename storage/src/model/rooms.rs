//! What rooms are besides their logs: of what kind, open to whom, who is in them and may do what.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::{fmt, sync::Arc};

use super::{Avatar, Digest, FileState, Picture};

/// A room as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Room {
    pub id: RoomId,
    pub name: String,
    pub creator: UserId,
    pub created_ms: u64,
    /// Reserved for spaces.
    pub parent: Option<RoomId>,
    pub members: u32,
    pub avatar: Avatar,
    pub kind: RoomKind,
    pub access: Access,
    pub topic: String,
    /// Who is no member owns nothing.
    pub owner: UserId,
    pub history: HistoryFrom,
    /// See [`Setting::SlowMode`].
    pub slow_mode_ms: u32,
    /// Since when nobody posts.
    pub archived_ms: Option<u64>,
    /// Nobody posts until those open it again who closed it.
    pub is_closed: bool,
    /// Tells a repeated creation from another one under the same client id.
    pub created_by: Digest,
}

impl Room {
    /// What somebody is in it.
    pub fn role_of(&self, member: &Membership) -> Option<RoomRole> {
        let is_owner = self.kind == RoomKind::Group && member.user == self.owner;
        let role = match (is_owner, member.is_admin) {
            (true, _) => RoomRole::Owner,
            (false, true) => RoomRole::Admin,
            (false, false) => RoomRole::Member,
        };
        member.is_active().then_some(role)
    }
}

/// What makes a room. `id` is derived by the caller from the user and the client id,
/// so that a repeated creation names the same room.
#[derive(Clone, Debug)]
pub struct NewRoom {
    pub id: RoomId,
    pub name: String,
    pub creator: UserId,
    pub client_id: ClientId,
    pub at_ms: u64,
    pub epoch: Epoch,
    pub digest: Digest,
    pub setup: RoomSetup,
}

/// Seqs `from..until` of a room; open at the end while the membership lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct VisibleRange {
    pub from: u64,
    /// The first seq that is no longer visible.
    pub until: Option<u64>,
}

/// What one user may see of one room, and how far they have read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Membership {
    pub user: UserId,
    /// In rising order, without overlap. Only the last may be open.
    pub ranges: Vec<VisibleRange>,
    /// When the last range began.
    pub joined_ms: u64,
    /// The last entry that the user has read.
    pub mark_seq: u64,
    /// Of a group, unless they own it.
    pub is_admin: bool,
}

impl Membership {
    /// Whether the user is a member now.
    pub fn is_active(&self) -> bool {
        self.ranges.last().is_some_and(|range| range.until.is_none())
    }
}

/// What a deleted room still holds, of one kind, as much of it as one command erases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Remains {
    /// They were members, and their own logs say so.
    Members(Vec<UserId>),
    /// They were invited, and their own logs may say so.
    Invited(Vec<UserId>),
    /// Messages, by whom, with what became of their files.
    Files(Vec<(u64, UserId, FileState)>),
    Avatar(Picture),
    /// What nothing else knows of.
    Rows,
}

/// What a room is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoomKind {
    #[default]
    Group,
    /// A chat of these two, `a` before `b`: nobody else ever comes in, and nobody leaves.
    Private { a: UserId, b: UserId },
}

impl RoomKind {
    /// The other one of a private chat, for one of its two.
    pub fn other(self, user: UserId) -> Option<UserId> {
        match self {
            Self::Private { a, b } if user == a => Some(b),
            Self::Private { a, b } if user == b => Some(a),
            _ => None,
        }
    }
}

/// To whom a room is open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// It is listed, and anybody joins.
    #[default]
    Public,
    /// To strangers there is no such room.
    Invited,
}

/// From where on a new member sees the log. Who comes back sees it from there on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HistoryFrom {
    #[default]
    Start,
    Joining,
}

/// What a member is in a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RoomRole {
    Member,
    Admin,
    Owner,
}

/// What a room begins with beside its name and its creator, who owns it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoomSetup {
    pub kind: RoomKind,
    pub access: Access,
    pub history: HistoryFrom,
    pub topic: String,
    /// Members from the beginning, besides the creator.
    pub members: Vec<UserId>,
}

/// All that a rule decides upon, of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    pub kind: RoomKind,
    pub access: Access,
    /// Of who asks; nothing for who is no member.
    pub actor: Option<RoomRole>,
    /// Of whom it is about.
    pub target: Option<RoomRole>,
    /// It is about who asks, or about what they made.
    pub is_own: bool,
    /// Who owns the room is a member.
    pub has_owner: bool,
}

/// Whether something may be done. The store asks where it is true: within the command that does it.
#[derive(Clone, Copy)]
pub struct Rule(pub fn(&Sides) -> bool);

impl fmt::Debug for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rule")
    }
}

/// Something of a room that its log says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Setting {
    Name(Arc<str>),
    Topic(Arc<str>),
    Access(Access),
    History(HistoryFrom),
    /// How long a member waits from one post to the next; 0 for not at all. Whoever may set
    /// it does not wait.
    SlowMode(u32),
    /// Nobody posts in an archived room.
    Archived(bool),
}

/// What is done to somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum MemberAct {
    Invite,
    /// Takes an invitation back.
    Uninvite,
    Remove,
    /// Also somebody who is no member. An invitation goes.
    Ban,
    Unban,
    Promote,
    Demote,
    /// They own the room; who owned it is an admin.
    HandOver,
}

/// A way into a room for who knows its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoomLink {
    /// Of the part of its text that only those know whom it was given to.
    pub secret: Digest,
    pub creator: UserId,
    pub created_ms: u64,
    pub expires_ms: u64,
    /// How often it can be used.
    pub uses_max: u32,
    /// How often it was.
    pub uses: u32,
}

/// A link's place among those of its room. Who knows it knows nothing of the link's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkId(pub [u8; 16]);

impl LinkId {
    /// The first half of the digest of its secret.
    pub fn of(secret: Digest) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&secret.0[..16]);
        Self(id)
    }
}

impl RoomLink {
    /// See [`LinkId::of`].
    pub fn id(&self) -> LinkId {
        LinkId::of(self.secret)
    }

    /// Whether somebody can still come in by it.
    pub fn is_open(&self, now_ms: u64) -> bool {
        now_ms < self.expires_ms && self.uses < self.uses_max
    }
}

/// Somebody who is invited to a room, or banned from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Noted {
    pub user: UserId,
    /// Who did it.
    pub by: UserId,
    pub at_ms: u64,
}
