//! Who writes: told to whoever follows the room here. What is not taken in time is lost, as it
//! may be.

use rill_protocol::{RoomId, UserId};

use super::Hub;

impl Hub {
    /// Somebody writes in a room, or has stopped. Their own devices are not told.
    pub fn typing(&self, room: RoomId, user: UserId, is_typing: bool) {
        let Some(live) = self.room(room) else { return };
        live.each_subscriber(|inbox| {
            if inbox.user != user {
                inbox.show_typing(room, user, is_typing);
            }
        });
    }
}
