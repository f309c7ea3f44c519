//! Who writes, told to other nodes: on one channel for all rooms, for there is little of it. What
//! is lost is lost, as it may be.

use rill_protocol::{RoomId, UserId};

use super::{
    attendance::Node,
    bus::{Channel, Event},
};
use crate::hub::Hub;

/// What is said of somebody.
pub(super) fn payload(node: &Node, room: RoomId, user: UserId, is_typing: bool) -> String {
    format!("{room} {user} {} {node}", u8::from(is_typing))
}

fn parse(payload: &[u8]) -> Option<(RoomId, UserId, bool, &str)> {
    let mut words = std::str::from_utf8(payload).ok()?.splitn(4, ' ');
    let (room, user) = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    Some((room, user, words.next()? == "1", words.next()?))
}

/// Tells it to those who follow the room here.
pub(super) fn hear(hub: &Hub, own: &Node, event: &Event) {
    if let Event::Message { channel: Channel::Typing, payload } = event
        && let Some((room, user, is_typing, node)) = parse(payload)
        && *node != **own
    {
        hub.typing(room, user, is_typing);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_and_nothing_else() {
        let (room, user, node) = (RoomId([1; 16]), UserId([2; 16]), Node::from("a b"));
        for is_typing in [false, true] {
            let said = payload(&node, room, user, is_typing);
            assert_eq!(parse(said.as_bytes()), Some((room, user, is_typing, "a b")));
        }
        for odd in ["", "a b 1 c", &format!("{room} {user} 1"), "\u{ff}"] {
            assert_eq!(parse(odd.as_bytes()), None, "{odd}");
        }
    }
}
