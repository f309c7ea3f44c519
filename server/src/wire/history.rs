//! Pages of history.

use rill_protocol::message::{Message, MessageKind, MessagePage};
use rill_storage::model::{self, Body, Fact};

use super::number;
use crate::domain::messages::Page;

/// The answer to a request for history.
pub fn page(request: u32, page: Page) -> MessagePage {
    MessagePage {
        request,
        epoch: page.head.epoch,
        as_of: number(page.head.seq),
        messages: page.messages.into_iter().map(message).collect(),
        next: page.next.map(number),
    }
}

fn message(message: model::Message) -> Message {
    let (kind, text) = match (message.fact, message.body) {
        (Fact::Joined, _) => (MessageKind::Joined, String::new()),
        (Fact::Left, _) => (MessageKind::Left, String::new()),
        (Fact::Created, Body::Text(name)) => (MessageKind::Created, name.to_string()),
        (Fact::Created, Body::None | Body::Erased) => (MessageKind::Created, String::new()),
        (Fact::Posted, Body::Text(text)) => (MessageKind::Text, text.to_string()),
        (Fact::Posted, Body::None | Body::Erased) => (MessageKind::Erased, String::new()),
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
