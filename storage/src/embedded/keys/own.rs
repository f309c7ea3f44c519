//! Keys of what a user's own log knows beside rooms.

use rill_protocol::{RoomId, UserId};

use super::{Key, Span};
use crate::{embedded::stored, model::UserKey, table::Table};

/// Every kind of key. Numbers are on disk: append only.
pub(crate) const USER_KEY_KINDS: std::ops::Range<u8> = 0..4;

/// The number of a key's kind, and what it is of that kind.
pub(crate) fn parts_of(key: UserKey) -> (u8, [u8; 16]) {
    match key {
        UserKey::Invitation(room) => (0, room.0),
        UserKey::RoomSettings(room) => (1, room.0),
        UserKey::Draft(room) => (2, room.0),
        UserKey::Setting(number) => {
            let mut id = [0; 16];
            id[..2].copy_from_slice(&number.to_be_bytes());
            (3, id)
        }
    }
}

/// The key with that number.
pub(crate) fn user_key_of(kind: u8, id: [u8; 16]) -> Option<UserKey> {
    Some(match kind {
        0 => UserKey::Invitation(RoomId(id)),
        1 => UserKey::RoomSettings(RoomId(id)),
        2 => UserKey::Draft(RoomId(id)),
        3 => UserKey::Setting(u16::from_be_bytes([id[0], id[1]])),
        _ => return None,
    })
}

pub(crate) fn user_key(user: UserId, kind: u8, id: [u8; 16]) -> Key<stored::UserKey> {
    Key::new(Table::UserKey, &[&user.0, &[kind], &id])
}

/// All of one kind.
pub(crate) fn user_keys(user: UserId, kind: u8) -> Span<stored::UserKey> {
    Span::of(Table::UserKey, &[&user.0, &[kind]])
}

pub(crate) fn draft_part(user: UserId, room: RoomId, part: u16) -> Key<stored::Body> {
    Key::new(Table::DraftPart, &[&user.0, &room.0, &part.to_be_bytes()])
}

pub(crate) fn draft_parts(user: UserId) -> Span<stored::Body> {
    Span::of(Table::DraftPart, &[&user.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_has_a_number_and_comes_back_from_it() {
        let room = RoomId([7; 16]);
        let keys =
            [UserKey::Invitation(room), UserKey::RoomSettings(room), UserKey::Draft(room), UserKey::Setting(0x0102)];
        for (number, key) in keys.into_iter().enumerate() {
            let (kind, id) = parts_of(key);
            assert_eq!((usize::from(kind), user_key_of(kind, id)), (number, Some(key)));
        }
        assert_eq!(usize::from(USER_KEY_KINDS.end), keys.len());
        assert_eq!(user_key_of(USER_KEY_KINDS.end, [0; 16]), None);
    }
}
