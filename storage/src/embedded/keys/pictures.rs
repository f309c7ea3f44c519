//! Keys of pictures: avatars, and the set of custom emoji.

use rill_protocol::{RoomId, UserId};

use super::{Key, Span};
use crate::{embedded::stored, model::EmojiId, table::Table};

pub(crate) fn user_avatar(user: UserId) -> Key<stored::Avatar> {
    Key::new(Table::UserAvatar, &[&user.0])
}

pub(crate) fn room_avatar(room: RoomId) -> Key<stored::Avatar> {
    Key::new(Table::RoomAvatar, &[&room.0])
}

pub(crate) fn emoji_set() -> Key<stored::EmojiSet> {
    Key::new(Table::EmojiSet, &[&[0]])
}

pub(crate) fn emoji(id: EmojiId) -> Key<stored::Emoji> {
    Key::new(Table::Emoji, &[&id.0])
}

pub(crate) fn emojis() -> Span<stored::Emoji> {
    Span::of(Table::Emoji, &[])
}
