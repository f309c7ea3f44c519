//! Pages of history.

use rill_protocol::message::{
    Message, MessageChanges, MessageFile, MessageKind, MessageMemberChange, MessagePage, MessageRoomChange,
};
use rill_storage::model::{self, Body, Fact};

use super::{file, group, number};
use crate::domain::messages::Page;

/// What the page's lines about the room and its members say, which stands before it.
pub fn changes(request: u32, page: &Page) -> Option<MessageChanges> {
    let rooms = page.messages.iter().filter_map(|message| {
        let change = group::room_change(message.fact, &message.body)?;
        Some(MessageRoomChange { seq: number(message.seq), change })
    });
    let members = page.messages.iter().filter_map(|message| {
        let change = group::member_change(message.fact, &message.body)?;
        Some(MessageMemberChange { seq: number(message.seq), change })
    });
    let changes = MessageChanges { request, rooms: rooms.collect(), members: members.collect() };
    (!changes.rooms.is_empty() || !changes.members.is_empty()).then_some(changes)
}

/// The answer to a request for history, and the files that stand before it.
pub fn page(request: u32, page: Page) -> (Vec<MessageFile>, MessagePage) {
    let files = page.messages.iter().filter(|message| message.fact == Fact::File);
    let files = files.filter_map(|message| {
        let of = message.file.as_ref()?;
        Some(MessageFile { seq: number(message.seq), file: file::info(of), state: file::state(of) })
    });
    let files = files.collect();
    let page = MessagePage {
        request,
        epoch: page.head.epoch,
        as_of: number(page.head.seq),
        messages: page.messages.into_iter().map(message).collect(),
        next: page.next.map(number),
    };
    (files, page)
}

fn message(message: model::Message) -> Message {
    let (kind, text) = match (message.fact, message.body) {
        (Fact::Avatar { .. }, _) => (MessageKind::Avatar, String::new()),
        (Fact::Joined, _) => (MessageKind::Joined, String::new()),
        (Fact::Left, _) => (MessageKind::Left, String::new()),
        (Fact::Created, Body::Text(name)) => (MessageKind::Created, name.to_string()),
        (Fact::Created, Body::None | Body::Erased) => (MessageKind::Created, String::new()),
        (Fact::Posted, Body::Text(text)) => (MessageKind::Text, text.to_string()),
        (Fact::File, Body::Text(text)) => (MessageKind::File, text.to_string()),
        (Fact::Posted | Fact::File, Body::None | Body::Erased) => (MessageKind::Erased, String::new()),
        // No lines of history; pages leave them out.
        (Fact::FileSettled { .. } | Fact::Deleted { .. }, _) => (MessageKind::Erased, String::new()),
        (fact, body) => match (group::room_change(fact, &body), group::member_change(fact, &body)) {
            (Some(change), _) => (MessageKind::RoomChange, change.text),
            (None, Some(change)) => (MessageKind::MemberChange, change.name),
            (None, None) => (MessageKind::Erased, String::new()),
        },
    };
    Message {
        seq: number(message.seq),
        at_ms: number(message.at_ms),
        author: message.author,
        client_id: message.client_id,
        kind,
        text,
        edits: message.edits,
    }
}
