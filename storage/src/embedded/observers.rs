//! Who is told of new entries, and of what else has changed.

use parking_lot::RwLock;
use rill_protocol::{Epoch, RoomId};
use std::{
    collections::HashMap,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
};

use super::tx::Effects;
use crate::{
    model::Entry,
    port::{ChangeObserver, LogObserver, MarkObserver, UserLogObserver},
};

#[derive(Default)]
pub(crate) struct Observers {
    pub(crate) log: RwLock<Vec<Arc<dyn LogObserver>>>,
    pub(crate) user_log: RwLock<Vec<Arc<dyn UserLogObserver>>>,
    pub(crate) marks: RwLock<Vec<Arc<dyn MarkObserver>>>,
    pub(crate) changes: RwLock<Vec<Arc<dyn ChangeObserver>>>,
}

/// A batch's entries of each room together, rooms in the order of their first.
fn by_room(entries: Vec<(RoomId, Epoch, Arc<Entry>)>) -> Vec<(RoomId, Epoch, Vec<Arc<Entry>>)> {
    let mut place = HashMap::new();
    let mut rooms: Vec<(RoomId, Epoch, Vec<Arc<Entry>>)> = Vec::new();
    for (room, epoch, entry) in entries {
        let at = *place.entry(room).or_insert_with(|| {
            rooms.push((room, epoch, Vec::new()));
            rooms.len() - 1
        });
        rooms[at].2.push(entry);
    }
    rooms
}

impl Observers {
    /// Tells everybody, in the order of the seqs. The entries are durable by now: an
    /// observer that panics must not take their acknowledgement away.
    pub(crate) fn tell(&self, effects: Effects) {
        let told = catch_unwind(AssertUnwindSafe(|| {
            // First: who hears of an entry may look at what it has changed.
            let observers = self.changes.read();
            for changed in effects.changed {
                observers.iter().for_each(|observer| observer.changed(changed));
            }
            drop(observers);
            let observers = self.log.read();
            for (room, epoch, entries) in by_room(effects.entries) {
                observers.iter().for_each(|observer| observer.appended(room, epoch, &entries));
            }
            drop(observers);
            // Behind the entries that they speak of.
            let observers = self.marks.read();
            for (room, user) in effects.marks {
                observers.iter().for_each(|observer| observer.marked(room, user));
            }
            for (room, user) in effects.chats {
                observers.iter().for_each(|observer| observer.chat_changed(room, user));
            }
            drop(observers);
            let observers = self.user_log.read();
            for (user, entry) in effects.user_entries {
                observers.iter().for_each(|observer| observer.appended(user, entry.clone()));
            }
        }));
        if told.is_err() {
            tracing::error!("an observer of the store panicked; its subscribers must read the store");
        }
    }
}
