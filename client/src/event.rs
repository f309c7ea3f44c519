//! What a client tells its application.

use rill_protocol::{
    ClientId, Epoch, RoomId, U53, UserId,
    message::{
        DeliveredSeq, FileInfo, FileState, MemberChange, MemberRole, Message, MessageFile, MessageMemberChange,
        MessageRoomChange, Notify, PresenceDetail, PresenceSlot, ProfileAnswer, ReadState, Receipt, Replay, RoomAvatar,
        RoomChange, RoomDetail, RoomInfo, UserAvatar, UserInfo,
    },
};
use std::time::Duration;
use tokio::sync::mpsc;

use crate::{Failure, TransportKind};

/// One thing that happened, in the order in which the application must apply it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// The way to the server changed.
    State(State),
    /// The user is a member of this room; also sent again when what is known of it changed.
    RoomAdded(RoomInfo),
    /// The user is no longer a member, or the room is gone.
    RoomRemoved(RoomId),
    /// Somebody wants the user in a room, which [`crate::Client::join_room`] accepts; also sent again
    /// when the client comes online.
    Invited { room: RoomInfo, by: UserId, by_name: String },
    /// The invitation was accepted, declined or taken back.
    InvitationGone(RoomId),
    /// The live tail of a room begins anew: entries above `base` follow. What lies
    /// between the last entry given out and `base` is history.
    Tail {
        room: RoomId,
        epoch: Epoch,
        base: u64,
        /// The end of the log when the server answered.
        head: u64,
        cause: TailCause,
    },
    /// An entry, once and in the order of its seq.
    Entry(Entry),
    /// Avatars of users as they are now: of those that were named by an answer or to this client
    /// and have, or had, one; of its own user; and again whenever one of these changes.
    UserAvatars(Vec<UserAvatar>),
    /// The same of rooms, where one is named to this client. Later changes are entries of the room:
    /// [`EntryKind::Avatar`]. An avatar of a smaller version than the known one is an older one.
    RoomAvatars(Vec<RoomAvatar>),
    /// What rooms are, before this client hears of them otherwise, and where it steps over what
    /// changed them. Later changes are entries of the room: [`EntryKind::RoomChange`]. Of a chat of
    /// two it comes whenever that is resumed, closed or opened, and says who the other one is.
    RoomDetails(Vec<RoomDetail>),
    /// Of the members that the next answered page names, those who are more than members.
    MemberRoles(Vec<MemberRole>),
    /// The custom emoji are others than those of another version: [`crate::http::Api::emoji`] has
    /// them. Told when the client comes online, if there ever were any, and at every change.
    Emoji { version: u64 },
    /// How the user stands in rooms, as far as the server knows at each state's `as_of`: where
    /// anything is unread when a room is resumed, and whenever another device has moved a mark or
    /// a post names the user. Each post behind that is one more unread, or the user's own, with
    /// which nothing is. A room that is resumed without one has nothing unread.
    Read(Vec<ReadState>),
    /// Up to where others have read in the room in view: the largest of each counts.
    Receipts { room: RoomId, receipts: Vec<Receipt> },
    /// Up to where chats of two have arrived at a device of the other one: the largest of each
    /// counts. What they have read, or what stands before a post of theirs, has arrived too.
    Delivered(Vec<DeliveredSeq>),
    /// What the user wants of a room, which an application begins with `All`, neither pinned nor
    /// archived. It goes with the room, and so does the draft.
    RoomPreferences { room: RoomId, notify: Notify, pinned: bool, archived: bool },
    /// What stands in a room's field and was not posted, on whatever device; empty at first.
    Draft { room: RoomId, text: String },
    /// Whether others are not told how far the user has read; they are at first.
    ReceiptsHidden(bool),
    /// Whether somebody is there, of those whom [`crate::Client::watch`] names: as it is now, and
    /// at every change. Where the connection is lost all of it is unknown until it is told again.
    Presence(Vec<PresenceSlot>),
    /// How many people are online in the room in view, where that has more members than may be
    /// watched: when it comes into view, and now and then when that has changed.
    RoomOnline { room: RoomId, online: u32 },
    /// What else is to be shown of them, where there is anything; of the client's own user
    /// [`Event::OwnProfile`] says it.
    PresenceDetails(Vec<PresenceDetail>),
    /// Users who are shown by another name from now on: of those who are watched, and the client's
    /// own.
    UserNames(Vec<UserInfo>),
    /// The user's own profile and settings: when the client comes online, if there ever were any,
    /// and at every change.
    OwnProfile(Box<ProfileAnswer>),
    /// Somebody writes in a room, or has stopped. Shown for [`TYPING_LIFE_MS`] at most, and no
    /// longer than until an entry by them comes.
    ///
    /// [`TYPING_LIFE_MS`]: rill_protocol::limits::TYPING_LIFE_MS
    Typing { room: RoomId, user: UserId, is_typing: bool },
    /// A post of this client is durable.
    Posted(Posted),
    /// A post of this client was refused for good.
    PostFailed { room: RoomId, client_id: ClientId, failure: Failure },
}

