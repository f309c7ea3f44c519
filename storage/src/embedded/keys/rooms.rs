//! Keys of who may come into a room, and when they may post.

use rill_protocol::{RoomId, UserId};

use super::{Key, Span};
use crate::{embedded::stored, model::LinkId, table::Table};

pub(crate) fn ban(room: RoomId, user: UserId) -> Key<stored::Ban> {
    Key::new(Table::Ban, &[&room.0, &user.0])
}

pub(crate) fn bans(room: RoomId) -> Span<stored::Ban> {
    Span::of(Table::Ban, &[&room.0])
}

pub(crate) fn room_invitation(room: RoomId, user: UserId) -> Key<stored::RoomInvitation> {
    Key::new(Table::RoomInvitation, &[&room.0, &user.0])
}

pub(crate) fn room_invitations(room: RoomId) -> Span<stored::RoomInvitation> {
    Span::of(Table::RoomInvitation, &[&room.0])
}

pub(crate) fn room_link(room: RoomId, link: LinkId) -> Key<stored::RoomLink> {
    Key::new(Table::RoomLink, &[&room.0, &link.0])
}

pub(crate) fn room_links(room: RoomId) -> Span<stored::RoomLink> {
    Span::of(Table::RoomLink, &[&room.0])
}

pub(crate) fn last_post(room: RoomId, user: UserId) -> Key<stored::LastPost> {
    Key::new(Table::LastPost, &[&room.0, &user.0])
}

pub(crate) fn last_posts(room: RoomId) -> Span<stored::LastPost> {
    Span::of(Table::LastPost, &[&room.0])
}
