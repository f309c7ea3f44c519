//! Frames of a valid session, and what chance makes of them.

use bytes::BytesMut;
use rill_protocol::{
    AttemptId, ClientId, Epoch, Kind, Ticket, U53, UserId, codec,
    message::{
        Attach, Control, Cursor, Direction, GetMessages, GetUsers, Hello, History, JoinRoom, Lane, LaneClass,
        LeaveRoom, ListMembers, ListRooms, Ping, Post, Resume, View, WatchPresence,
    },
    version::VERSION,
};

use super::{ground::Ground, wire::raw_frame};
use crate::dice::Dice;

/// One valid frame, whichever.
fn valid(out: &mut BytesMut, dice: &mut Dice, ground: &Ground) {
    let (room, request) = (ground.room, dice.below(1_000) as u32);
    let user = UserId(dice.array());
    let client_id = ClientId(dice.array());
    let seq = U53::saturating(dice.below(10_000) as u64);
    match dice.below(18) {
        0 => codec::put_frame(out, &Control { version: VERSION }),
        1 => {
            let hello = Hello { ticket: Ticket(dice.array()), attempt: AttemptId(dice.array()), client: "odd".into() };
            codec::put_frame(out, &hello);
        }
        2 => codec::put_frame(out, &Attach { request, user_epoch: Epoch::default(), user_seq: seq }),
        3 => {
            let cursor = || Cursor { room, epoch: Epoch::default(), seq, tail: 50 };
            codec::put_frame(out, &Resume { request, cursors: (0..request % 20).map(|_| cursor()).collect() });
        }
        4 => codec::put_frame(out, &View { room: Some(room).filter(|_| request % 2 == 0), have_seq: seq }),
        // Nobody may post what they have not joined; most of these have not.
        5 => codec::put_frame(out, &Post { request, room: rill_protocol::RoomId(user.0), client_id, text: "?".into() }),
        6 => codec::put_frame(out, &JoinRoom { request, client_id, room }),
        7 => codec::put_frame(out, &LeaveRoom { request, client_id, room }),
        8 => codec::put_frame(out, &ListRooms { request, after: None, limit: request }),
        9 => codec::put_frame(out, &ListMembers { request, room, after: Some(user), limit: 200 }),
        10 => codec::put_frame(out, &GetUsers { request, users: vec![user; request as usize % 250] }),
        11 => codec::put_frame(out, &WatchPresence { request, users: vec![user; request as usize % 250] }),
        12 => codec::put_frame(out, &Ping { nonce: request }),
        13 => codec::put_frame(out, &Lane { class: LaneClass::InView }),
        14 => codec::put_frame(out, &Lane { class: LaneClass::Others }),
        15 => codec::put_frame(out, &History {}),
        16 => {
            let direction = Direction::from(request % 3);
            codec::put_frame(out, &GetMessages { request, room, direction, seq, limit: 100 });
        }
        _ => {
            let kinds = Kind::ALL;
            let length = dice.below(64);
            let kind = kinds[dice.below(kinds.len())];
            out.extend_from_slice(&raw_frame(kind.number(), &dice.bytes(length)));
        }
    }
}

/// A few frames, most of them spoiled.
pub(crate) fn mutated(dice: &mut Dice, ground: &Ground) -> Vec<u8> {
    let mut frames = BytesMut::new();
    (0..1 + dice.below(3)).for_each(|_| valid(&mut frames, dice, ground));
    let mut bytes = frames.to_vec();
    match dice.below(8) {
        0 | 1 => {}
        2 => bytes.truncate(dice.below(bytes.len() + 1)),
        3 => bytes.extend_from_within(..),
        4 => {
            let at = dice.below(bytes.len());
            bytes.insert(at, dice.throw() as u8);
        }
        5 => drop(bytes.remove(dice.below(bytes.len()))),
        6 => {
            let (first, second) = (dice.below(bytes.len()), dice.below(bytes.len()));
            bytes.swap(first, second);
        }
        _ => {
            for _ in 0..1 + dice.below(4) {
                let at = dice.below(bytes.len());
                bytes[at] ^= 1 << dice.below(8);
            }
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn mixtures_are_many_and_can_be_repeated() {
        let ground = Ground {
            http: ([127, 0, 0, 1], 1).into(),
            https: ([127, 0, 0, 1], 2).into(),
            quic: ([127, 0, 0, 1], 3).into(),
            room: Default::default(),
            expired: Vec::new(),
            data: PathBuf::new(),
            seed: 7,
            attack_rate: 1.0,
        };
        let mixtures = |seed| {
            let mut dice = Dice::new(seed, "x");
            (0..2_000).map(|_| mutated(&mut dice, &ground)).collect::<Vec<_>>()
        };
        let first = mixtures(1);
        assert_eq!(first, mixtures(1));
        assert_ne!(first, mixtures(2));
        let distinct: std::collections::HashSet<_> = first.iter().collect();
        assert!(distinct.len() > 1_000, "{}", distinct.len());
    }
}
