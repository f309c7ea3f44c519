//! Who watches: what streams do and are told, and what must hold while they do.

use parking_lot::Mutex;
use rill_protocol::{RoomId, TransferId, UserId};
use rill_server::files::service::Settled;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

type Key = (UserId, TransferId);

#[derive(Default)]
pub(super) struct Notes(Mutex<Facts>);

#[derive(Default)]
struct Facts {
    writing: BTreeMap<Key, u64>,
    /// Every byte that was ever given to a place of a transfer.
    given: BTreeMap<Key, Vec<Vec<u8>>>,
    /// Messages that were told to be complete.
    complete: BTreeMap<(RoomId, u64), TransferId>,
    removed: BTreeSet<(RoomId, u64)>,
}

/// One who writes a transfer.
pub(super) struct Writing {
    notes: Arc<Notes>,
    key: Key,
}

impl Notes {
    pub(super) fn writes(self: &Arc<Self>, key: Key) -> Writing {
        let mut facts = self.0.lock();
        let writing = facts.writing.entry(key).or_default();
        *writing += 1;
        assert_eq!(*writing, 1, "{writing} write one transfer");
        Writing { notes: self.clone(), key }
    }

    /// Told to somebody for good.
    pub(super) fn complete(&self, room: RoomId, transfer: TransferId, settled: &Settled) {
        let before = self.0.lock().complete.insert((room, settled.seq), transfer);
        assert!(before.is_none_or(|before| before == transfer), "a message is of two transfers");
    }

    pub(super) fn completed(&self) -> BTreeMap<(RoomId, u64), TransferId> {
        self.0.lock().complete.clone()
    }

    /// A message is gone.
    pub(super) fn removed(&self, message: (RoomId, u64)) {
        self.0.lock().removed.insert(message);
    }

    pub(super) fn all_removed(&self) -> BTreeSet<(RoomId, u64)> {
        self.0.lock().removed.clone()
    }

    /// Whether these may be the first bytes of what a transfer was given: each was given to its
    /// place.
    pub(super) fn may_be_read(&self, key: Key, read: &[u8]) -> bool {
        let facts = self.0.lock();
        let Some(given) = facts.given.get(&key) else { return read.is_empty() };
        // What was given goes by whole pieces of a file; most often by those of one.
        let is_one = given.iter().any(|one| one.len() >= read.len() && one[..read.len()] == *read);
        is_one || read.iter().enumerate().all(|(at, byte)| given.iter().any(|one| one.get(at) == Some(byte)))
    }
}

impl Writing {
    /// Bytes go to a place.
    pub(super) fn gives(&self, offset: usize, bytes: &[u8]) {
        let mut facts = self.notes.0.lock();
        let given = facts.given.entry(self.key).or_default();
        // Beside the ones before, if they differ there.
        let fits = |one: &Vec<u8>| {
            let end = one.len().min(offset + bytes.len());
            one.len() >= offset && (end <= offset || one[offset..end] == bytes[..end - offset])
        };
        match given.iter_mut().find(|one| fits(one)) {
            Some(one) if one.len() < offset + bytes.len() => {
                one.truncate(offset);
                one.extend_from_slice(bytes);
            }
            Some(_) => {}
            None => {
                let mut other =
                    given.iter().find(|one| one.len() >= offset).map_or(Vec::new(), |one| one[..offset].to_vec());
                // What was before a restart is somewhere among the others.
                other.resize(offset, 0);
                other.extend_from_slice(bytes);
                given.push(other);
            }
        }
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        if let Some(writing) = self.notes.0.lock().writing.get_mut(&self.key) {
            *writing -= 1;
        }
    }
}
