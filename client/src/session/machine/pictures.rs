//! Which avatars and custom emoji there are. What the application has not taken yet is brought up
//! to date where it waits, so that it stays as small as what it speaks of.

use rill_protocol::message::{Avatar, EmojiVersion, RoomAvatar, RoomAvatars, UserAvatar, UserAvatars};
use std::collections::VecDeque;

use super::Machine;
use crate::Event;

impl Machine {
    pub(super) fn user_avatars(&mut self, UserAvatars { avatars }: UserAvatars) {
        let waiting = waiting(&mut self.events, |event| match event {
            Event::UserAvatars(waiting) => Some(waiting),
            _ => None,
        });
        match waiting {
            Some(waiting) => merge(waiting, avatars, |avatar: &mut UserAvatar| (avatar.user, &mut avatar.avatar)),
            None => self.events.push_back(Event::UserAvatars(avatars)),
        }
    }

    pub(super) fn room_avatars(&mut self, RoomAvatars { avatars }: RoomAvatars) {
        let waiting = waiting(&mut self.events, |event| match event {
            Event::RoomAvatars(waiting) => Some(waiting),
            _ => None,
        });
        match waiting {
            Some(waiting) => merge(waiting, avatars, |avatar: &mut RoomAvatar| (avatar.room, &mut avatar.avatar)),
            None => self.events.push_back(Event::RoomAvatars(avatars)),
        }
    }

    pub(super) fn emoji_version(&mut self, EmojiVersion { version }: EmojiVersion) {
        let waiting = waiting(&mut self.events, |event| match event {
            Event::Emoji { version } => Some(version),
            _ => None,
        });
        match waiting {
            Some(waiting) => *waiting = version.get(),
            None => self.events.push_back(Event::Emoji { version: version.get() }),
        }
    }
}

fn waiting<'a, T>(events: &'a mut VecDeque<Event>, is: impl Fn(&'a mut Event) -> Option<T>) -> Option<T> {
    events.iter_mut().find_map(is)
}

/// The newer one of each counts.
fn merge<T, Id: PartialEq>(waiting: &mut Vec<T>, news: Vec<T>, of: impl Fn(&mut T) -> (Id, &mut Avatar)) {
    for mut new in news {
        let (id, newer) = of(&mut new);
        match waiting.iter_mut().map(&of).find(|(known, _)| *known == id) {
            Some((_, known)) if newer.version >= known.version => *known = newer.clone(),
            Some(_) => {}
            None => waiting.push(new),
        }
    }
}
