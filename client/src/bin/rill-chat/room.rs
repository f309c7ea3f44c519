//! What is kept of a room that the user is in: enough to show it when it is entered,
//! and where its history begins.

use rill_protocol::{Epoch, message::RoomInfo};
use std::collections::VecDeque;

use crate::line::Line;

/// Lines kept of each room for the moment it is entered.
const RECENT_LINES_MAX: usize = 50;

/// See the module.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) info: RoomInfo,
    recent: VecDeque<Line>,
    epoch: Epoch,
    /// The last seq of the live tail.
    last: u64,
    /// Everything from here on was shown; older lines are history.
    oldest: Option<u64>,
}

impl Room {
    pub(crate) fn new(info: RoomInfo) -> Self {
        Self { info, recent: VecDeque::new(), epoch: Epoch::default(), last: 0, oldest: None }
    }

    /// The tail begins anew above `base`; returns the last seq seen before, if entries
    /// between it and the base were missed.
    pub(crate) fn tail(&mut self, epoch: Epoch, base: u64) -> Option<u64> {
        let missed = (self.epoch == epoch && self.last > 0 && self.last < base).then_some(self.last);
        if self.epoch != epoch {
            self.recent.clear();
            self.oldest = None;
        }
        (self.epoch, self.last) = (epoch, base);
        missed
    }

    /// A line of the live tail, or one that was missed of it.
    pub(crate) fn push(&mut self, line: Line) {
        self.last = self.last.max(line.seq);
        if self.recent.len() == RECENT_LINES_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
    }

    /// A line was shown.
    pub(crate) fn shown(&mut self, seq: u64) {
        self.oldest = Some(self.oldest.map_or(seq, |oldest| oldest.min(seq)));
    }

    /// The lines to show when the room is entered.
    pub(crate) fn recent(&self) -> Vec<Line> {
        self.recent.iter().cloned().collect()
    }

    /// Where older messages end.
    pub(crate) fn history_before(&self) -> u64 {
        self.oldest.unwrap_or(self.last + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::LineKind;
    use rill_protocol::{ClientId, RoomId, U53, UserId};

    fn room() -> Room {
        Room::new(RoomInfo {
            id: RoomId::default(),
            name: String::new(),
            creator: UserId::default(),
            creator_name: String::new(),
            created_ms: U53::default(),
            members: 1,
            joined: true,
        })
    }

    fn line(seq: u64) -> Line {
        Line {
            room: RoomId::default(),
            seq,
            at_ms: 0,
            author: UserId::default(),
            client_id: ClientId::default(),
            kind: LineKind::Joined,
            text: String::new(),
            file: None,
        }
    }

    #[test]
    fn a_tail_that_jumps_tells_what_was_missed() {
        let (mut room, epoch) = (room(), Epoch([1; 16]));
        assert_eq!(room.tail(epoch, 10), None);
        room.push(line(11));
        assert_eq!(room.tail(epoch, 900), Some(11));
        assert_eq!(room.tail(Epoch([2; 16]), 5), None);
        assert!(room.recent().is_empty(), "another log: nothing of the old one is shown again");
    }

    #[test]
    fn history_begins_below_what_was_shown() {
        let mut room = room();
        room.tail(Epoch([1; 16]), 10);
        assert_eq!(room.history_before(), 11);
        for seq in 11..100 {
            room.push(line(seq));
        }
        let recent = room.recent();
        assert_eq!((recent.len(), recent[0].seq), (RECENT_LINES_MAX, 50));
        recent.iter().for_each(|line| room.shown(line.seq));
        assert_eq!(room.history_before(), 50);
    }
}
