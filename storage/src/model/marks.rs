//! How far people have read, and whom a post names.

use rill_protocol::{ClientId, UserId};

use super::{Head, Room};

/// How far a member has read, and what is left of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The last entry that the user has read.
    pub mark_seq: u64,
    /// Rises whenever the mark moves.
    pub version: u64,
    /// The head at which the rest was counted.
    pub as_of: u64,
    /// Posts behind the mark that the user may see, up to
    /// [`rill_protocol::limits::UNREAD_COUNT_MAX`].
    pub unread: u32,
    /// Of those, the ones by others that name the user, as many at most.
    pub mentions: u32,
}

/// How somebody moves their mark.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NewMark {
    /// Up to this entry. It never goes back.
    Read(u64),
    /// This entry, and what is behind it, is to be unread: the one way back.
    Unread {
        seq: u64,
        /// The last one that moved a mark back does it once.
        client_id: ClientId,
    },
}

/// Up to where others know that somebody has read. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    pub user: UserId,
    pub seq: u64,
}

/// Whom a post names. Who is no member when it is appended is not named by it, nor is its author.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    pub users: Vec<UserId>,
    /// Whoever may see it, now or later.
    pub everyone: bool,
}

/// The end of a log and what the room is there, for somebody.
#[derive(Clone, Debug)]
pub struct End {
    pub head: Head,
    pub room: Room,
    /// Of a member.
    pub reading: Option<Reading>,
    /// Up to where a private chat has arrived at the other one of its two.
    pub arrival: Option<u64>,
}