/// Why a tail begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TailCause {
    /// The room is new to this client.
    Started,
    /// Too much happened while the client was away to replay it all.
    Limited,
    /// The log is another one: forget everything that is kept of the room.
    EpochChanged,
}

/// The way to the server.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum State {
    /// Under way.
    Connecting,
    /// Attached, and the list of rooms is complete.
    Online { transport: TransportKind },
    /// Interrupted; the client tries again by itself.
    Offline { reason: String, retry_in: Duration },
    /// The login ended: the application must log in again with a new client.
    LoggedOut(Failure),
    /// Over: repeating it would not help.
    Stopped(Failure),
    /// Over, because this side said so.
    Closed,
}

/// One entry of a room's log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub room: RoomId,
    pub epoch: Epoch,
    pub seq: u64,
    /// The server's clock, milliseconds UTC.
    pub at_ms: u64,
    pub author: UserId,
    /// The client id of the request that made it.
    pub client_id: ClientId,
    pub kind: EntryKind,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntryKind {
    Created {
        name: String,
    },
    Posted {
        text: String,
    },
    /// A message with a file, which is on its way until a `FileSettled` of its seq.
    File {
        /// What stands beside it.
        text: String,
        file: FileInfo,
    },
    /// A file is whole, or never will be.
    FileSettled {
        /// The seq of its message.
        target: u64,
        state: FileState,
    },
    Joined,
    Left,
    /// The room has another picture, or none any more.
    Avatar {
        /// For the address of the picture.
        version: u64,
        is_set: bool,
    },
    /// A setting of the room is another from here on.
    RoomChange(RoomChange),
    /// Something was done to somebody.
    MemberChange(MemberChange),
    /// Not for this user.
    Hidden,
    /// Its text was deleted.
    Erased,
    /// A message is gone: nothing of it is to be shown any more.
    Deleted {
        /// Its seq.
        target: u64,
    },
    /// The room is deleted. It comes once, whatever is missing in front of it, and the
    /// [`Event::RoomRemoved`] of the room is behind it.
    RoomDeleted,
    /// A kind of a later version.
    Unknown(u32),
}

/// A page of history, oldest message first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryPage {
    pub epoch: Epoch,
    /// The log's head when the page was read: the messages are as of this entry.
    pub as_of: U53,
    pub messages: Vec<Message>,
    /// Those of the messages that have any, in their order, as they were at that moment.
    pub files: Vec<MessageFile>,
    /// What those of its messages say that are changes of the room.
    pub room_changes: Vec<MessageRoomChange>,
    /// The same of changes of somebody.
    pub member_changes: Vec<MessageMemberChange>,
    /// Where the next page in the same direction begins; nothing at the end.
    pub next: Option<U53>,
}

/// A post that is on the server's disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Posted {
    pub room: RoomId,
    pub client_id: ClientId,
    pub epoch: Epoch,
    pub seq: u64,
    pub at_ms: u64,
    /// Whether an earlier attempt had made the entry.
    pub replay: Replay,
}

/// The bounded stream of events. Dropping it leaves the client running, silently.
#[derive(Debug)]
pub struct Events(pub(crate) mpsc::Receiver<Event>);

impl Events {
    /// The next event; `None` when the client has ended. Cancel safe.
    pub async fn next(&mut self) -> Option<Event> {
        self.0.recv().await
    }

    /// Appends up to `limit` events to `out`, waiting only for the first; 0 when the
    /// client has ended. Cancel safe.
    pub async fn next_many(&mut self, out: &mut Vec<Event>, limit: usize) -> usize {
        self.0.recv_many(out, limit).await
    }
}
