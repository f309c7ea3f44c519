//! Values of the kinds that speak of chats of two.

use rill_protocol::{
    U53,
    message::{Delivered, DeliveredSeq, OpenPrivateChat, TellDelivered},
};

use crate::{
    message_samples::{room, u53, user},
    messages::line,
};

/// All of them.
pub(crate) fn lines() -> Vec<String> {
    let rooms = || vec![DeliveredSeq { room: room(3), seq: u53(40) }, DeliveredSeq { room: room(9), seq: U53::MAX }];
    vec![
        line("somebody", &OpenPrivateChat { request: 7, user: user(1) }),
        line("none", &TellDelivered { rooms: vec![] }),
        line("two", &TellDelivered { rooms: rooms() }),
        line("none", &Delivered { rooms: vec![] }),
        line("two", &Delivered { rooms: rooms() }),
    ]
}
