//! That marks have moved, told to the sessions that follow the room: to the user's own, and of
//! others to those that have the room in view. Where they are now each session asks for itself.

use rill_protocol::{RoomId, UserId};
use rill_storage::port::MarkObserver;

use super::Hub;
use crate::limits::RECEIPT_SESSIONS_MAX;

impl MarkObserver for Hub {
    fn marked(&self, room: RoomId, user: Option<UserId>) {
        self.mark_moved(room, user);
    }

    fn chat_changed(&self, room: RoomId, user: Option<UserId>) {
        self.private_chat_changed(room, user);
    }
}

impl Hub {
    /// More of a private chat has arrived at a user, or without one it was closed or opened.
    pub fn private_chat_changed(&self, room: RoomId, user: Option<UserId>) {
        let Some(live) = self.room(room) else { return };
        live.each_subscriber(|inbox| {
            if user != Some(inbox.user) {
                inbox.show_chat(room, user.is_none());
            }
        });
    }

    /// A user's mark may be elsewhere, or a post names them; without a user everybody.
    pub fn mark_moved(&self, room: RoomId, user: Option<UserId>) {
        let Some(live) = self.room(room) else { return };
        match user {
            // Nobody is shown others' marks in a room this large.
            Some(user) if live.subscribers() > RECEIPT_SESSIONS_MAX => {
                let users = self.users.lock();
                let own = users.get(&user).into_iter().flatten();
                own.filter(|inbox| inbox.follows(live.handle)).for_each(|inbox| inbox.show_mark(room, Some(user)));
            }
            _ => live.each_subscriber(|inbox| inbox.show_mark(room, user)),
        }
    }
}
