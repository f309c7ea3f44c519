//! What the committer remembers from one batch to the next.
//!
//! It is the only writer, so what it has read or written stays true. The records that
//! every append touches are kept as they are, and are sealed once a batch, however
//! often it changes them. And which client ids a member has used is known without
//! asking the engine, which would mostly be asked for keys that are not there.
//!
//! Everything in it can be forgotten between two batches.

use rill_protocol::{ClientId, RoomId, UserId};
use std::{
    collections::{HashMap, HashSet, hash_map::RandomState},
    hash::BuildHasher,
};

use super::stored;
use crate::limits::{CACHED_RECORDS_MAX, KNOWN_CLIENT_IDS_MAX};

/// A record as the batch under way has it; `None` where there is none.
pub(crate) struct Slot<R> {
    pub(super) record: Option<R>,
    /// The batch under way must write it.
    pub(super) is_changed: bool,
}

/// The remembered records of one table.
pub(crate) struct Slots<R> {
    pub(super) rows: HashMap<Vec<u8>, Slot<R>>,
    /// Keys that the batch under way changed.
    changed: Vec<Vec<u8>>,
    /// How to take back the command that is running.
    undo: Vec<(Vec<u8>, Option<Slot<R>>)>,
}

impl<R> Default for Slots<R> {
    fn default() -> Self {
        Self { rows: HashMap::new(), changed: Vec::new(), undo: Vec::new() }
    }
}

impl<R: Clone> Slots<R> {
    pub(super) fn get(&self, key: &[u8]) -> Option<Option<R>> {
        self.rows.get(key).map(|slot| slot.record.clone())
    }

    /// Remembers what the engine has.
    pub(super) fn learn(&mut self, key: &[u8], record: Option<R>) {
        self.rows.insert(key.to_vec(), Slot { record, is_changed: false });
    }

    /// Changes a record; returns whether it is the batch's first change of it.
    pub(super) fn change(&mut self, key: Vec<u8>, record: Option<R>) -> bool {
        let before = self.rows.insert(key.clone(), Slot { record, is_changed: true });
        let is_first = !before.as_ref().is_some_and(|slot| slot.is_changed);
        if is_first {
            self.changed.push(key.clone());
        }
        self.undo.push((key, before));
        is_first
    }

    fn begin(&mut self) {
        self.undo.clear();
    }

    fn take_back(&mut self) {
        for (key, before) in self.undo.drain(..).rev() {
            match before {
                Some(slot) => drop(self.rows.insert(key, slot)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }

    /// What the batch changed, for good.
    fn settle(&mut self, mut write: impl FnMut(&[u8], Option<&R>)) {
        self.undo.clear();
        for key in self.changed.drain(..) {
            // A change that was taken back is none.
            if let Some(slot) = self.rows.get_mut(&key)
                && std::mem::take(&mut slot.is_changed)
            {
                write(&key, slot.record.as_ref());
            }
        }
        if self.rows.len() > CACHED_RECORDS_MAX {
            self.rows.clear();
        }
    }
}

/// Hashes of client ids, by member. One that is not among a member's was never used.
#[derive(Default)]
struct Known {
    members: HashMap<(RoomId, UserId), HashSet<u64>>,
    ids: usize,
    hasher: RandomState,
}

#[derive(Default)]
pub(crate) struct Cache {
    pub(crate) room_heads: Slots<stored::RoomHead>,
    pub(crate) standings: Slots<stored::Standing>,
    pub(crate) members: Slots<stored::Membership>,
    known: Known,
    /// Nothing is known of client ids, and nothing is learned: they are asked for.
    asks: bool,
}

/// Writes the records that a batch changed, each kind in its way.
pub(super) trait Settle {
    fn room_head(&mut self, key: &[u8], record: Option<&stored::RoomHead>);
    fn standing(&mut self, key: &[u8], record: Option<&stored::Standing>);
    fn member(&mut self, key: &[u8], record: Option<&stored::Membership>);
}

impl Cache {
    /// For one batch over rows that others write too.
    pub(crate) fn for_one_batch() -> Self {
        Self { asks: true, ..Self::default() }
    }

    pub(super) fn begin(&mut self) {
        self.room_heads.begin();
        self.standings.begin();
        self.members.begin();
    }

    pub(super) fn take_back(&mut self) {
        self.room_heads.take_back();
        self.standings.take_back();
        self.members.take_back();
    }

    pub(super) fn settle(&mut self, write: &mut impl Settle) {
        self.room_heads.settle(|key, record| write.room_head(key, record));
        self.standings.settle(|key, record| write.standing(key, record));
        self.members.settle(|key, record| write.member(key, record));
    }

    /// Whether a member may have used a client id; `None` if nobody knows.
    pub(crate) fn may_have_used(&self, room: RoomId, user: UserId, client_id: ClientId) -> Option<bool> {
        if self.asks {
            return Some(true);
        }
        let ids = self.known.members.get(&(room, user))?;
        Some(ids.contains(&self.known.hasher.hash_one(client_id)))
    }

    /// A member has used these client ids, and no other that counts.
    pub(crate) fn learn_used(&mut self, room: RoomId, user: UserId, ids: impl Iterator<Item = ClientId>) {
        if self.known.ids > KNOWN_CLIENT_IDS_MAX {
            self.known.members.clear();
            self.known.ids = 0;
        }
        let hashes: HashSet<u64> = ids.map(|id| self.known.hasher.hash_one(id)).collect();
        self.known.ids += hashes.len() + 1;
        self.known.members.insert((room, user), hashes);
    }

    pub(crate) fn used(&mut self, room: RoomId, user: UserId, client_id: ClientId) {
        if let Some(ids) = self.known.members.get_mut(&(room, user)) {
            ids.insert(self.known.hasher.hash_one(client_id));
            self.known.ids += 1;
        }
    }
}
