//! What rooms are besides their logs: of what kind, open to whom, and who may do what in them.

use rill_protocol::UserId;
use std::{fmt, sync::Arc};

use super::Digest;

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
