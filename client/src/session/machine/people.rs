//! Who is there, what they say of the moment, and who writes. What the application has not taken
//! yet is brought up to date where it waits, so that it stays as small as what it speaks of.

use bytes::Bytes;
use rill_protocol::{
    RoomId, UserId, codec,
    message::{
        Activity, Presence, PresenceDetails, ProfileAnswer, RoomOnline, SetActivity, Typing, UserNames, WatchPresence,
    },
};

use super::{super::requests::Purpose, Machine, Output};
use crate::{Event, limits};

/// What an application wants on every connection.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    watched: Vec<UserId>,
    is_idle: bool,
}

/// Puts news into what waits, the newest of each last.
fn put<T, Id: PartialEq>(waiting: &mut Vec<T>, news: Vec<T>, id: impl Fn(&T) -> Id) {
    waiting.retain(|known| news.iter().all(|new| id(new) != id(known)));
    waiting.extend(news);
}

/// One kind of event: what waits of it gets the news, or it waits from now on.
macro_rules! tell {
    ($machine:ident, $kind:ident, $news:expr, $id:expr) => {
        match $machine.events.iter_mut().find_map(|event| match event {
            Event::$kind(waiting) => Some(waiting),
            _ => None,
        }) {
            Some(waiting) => put(waiting, $news, $id),
            None => $machine.events.push_back(Event::$kind($news)),
        }
    };
}

impl Machine {
    pub(super) fn watch(&mut self, users: Vec<UserId>) {
        self.people.watched = users;
        if self.is_online() {
            self.send_watch();
        }
    }

    pub(super) fn set_idle(&mut self, is_idle: bool) {
        self.people.is_idle = is_idle;
        if self.is_online() {
            self.send_activity();
        }
    }

    /// A new connection knows nothing of it.
    pub(super) fn wish_again(&mut self) {
        if !self.people.watched.is_empty() {
            self.send_watch();
        }
        if self.people.is_idle {
            self.send_activity();
        }
    }

    fn send_watch(&mut self) {
        let request = self.requests.begin(Purpose::Wish);
        let users = self.people.watched.clone();
        self.control(&WatchPresence { request, users });
    }

    fn send_activity(&mut self) {
        let request = self.requests.begin(Purpose::Wish);
        let activity = if self.people.is_idle { Activity::Idle } else { Activity::Active };
        self.control(&SetActivity { request, activity });
    }

    pub(super) fn typing(&mut self, room: RoomId, is_typing: bool) {
        if self.is_online() {
            let said: Bytes = codec::datagram(&Typing { room, user: UserId::default(), is_typing });
            self.out.push_back(Output::Datagram(said));
        }
    }

    pub(super) fn others_type(&mut self, Typing { room, user, is_typing }: Typing) {
        let is_same =
            |event: &Event| matches!(event, Event::Typing { room: r, user: u, .. } if (*r, *u) == (room, user));
        let is_behind = self.events.len() >= limits::EVENTS_PENDING_MAX;
        self.events.retain(|event| !is_same(event));
        if !is_behind {
            self.events.push_back(Event::Typing { room, user, is_typing });
        }
    }

    pub(super) fn presence(&mut self, Presence { slots }: Presence) {
        tell!(self, Presence, slots, |slot| slot.user);
    }

    pub(super) fn presence_details(&mut self, PresenceDetails { people }: PresenceDetails) {
        tell!(self, PresenceDetails, people, |detail| detail.user);
    }

    pub(super) fn room_online(&mut self, RoomOnline { room, online }: RoomOnline) {
        // The latest is all that counts.
        self.events.retain(|event| !matches!(event, Event::RoomOnline { .. }));
        self.events.push_back(Event::RoomOnline { room, online });
    }

    pub(super) fn user_names(&mut self, UserNames { users }: UserNames) {
        tell!(self, UserNames, users, |user| user.id);
    }

    pub(super) fn own_profile(&mut self, own: ProfileAnswer) {
        self.events.retain(|event| !matches!(event, Event::OwnProfile(_)));
        self.events.push_back(Event::OwnProfile(Box::new(own)));
    }
}
