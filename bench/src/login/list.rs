//! The list of rooms as it fills: what is unread in each, and the newest message.

use rill_protocol::{RoomId, message::ReadState};
use std::collections::HashMap;

/// See the module.
#[derive(Debug)]
pub(crate) struct List {
    /// The newest message of each room.
    newest: String,
    unread: u32,
    /// Whether the count came, and the message.
    rooms: HashMap<RoomId, (bool, bool)>,
    missing: usize,
}

impl List {
    /// Of these rooms, each with a newest message and as many unread ones.
    pub(crate) fn of(rooms: &[RoomId], newest: String, unread: u32) -> Self {
        let missing = 2 * rooms.len();
        Self { newest, unread, rooms: rooms.iter().map(|room| (*room, (false, false))).collect(), missing }
    }

    pub(crate) fn counted(&mut self, states: &[ReadState]) {
        for state in states.iter().filter(|state| state.unread == self.unread) {
            if let Some((counted, _)) = self.rooms.get_mut(&state.room) {
                self.missing -= usize::from(!std::mem::replace(counted, true));
            }
        }
    }

    pub(crate) fn said(&mut self, room: RoomId, text: &str) {
        if let Some((_, said)) = self.rooms.get_mut(&room).filter(|_| text == self.newest) {
            self.missing -= usize::from(!std::mem::replace(said, true));
        }
    }

    pub(crate) fn is_complete(&self) -> bool {
        self.missing == 0
    }

    /// Counts and messages that did not come.
    pub(crate) fn missing(&self) -> usize {
        self.missing
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::U53;

    #[test]
    fn it_is_complete_with_the_right_count_and_the_newest_message_of_every_room() {
        let rooms = [RoomId([1; 16]), RoomId([2; 16])];
        let state = |room, unread| ReadState {
            room,
            mark: U53::default(),
            version: U53::default(),
            as_of: U53::default(),
            unread,
            mentions: 0,
        };
        let mut list = List::of(&rooms, "last".to_owned(), 3);
        list.counted(&[state(rooms[0], 3), state(rooms[1], 2)]);
        list.said(rooms[0], "first");
        list.said(rooms[0], "last");
        list.said(rooms[0], "last");
        assert_eq!((list.missing(), list.is_complete()), (2, false));
        list.counted(&[state(rooms[1], 3)]);
        list.said(rooms[1], "last");
        assert!(list.is_complete());
    }
}
