//! Avatars and custom emoji that changed.

use super::*;
use rill_protocol::message::{Avatar, EmojiVersion, RoomAvatar, RoomAvatars, UserAvatar, UserAvatars};

fn avatar(version: u32) -> Avatar {
    Avatar { version: U53::from(version), is_set: version % 2 == 1 }
}

fn of_user(user: u8, version: u32) -> UserAvatar {
    UserAvatar { user: UserId([user; 16]), avatar: avatar(version) }
}

fn of_room(room: RoomId, version: u32) -> RoomAvatar {
    RoomAvatar { room, avatar: avatar(version) }
}

#[test]
fn who_follows_is_told_of_pictures_and_of_each_as_it_is_last() {
    let mut bench = Bench::online(&[ROOM]);
    bench.machine.events().clear();
    bench.receive(&UserAvatars { avatars: vec![of_user(1, 5), of_user(2, 7)] });
    bench.receive(&RoomAvatars { avatars: vec![of_room(ROOM, 3)] });
    bench.receive(&EmojiVersion { version: U53::from(8) });
    // The application has taken none of it yet.
    bench.receive(&UserAvatars { avatars: vec![of_user(2, 8), of_user(3, 1), of_user(1, 4)] });
    bench.receive(&RoomAvatars { avatars: vec![of_room(OTHER, 1), of_room(ROOM, 4)] });
    bench.receive(&EmojiVersion { version: U53::from(6) });
    let events: Vec<Event> = bench.machine.events().drain(..).collect();
    let [Event::UserAvatars(users), Event::RoomAvatars(rooms), Event::Emoji { version: 6 }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(users[..], [of_user(1, 5), of_user(2, 8), of_user(3, 1)]);
    assert_eq!(rooms[..], [of_room(ROOM, 4), of_room(OTHER, 1)]);
    bench.receive(&UserAvatars { avatars: vec![of_user(1, 6)] });
    let events: Vec<Event> = bench.machine.events().drain(..).collect();
    assert!(matches!(&events[..], [Event::UserAvatars(users)] if users[..] == [of_user(1, 6)]), "{events:?}");
}
