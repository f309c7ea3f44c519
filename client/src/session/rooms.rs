//! The user's rooms: the list that the user's own log gives, each with its live tail.

use rill_protocol::{Epoch, RoomId, message::RoomInfo};
use std::collections::{HashMap, HashSet, VecDeque};

use super::room::Tail;
use crate::Event;

/// The list of rooms and how far the user's own log was read.
#[derive(Debug, Default)]
pub(crate) struct Rooms {
    tails: HashMap<RoomId, Tail>,
    epoch: Epoch,
    seq: u64,
    reading: Reading,
}

#[derive(Debug, Default)]
enum Reading {
    /// Not attached, or the answer to `Attach` is due.
    #[default]
    Detached,
    /// Up to `UserHead`. A snapshot names every room that still holds; only when it is
    /// whole are the others forgotten and is the cursor moved.
    CatchingUp { named: Option<HashSet<RoomId>> },
    /// Behind `UserHead`: each entry moves the cursor.
    Live,
}

impl Rooms {
    /// The cursor for `Attach`.
    pub(crate) fn cursor(&self) -> (Epoch, u64) {
        (self.epoch, self.seq)
    }

    /// A room is gone, and the user's own log has not said so: of one that is put back to before
    /// that, nothing would follow behind the cursor. The next `Attach` asks for all of it.
    pub(crate) fn own_log_is_behind(&mut self) {
        self.epoch = Epoch::default();
    }

    pub(crate) fn tail(&mut self, room: RoomId) -> Option<&mut Tail> {
        self.tails.get_mut(&room)
    }

    pub(crate) fn contains(&self, room: RoomId) -> bool {
        self.tails.contains_key(&room)
    }

    pub(crate) fn ids(&self) -> Vec<RoomId> {
        self.tails.keys().copied().collect()
    }

    pub(crate) fn is_live(&self) -> bool {
        matches!(self.reading, Reading::Live)
    }

    pub(crate) fn disconnected(&mut self) {
        self.reading = Reading::Detached;
        self.tails.values_mut().for_each(Tail::disconnected);
    }

    /// `Attached`: the entries of the user's log follow.
    pub(crate) fn attached(&mut self, epoch: Epoch, snapshot: bool) {
        if epoch != self.epoch {
            self.seq = 0;
        }
        self.epoch = epoch;
        self.reading = Reading::CatchingUp { named: snapshot.then(HashSet::new) };
    }

    /// An entry of the user's log came, whatever it says.
    pub(crate) fn passed(&mut self, seq: u64) {
        if self.is_live() {
            self.seq = self.seq.max(seq);
        }
    }

    /// The user is a member; returns whether the room is new here.
    pub(crate) fn add(&mut self, info: RoomInfo, out: &mut VecDeque<Event>) -> bool {
        if let Reading::CatchingUp { named: Some(named) } = &mut self.reading {
            named.insert(info.id);
        }
        let is_new = !self.tails.contains_key(&info.id);
        self.tails.entry(info.id).or_default();
        out.push_back(Event::RoomAdded(info));
        is_new
    }

    /// The user is no member, or the room is gone.
    pub(crate) fn remove(&mut self, room: RoomId, out: &mut VecDeque<Event>) {
        if let Reading::CatchingUp { named: Some(named) } = &mut self.reading {
            named.remove(&room);
        }
        if self.tails.remove(&room).is_some() {
            out.push_back(Event::RoomRemoved(room));
        }
    }

    /// `UserHead`: the list is complete.
    pub(crate) fn complete(&mut self, seq: u64, out: &mut VecDeque<Event>) {
        if let Reading::CatchingUp { named: Some(named) } = std::mem::replace(&mut self.reading, Reading::Live) {
            let gone: Vec<RoomId> = self.tails.keys().filter(|room| !named.contains(*room)).copied().collect();
            for room in gone {
                self.remove(room, out);
            }
        }
        self.seq = self.seq.max(seq);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{U53, UserId};

    const EPOCH: Epoch = Epoch([1; 16]);

    fn info(id: u8) -> RoomInfo {
        RoomInfo {
            id: RoomId([id; 16]),
            name: id.to_string(),
            creator: UserId::default(),
            creator_name: String::new(),
            created_ms: U53::default(),
            members: 1,
            joined: true,
        }
    }

    fn removed(out: &VecDeque<Event>) -> usize {
        out.iter().filter(|event| matches!(event, Event::RoomRemoved(_))).count()
    }

    #[test]
    fn a_snapshot_forgets_the_rooms_that_it_does_not_name() {
        let (mut rooms, mut out) = (Rooms::default(), VecDeque::new());
        rooms.attached(EPOCH, true);
        rooms.add(info(1), &mut out);
        rooms.add(info(2), &mut out);
        rooms.complete(9, &mut out);
        assert_eq!((rooms.cursor(), removed(&out)), ((EPOCH, 9), 0));
        rooms.disconnected();
        rooms.attached(EPOCH, true);
        assert!(!rooms.add(info(2), &mut out), "known already");
        rooms.complete(12, &mut out);
        assert_eq!((rooms.ids(), removed(&out)), (vec![RoomId([2; 16])], 1));
    }

    #[test]
    fn a_list_that_was_cut_off_moves_no_cursor_and_forgets_nothing() {
        let (mut rooms, mut out) = (Rooms::default(), VecDeque::new());
        rooms.attached(EPOCH, false);
        rooms.add(info(1), &mut out);
        rooms.complete(4, &mut out);
        rooms.disconnected();
        rooms.attached(EPOCH, true);
        rooms.passed(8);
        rooms.disconnected();
        assert_eq!((rooms.cursor(), rooms.ids()), ((EPOCH, 4), vec![RoomId([1; 16])]));
    }

    #[test]
    fn live_entries_move_the_cursor() {
        let (mut rooms, mut out) = (Rooms::default(), VecDeque::new());
        rooms.attached(EPOCH, false);
        rooms.complete(4, &mut out);
        rooms.passed(5);
        rooms.add(info(3), &mut out);
        rooms.passed(6);
        rooms.remove(RoomId([3; 16]), &mut out);
        assert_eq!((rooms.cursor(), removed(&out)), ((EPOCH, 6), 1));
    }
}
