//! Keys of what people say of themselves, and whom they block.

use rill_protocol::UserId;

use super::{Key, Span};
use crate::{embedded::stored, table::Table};

pub(crate) fn user_card(user: UserId) -> Key<stored::UserCard> {
    Key::new(Table::UserCard, &[&user.0])
}

pub(crate) fn user_status(user: UserId) -> Key<stored::UserStatus> {
    Key::new(Table::UserStatus, &[&user.0])
}

pub(crate) fn user_seen(user: UserId) -> Key<stored::UserSeen> {
    Key::new(Table::UserSeen, &[&user.0])
}

pub(crate) fn block(user: UserId, other: UserId) -> Key<stored::Block> {
    Key::new(Table::Block, &[&user.0, &other.0])
}

pub(crate) fn blocks(user: UserId) -> Span<stored::Block> {
    Span::of(Table::Block, &[&user.0])
}

pub(crate) fn blocked_by(user: UserId, other: UserId) -> Key<stored::BlockedBy> {
    Key::new(Table::BlockedBy, &[&user.0, &other.0])
}

pub(crate) fn blocked_bys(user: UserId) -> Span<stored::BlockedBy> {
    Span::of(Table::BlockedBy, &[&user.0])
}
