//! What is kept of a room that the user is in: enough to show it when it is entered,
//! and where its history begins.

use rill_protocol::{Epoch, UserId, message::RoomInfo};
use std::collections::VecDeque;

use crate::line::{Line, LineKind, settle};

/// Lines kept of each room for the moment it is entered.
const RECENT_LINES_MAX: usize = 50;

/// See the module.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) info: RoomInfo,
    recent: VecDeque<Line>,
    /// Which log the live tail is of, once it was heard of.
    epoch: Option<Epoch>,
    /// The last seq of the live tail.
    last: u64,
    /// From where to where everything was shown; older lines are history.
    shown: Option<(u64, u64)>,
}

impl Room {
    pub(crate) fn new(info: RoomInfo) -> Self {
        Self { info, recent: VecDeque::new(), epoch: None, last: 0, shown: None }
    }

    /// The tail begins anew above `base`; returns the last seq seen before, if entries
    /// between it and the base were missed.
    pub(crate) fn tail(&mut self, epoch: Epoch, base: u64) -> Option<u64> {
        let missed = (self.epoch == Some(epoch) && self.last > 0 && self.last < base).then_some(self.last);
        if self.epoch.is_some_and(|known| known != epoch) {
            self.recent.clear();
            self.shown = None;
        }
        (self.epoch, self.last) = (Some(epoch), base);
        missed
    }

    /// A line of the live tail, or one that was missed of it. Returns whether it is still to be
    /// shown: who asked for history before the live tail came has seen it there.
    pub(crate) fn push(&mut self, line: Line) -> bool {
        let was_shown = self.shown.is_some_and(|(first, last)| (first..=last).contains(&line.seq));
        self.last = self.last.max(line.seq);
        settle(&mut self.recent, &line);
        if self.recent.len() == RECENT_LINES_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back(line);
        !was_shown
    }

    /// The number of somebody's last message, as far as is kept.
    pub(crate) fn last_of(&self, user: UserId) -> Option<u64> {
        let is_message = |line: &&Line| line.author == user && matches!(line.kind, LineKind::Text | LineKind::File);
        self.recent.iter().rev().find(is_message).map(|line| line.seq)
    }

    /// A line was shown.
    pub(crate) fn shown(&mut self, seq: u64) {
        self.shown = Some(self.shown.map_or((seq, seq), |(first, last)| (first.min(seq), last.max(seq))));
    }

    /// What comes next does not follow on what was shown: between them is history.
    pub(crate) fn skipped(&mut self) {
        self.shown = None;
    }

    /// The lines to show when the room is entered, behind what was shown elsewhere meanwhile.
    pub(crate) fn enter(&mut self) -> Vec<Line> {
        self.skipped();
        self.recent.iter().cloned().collect()
    }

    /// Where older messages end: who was shown nothing yet is shown the newest.
    pub(crate) fn history_before(&self) -> u64 {
        self.shown.map_or(u64::MAX, |(first, _)| first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::line::LineFile;
    use rill_protocol::{ClientId, RoomId, U53, message::FileOutcome};

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
        assert!(room.enter().is_empty(), "another log: nothing of the old one is shown again");
    }

    #[test]
    fn history_begins_below_what_was_shown() {
        let mut room = room();
        room.tail(Epoch([1; 16]), 10);
        assert_eq!(room.history_before(), u64::MAX);
        for seq in 11..100 {
            room.push(line(seq));
        }
        let recent = room.enter();
        assert_eq!((recent.len(), recent[0].seq), (RECENT_LINES_MAX, 50));
        recent.iter().for_each(|line| room.shown(line.seq));
        assert_eq!(room.history_before(), 50);
    }

    #[test]
    fn what_was_said_while_the_user_was_elsewhere_is_history_again() {
        let mut room = room();
        room.tail(Epoch([1; 16]), 0);
        for seq in 1..=3 {
            assert!(room.push(line(seq)));
            room.shown(seq);
        }
        // More than is kept, in another room.
        for seq in 4..=100 {
            room.push(line(seq));
        }
        room.enter().iter().for_each(|line| room.shown(line.seq));
        assert_eq!(room.history_before(), 51);
        room.skipped();
        assert!(room.push(line(200)));
        room.shown(200);
        assert_eq!(room.history_before(), 200, "nobody has seen what lies between");
    }

    #[test]
    fn a_file_is_shown_as_it_is_when_the_room_is_entered() {
        let file = |name: Option<&str>, outcome| {
            Some(LineFile { number: 4, name: name.map(str::to_owned), size_bytes: 9, outcome, code: 0 })
        };
        let mut room = room();
        room.push(Line { kind: LineKind::File, file: file(Some("a.pdf"), FileOutcome::Pending), ..line(4) });
        room.push(Line { kind: LineKind::FileSettled, file: file(None, FileOutcome::Complete), ..line(5) });
        let recent = room.enter();
        let shown = recent[0].file.as_ref().unwrap();
        assert_eq!((shown.name.as_deref(), shown.outcome), (Some("a.pdf"), FileOutcome::Complete));
    }

    #[test]
    fn history_that_was_faster_than_the_tail_is_not_shown_twice() {
        let (mut room, epoch) = (room(), Epoch([1; 16]));
        assert_eq!(room.history_before(), u64::MAX);
        (5..=12).for_each(|seq| room.shown(seq));
        room.tail(epoch, 10);
        assert!(!room.push(line(11)) && !room.push(line(12)) && room.push(line(13)));
        assert_eq!(room.history_before(), 5);
        room.tail(Epoch([2; 16]), 10);
        assert!(room.push(line(11)), "another log");
    }
}
