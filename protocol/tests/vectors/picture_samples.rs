//! Values of the kinds that speak of avatars and emoji.

use rill_protocol::{
    U53,
    message::{Avatar, EmojiVersion, EntryAvatar, RoomAvatar, RoomAvatars, UserAvatar, UserAvatars},
};

use crate::{
    message_samples::{header, largest_header, room, u53, user},
    messages::line,
};

fn set(version: U53) -> Avatar {
    Avatar { version, is_set: true }
}

fn removed(version: U53) -> Avatar {
    Avatar { version, is_set: false }
}

/// All of them.
pub(crate) fn lines() -> Vec<String> {
    let version = u53(1_790_000_000_123);
    let of_user = |first, avatar| UserAvatar { user: user(first), avatar };
    let of_room = |first, avatar| RoomAvatar { room: room(first), avatar };
    vec![
        line("none", &UserAvatars { avatars: vec![] }),
        line(
            "set and removed",
            &UserAvatars { avatars: vec![of_user(1, set(version)), of_user(9, removed(U53::MAX))] },
        ),
        line("none", &RoomAvatars { avatars: vec![] }),
        line("set", &RoomAvatars { avatars: vec![of_room(3, set(version))] }),
        line("some", &EmojiVersion { version }),
        line("none", &EmojiVersion { version: u53(0) }),
        line("set", &EntryAvatar { header: header(), avatar: set(version) }),
        line("removed", &EntryAvatar { header: largest_header(), avatar: removed(U53::MAX) }),
    ]
}
