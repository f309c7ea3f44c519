//! A room's log: its entries, the changes that make them, and the messages that they come to.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::sync::Arc;

use super::{
    Access, AttachedFile, Digest, FileState, HistoryFrom, LinkId, MemberAct, Mentions, Picture, RoomLink, RoomRole,
    Rule, Setting,
};

/// A fact of a room's log. Facts hold no text: that is the entry's [`Body`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// The body is the room's name.
    Created,
    /// The body is the text.
    Posted,
    Joined,
    Left,
    /// A post with a file: the body is the text beside it.
    File,
    /// The file of the message `target` is not on its way any more.
    FileSettled {
        target: u64,
    },
    /// The room has another picture, or none any more: its avatar from here on.
    Avatar {
        version: u64,
        is_set: bool,
    },
    /// The body is the room's name from here on.
    Renamed,
    /// The body is the room's topic from here on.
    Topic,
    Access(Access),
    History(HistoryFrom),
    /// Milliseconds between two posts of a member.
    SlowMode(u32),
    Archived(bool),
    /// Of this and what follows about somebody the body is what they were called. If they own
    /// the room from here on, who did is an admin.
    Role {
        user: UserId,
        role: RoomRole,
    },
    Removed {
        user: UserId,
    },
    /// Also somebody who was no member.
    Banned {
        user: UserId,
    },
    Unbanned {
        user: UserId,
    },
    Invited {
        user: UserId,
    },
    /// They have declined, or it was taken back.
    Uninvited {
        user: UserId,
    },
    LinkMade,
    LinkGone,
    /// The message `target` is gone: its text, its file and whom it named.
    Deleted {
        target: u64,
    },
    /// The room is gone, with all that it held: the last entry of its log.
    RoomDeleted,
}

impl Fact {
    /// Who is not a member any more from an entry of this fact on, which is the last that they see.
    pub fn leaver(self, author: UserId) -> Option<UserId> {
        match self {
            Self::Left => Some(author),
            Self::Removed { user } | Self::Banned { user } => Some(user),
            _ => None,
        }
    }

    /// Whether somebody says something with it: what unread messages are counted of.
    pub fn is_post(self) -> bool {
        matches!(self, Self::Posted | Self::File)
    }
}

/// The text beside a fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The fact has none.
    None,
    Text(Arc<str>),
    /// It had one, which was deleted.
    Erased,
}

/// One entry of a room's log, joined with its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub seq: u64,
    pub at_ms: u64,
    pub author: UserId,
    pub client_id: ClientId,
    /// How many posts the log holds up to and with this entry.
    pub posts: u64,
    pub fact: Fact,
    pub body: Body,
    /// As it is now, of an entry that speaks of one.
    pub file: Option<Arc<AttachedFile>>,
}

impl Entry {
    /// The entry that this one speaks of: itself, or the message that it changes.
    pub fn target_seq(&self) -> u64 {
        match self.fact {
            Fact::FileSettled { target } | Fact::Deleted { target } => target,
            _ => self.seq,
        }
    }
}

/// The end of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    pub epoch: Epoch,
    pub seq: u64,
    pub at_ms: u64,
    /// Posts in the log.
    pub posts: u64,
}

/// A change asked for.
#[derive(Clone, Debug)]
pub struct NewEntry {
    pub author: UserId,
    pub client_id: ClientId,
    /// The clock when it was asked; the entry gets this or the time of the entry
    /// before it, whichever is later.
    pub at_ms: u64,
    /// Of the content, to tell a retry from another request under the same client id.
    pub digest: Digest,
    pub change: Change,
    /// Of a post.
    pub mentions: Mentions,
}

/// Several posts of one author, to be made together.
#[derive(Clone, Debug)]
pub struct NewBatch {
    pub author: UserId,
    /// As in [`NewEntry`].
    pub at_ms: u64,
    /// In the order in which they are to stand in the log.
    pub posts: Vec<NewPost>,
}

