//! How many are online in large rooms, over all nodes: one at which somebody looks at such a room
//! asks the others how many they have, on one channel for all rooms. What is lost is asked for
//! again.

use rill_protocol::{RoomId, limits::ROOM_ONLINE_INTERVAL_MS};
use std::time::Duration;
use tokio::time::{MissedTickBehavior, interval};

use super::{
    attendance::Node,
    bus::{Bus, Channel, Event},
};
use crate::hub::Hub;

/// What is said of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    /// Who has somebody there says how many.
    Ask,
    Here(u32),
}

fn payload(node: &Node, room: RoomId, word: Word) -> String {
    match word {
        Word::Ask => format!("{room} ask {node}"),
        Word::Here(online) => format!("{room} {online} {node}"),
    }
}

fn parse(payload: &[u8]) -> Option<(RoomId, Word, &str)> {
    let mut words = std::str::from_utf8(payload).ok()?.splitn(3, ' ');
    let room = words.next()?.parse().ok()?;
    let word = match words.next()? {
        "ask" => Word::Ask,
        online => Word::Here(online.parse().ok()?),
    };
    Some((room, word, words.next()?))
}

pub(super) fn ask(bus: &dyn Bus, node: &Node, room: RoomId) {
    bus.publish(Channel::Crowd, payload(node, room, Word::Ask));
}

/// Asks for every room that is looked at here; never returns.
pub(super) async fn run(hub: &Hub, bus: &dyn Bus, node: &Node) {
    let mut ticks = interval(Duration::from_millis(ROOM_ONLINE_INTERVAL_MS));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        hub.viewed_crowds().into_iter().for_each(|room| ask(bus, node, room));
    }
}

/// Answers, or notes an answer.
pub(super) fn hear(hub: &Hub, bus: &dyn Bus, own: &Node, event: &Event) {
    let Event::Message { channel: Channel::Crowd, payload: said } = event else { return };
    match parse(said) {
        Some((_, _, node)) if *node == **own => {}
        Some((room, Word::Here(online), node)) => hub.crowd_elsewhere(room, node, online),
        Some((room, Word::Ask, _)) => {
            let online = hub.online_in(room);
            if online > 0 {
                bus.publish(Channel::Crowd, payload(own, room, Word::Here(online)));
            }
        }
        None => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_is_understood_and_nothing_else() {
        let (room, node) = (RoomId([1; 16]), Node::from("a b"));
        for word in [Word::Ask, Word::Here(0), Word::Here(100_000)] {
            assert_eq!(parse(payload(&node, room, word).as_bytes()), Some((room, word, "a b")));
        }
        for odd in ["", "a 1 b", &format!("{room} -1 a"), &format!("{room} ask"), "\u{ff}"] {
            assert_eq!(parse(odd.as_bytes()), None, "{odd}");
        }
    }
}
