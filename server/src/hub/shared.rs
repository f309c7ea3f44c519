//! What a hub does where other nodes append to the same logs: it is fed what they
//! appended, and takes up another incarnation of a log.

use rill_protocol::{Epoch, RoomId, UserId};
use rill_storage::{
    model::{Entry, Head},
    planted::{self, Bug},
};
use std::sync::Arc;

use super::{
    Hub,
    inbox::Start,
    interest::{Interest, Missing},
    room::{LiveRoom, Published},
};

/// How a room stands after it was fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fed {
    /// It has what the store has.
    UpToDate,
    /// More is to be read behind [`LiveRoom::reached`].
    Behind,
    /// The log goes on in another epoch: its followers start anew.
    Restarted,
}

impl Hub {
    /// Other nodes append too, and `interest` hears what this one cares for. Once, before
    /// anybody is attached.
    pub fn join_others(&self, interest: Arc<dyn Interest>) {
        self.presence.join_others(interest.clone());
        let is_first = self.interest.set(interest).is_ok();
        debug_assert!(is_first, "a hub belongs to one node");
    }

    /// A log may have grown, or become another one, unheard.
    pub fn doubt(&self, room: RoomId) {
        self.lacks(room, Missing::Unknown);
    }

    pub(super) fn lacks(&self, room: RoomId, missing: Missing) {
        if let Some(interest) = self.interest.get() {
            interest.room_behind(room, missing);
        }
    }

    /// What another node has committed, as its doorbell tells it; whether nothing is missing
    /// in front of it. Other than with [`Self::feed`], what is missing may still come.
    pub fn told(&self, live: &Arc<LiveRoom>, epoch: Epoch, entries: &[Arc<Entry>]) -> bool {
        let next = |(entry, seq): (&Arc<Entry>, u64)| Arc::new(Entry { seq, ..Entry::clone(entry) });
        let misplaced: Vec<_> = match planted::is(Bug::DoorbellTakenForNext) {
            true => entries.iter().zip(live.reached() + 1..).map(next).collect(),
            false => Vec::new(),
        };
        let entries = if misplaced.is_empty() { entries } else { &misplaced };
        let missing = self.published(live.clone(), |live| Some(live.publish(epoch, entries, self.encode)));
        missing == Some(None)
    }

    /// What the store has of a room's log: its head, and entries as they follow each other
    /// in it. They come into the room once and in order, beside its own appends.
    pub fn feed(&self, live: &Arc<LiveRoom>, head: &Head, entries: &[Arc<Entry>]) -> Fed {
        match self.published(live.clone(), |live| live.feed(head, entries, self.encode)) {
            None => {
                self.restart(live, head);
                Fed::Restarted
            }
            Some(Some(_)) => Fed::Behind,
            Some(None) => Fed::UpToDate,
        }
    }

    /// Tells those who follow a room what was put into it; what is missing, if anything.
    pub(super) fn published(
        &self,
        live: Arc<LiveRoom>,
        publish: impl FnOnce(&LiveRoom) -> Option<Published>,
    ) -> Option<Option<Missing>> {
        let Published { weights: (before, after), has_grown, missing } = publish(&live)?;
        self.rings.changed(&live, before, after);
        if has_grown {
            self.fanout.mark(live);
        }
        Some(missing)
    }

    /// Puts another room, with a handle of its own, in the place of one whose log went on
    /// in another epoch. Its followers get the last entry again under the new epoch, by
    /// which clients know to resume.
    fn restart(&self, old: &Arc<LiveRoom>, head: &Head) {
        let mut rooms = self.rooms.write();
        if !rooms.by_id.get(&old.id).is_some_and(|live| Arc::ptr_eq(live, old)) {
            return;
        }
        let followers = old.retire();
        rooms.by_handle.remove(&old.handle);
        let live = self.place_room(&mut rooms, old.id, head.epoch);
        live.raise_head(head.seq);
        drop(rooms);
        let start = Start { cursor: head.seq.saturating_sub(1), visible_from: u64::MAX };
        for inbox in followers {
            // Who has left meanwhile follows nothing.
            if inbox.end(old.handle) {
                self.follow(&inbox, old.id, head.epoch, head.seq, start);
            }
        }
        self.forget_if_empty(&live);
    }

    /// The log of a user has grown, wherever it was appended to.
    pub fn user_log_grew(&self, user: UserId) {
        if let Some(inboxes) = self.users.lock().get(&user) {
            inboxes.iter().for_each(|inbox| inbox.user_log_grew());
        }
    }

    /// The log of a user is another one: their sessions begin again.
    pub fn user_log_restarted(&self, user: UserId) {
        if let Some(inboxes) = self.users.lock().get(&user) {
            inboxes.iter().for_each(|inbox| inbox.user_log_restarted());
        }
    }
}
