//! Keys of what is counted behind marks.

use rill_protocol::{RoomId, UserId};

use super::{Key, Span};
use crate::{embedded::stored, table::Table};

/// Who is named where everybody is. Nobody has this id.
pub(crate) const EVERYONE: UserId = UserId([0; 16]);

/// That the post `seq` names somebody.
pub(crate) fn mention(room: RoomId, user: UserId, seq: u64) -> Key<stored::Mention> {
    Key::new(Table::Mention, &[&room.0, &user.0, &seq.to_be_bytes()])
}

pub(crate) fn mentions(room: RoomId, user: UserId) -> Span<stored::Mention> {
    Span::of(Table::Mention, &[&room.0, &user.0])
}

/// Of everybody.
pub(crate) fn all_mentions(room: RoomId) -> Span<stored::Mention> {
    Span::of(Table::Mention, &[&room.0])
}

/// Up to where a private chat has arrived at somebody.
pub(crate) fn arrival(room: RoomId, user: UserId) -> Key<stored::Arrival> {
    Key::new(Table::Arrival, &[&room.0, &user.0])
}

pub(crate) fn arrivals(room: RoomId) -> Span<stored::Arrival> {
    Span::of(Table::Arrival, &[&room.0])
}