/// One post of a [`NewBatch`].
#[derive(Clone, Debug)]
pub struct NewPost {
    pub client_id: ClientId,
    /// As in [`NewEntry`].
    pub digest: Digest,
    pub text: Arc<str>,
    pub mentions: Mentions,
}

/// What a [`NewEntry`] does to the room.
#[derive(Clone, Debug)]
pub enum Change {
    /// Members only. Moves the author's mark to the new entry.
    Post(Arc<str>),
    /// Opens a visible range: from the first entry for somebody who was never a
    /// member, if the room's history is theirs, else from the joining entry. Into a room that
    /// is not public only with an invitation, which goes. Whoever comes into an empty room
    /// owns it. Moves the mark there.
    Join,
    /// Closes the range behind the leaving entry, which the member still sees. The owner leaves
    /// last.
    Leave,
    /// As [`Self::Join`], by a link with that secret, of which it is one use.
    JoinByLink(Digest),
    /// The author does not want to come, who was invited and is called so.
    Decline {
        name: Arc<str>,
    },
    Set {
        setting: Setting,
        rule: Rule,
    },
    /// `name` is what they are called.
    Member {
        user: UserId,
        name: Arc<str>,
        act: MemberAct,
        rule: Rule,
    },
    MakeLink {
        link: RoomLink,
        rule: Rule,
    },
    RevokeLink {
        link: LinkId,
        rule: Rule,
    },
    /// As [`Self::Post`], with a file that is on its way.
    File {
        text: Arc<str>,
        file: Arc<AttachedFile>,
    },
    /// Says once what became of the author's file of the message `target`, which was on its
    /// way. Takes no membership, and is never refused for what the author did besides.
    SettleFile {
        target: u64,
        state: FileState,
    },
    /// Gives the room another picture, or none, if its avatar is the one of version
    /// `replaces`. Members only.
    Avatar {
        picture: Option<Picture>,
        replaces: u64,
    },
    /// Takes what a post says, what its file is called and its request's digest out of the log
    /// for good, and takes back that it names these. What is left to do about its file and about
    /// sealed parts of the log is pending: see [`crate::port::Log::erased`].
    Remove {
        target: u64,
        /// All whom it may have named.
        named: Vec<UserId>,
        rule: Rule,
        reach: Reach,
    },
    /// Deletes the room: nothing is read of it any more but that it is deleted, and nothing is
    /// appended. What it holds is erased by a second call: see [`crate::port::Rooms::remains`].
    Delete {
        rule: Rule,
        reach: Reach,
    },
}

/// Whose messages somebody removes, or which rooms somebody deletes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Those that they may see, as a member.
    Seen,
    /// Any.
    All,
}

/// A message that was removed, of which something is left to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Erased {
    pub author: UserId,
    /// As it was when the message was removed, but for its name; none once it is forgotten.
    pub file: Option<AttachedFile>,
}

/// Whether a client id was seen before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replay {
    First,
    Same,
    Different,
}

/// An entry that is durable and visible.
#[derive(Clone, Debug)]
pub struct Appended {
    pub epoch: Epoch,
    /// The new entry, or on a replay the one that the client id made.
    pub entry: Arc<Entry>,
    pub replay: Replay,
}

/// A message as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub seq: u64,
    pub at_ms: u64,
    pub author: UserId,
    pub client_id: ClientId,
    pub fact: Fact,
    pub body: Body,
    pub edits: u32,
    /// As it is now, of a message that has one.
    pub file: Option<Arc<AttachedFile>>,
}

/// Where to read messages from; the seq itself is not included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Anchor {
    Before(u64),
    After(u64),
}

/// A page of the projection, oldest message first.
#[derive(Clone, Debug)]
pub struct MessagePage {
    pub head: Head,
    pub messages: Vec<Message>,
    /// Whether the log holds more in the direction of the anchor.
    pub more: bool,
}

/// The second call that a change of a room still needs: telling the user's log, and
/// for a creation the directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    pub room: RoomId,
    pub seq: u64,
    pub user: UserId,
    pub fact: Fact,
    pub at_ms: u64,
}
