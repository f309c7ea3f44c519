//! One thing to show: a live entry or a message of history, which look the same here.

use rill_client::{Entry, EntryKind};
use rill_protocol::{
    ClientId, RoomId, UserId,
    message::{Message, MessageKind},
};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) room: RoomId,
    pub(crate) seq: u64,
    pub(crate) at_ms: u64,
    pub(crate) author: UserId,
    pub(crate) client_id: ClientId,
    pub(crate) kind: LineKind,
    pub(crate) text: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    Text,
    Created,
    Joined,
    Left,
    Erased,
    /// Counted, but not shown.
    Silent,
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        let Entry { room, seq, at_ms, author, client_id, kind, .. } = entry;
        let (kind, text) = match kind {
            EntryKind::Posted { text } => (LineKind::Text, text),
            EntryKind::Created { name } => (LineKind::Created, name),
            EntryKind::Joined => (LineKind::Joined, String::new()),
            EntryKind::Left => (LineKind::Left, String::new()),
            EntryKind::Erased => (LineKind::Erased, String::new()),
            _ => (LineKind::Silent, String::new()),
        };
        Self { room, seq, at_ms, author, client_id, kind, text }
    }
}

impl Line {
    /// A message of a page of history.
    pub(crate) fn of_history(room: RoomId, message: Message) -> Self {
        let kind = match message.kind {
            MessageKind::Text => LineKind::Text,
            MessageKind::Created => LineKind::Created,
            MessageKind::Joined => LineKind::Joined,
            MessageKind::Left => LineKind::Left,
            MessageKind::Erased => LineKind::Erased,
            _ => LineKind::Silent,
        };
        Self {
            room,
            seq: message.seq.get(),
            at_ms: message.at_ms.get(),
            author: message.author,
            client_id: message.client_id,
            kind,
            text: message.text,
        }
    }
}
