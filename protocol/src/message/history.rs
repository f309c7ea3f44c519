//! History: messages as they are now, in pages, on streams of their own.

use serde::{Deserialize, Serialize};

use super::{
    file::{FileInfo, FileState},
    open::open_enum,
};
use crate::{
    id::{ClientId, Epoch, RoomId, UserId},
    number::U53,
};

/// Asks for messages before or after a seq, which is not itself included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetMessages {
    pub request: u32,
    pub room: RoomId,
    pub direction: Direction,
    pub seq: U53,
    /// At most 100.
    pub limit: u32,
}

open_enum! {
    /// Where to read from `seq`.
    Direction {
        /// The newest messages older than `seq`.
        0 Before,
        /// The oldest messages newer than `seq`.
        1 After,
    }
}

/// One page, oldest message first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessagePage {
    pub request: u32,
    pub epoch: Epoch,
    /// The log's head when the page was read: the messages are as of this entry.
    pub as_of: U53,
    pub messages: Vec<Message>,
    /// The `seq` of the request for the next page in the same direction; nothing at
    /// the end. It also passes what the user may not see.
    pub next: Option<U53>,
}

/// A message as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    pub seq: U53,
    pub at_ms: U53,
    pub author: UserId,
    pub client_id: ClientId,
    pub kind: MessageKind,
    /// What was said; for `Created` the room's name; else empty.
    pub text: String,
    /// How often it was edited.
    pub edits: u32,
}

open_enum! {
    /// What a line of history is.
    MessageKind {
        0 Text,
        1 Created,
        2 Joined,
        3 Left,
        /// A message whose text was deleted.
        4 Erased,
        /// A message with a file, of which [`MessageFiles`] tells; the text stands beside it.
        5 File,
        /// The room's picture was changed or taken away.
        6 Avatar,
        /// The room was changed, of which [`super::MessageChanges`] tells; the text is the change's.
        7 RoomChange,
        /// Something was done to somebody, of which [`super::MessageChanges`] tells; the text is
        /// what they were called.
        8 MemberChange,
    }
}

/// The files of the page that follows it, answered by the same request. Comes only with a
/// page that has any.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFiles {
    pub request: u32,
    /// In the order of the page.
    pub files: Vec<MessageFile>,
}

/// The file of a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageFile {
    /// Of the message.
    pub seq: U53,
    pub file: FileInfo,
    pub state: FileState,
}

/// Asks for the newest messages with files before a seq. Answered as `GetMessages` is, with
/// these messages alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetRoomFiles {
    pub request: u32,
    pub room: RoomId,
    pub before: U53,
    /// At most 100.
    pub limit: u32,
}
