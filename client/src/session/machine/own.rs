//! How the user stands in rooms and what they want of them. What the application has not taken
//! yet is replaced where it waits, so that it stays as small as what it speaks of.

use rill_protocol::{
    RoomId,
    message::{Draft, Notify, ReadState, ReadStates, Receipts, ReceiptsHidden, RoomPreferences},
};
use std::collections::BTreeSet;

use super::Machine;
use crate::Event;

/// What an entry of the user's own log is about, beside which rooms there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Preferences(RoomId),
    Draft(RoomId),
    ReceiptsHidden,
}

/// What is something else than it is at first, as the server has told it.
#[derive(Debug, Default)]
pub(super) struct Own {
    known: BTreeSet<Key>,
    /// What a snapshot that is under way has named.
    named: Option<BTreeSet<Key>>,
}

fn key(event: &Event) -> Option<Key> {
    match event {
        Event::RoomPreferences { room, .. } => Some(Key::Preferences(*room)),
        Event::Draft { room, .. } => Some(Key::Draft(*room)),
        Event::ReceiptsHidden(_) => Some(Key::ReceiptsHidden),
        _ => None,
    }
}

/// As it is where nobody has said anything.
fn at_first(key: Key) -> Event {
    match key {
        Key::Preferences(room) => Event::RoomPreferences { room, notify: Notify::All, pinned: false, archived: false },
        Key::Draft(room) => Event::Draft { room, text: String::new() },
        Key::ReceiptsHidden => Event::ReceiptsHidden(false),
    }
}

impl Machine {
    pub(super) fn read_states(&mut self, ReadStates { states }: ReadStates) {
        let waiting = self.events.iter_mut().find_map(|event| match event {
            Event::Read(waiting) => Some(waiting),
            _ => None,
        });
        let Some(waiting) = waiting else { return self.events.push_back(Event::Read(states)) };
        for state in states {
            let order = |state: &ReadState| (state.version, state.as_of);
            match waiting.iter_mut().find(|known| known.room == state.room) {
                Some(known) if order(known) > order(&state) => {}
                Some(known) => *known = state,
                None => waiting.push(state),
            }
        }
    }

    pub(super) fn receipts(&mut self, Receipts { room, receipts }: Receipts) {
        let waiting = self.events.iter_mut().find_map(|event| match event {
            Event::Receipts { room: known, receipts } if *known == room => Some(receipts),
            _ => None,
        });
        let Some(waiting) = waiting else { return self.events.push_back(Event::Receipts { room, receipts }) };
        for receipt in receipts {
            match waiting.iter_mut().find(|known| known.user == receipt.user) {
                Some(known) => known.seq = known.seq.max(receipt.seq),
                None => waiting.push(receipt),
            }
        }
    }

    pub(super) fn preferences(&mut self, entry: RoomPreferences) {
        let RoomPreferences { header, room, notify, pinned, archived } = entry;
        self.own(header.seq.get(), Event::RoomPreferences { room, notify, pinned, archived });
    }

    pub(super) fn draft(&mut self, Draft { header, room, text }: Draft) {
        self.own(header.seq.get(), Event::Draft { room, text });
    }

    pub(super) fn receipts_hidden(&mut self, ReceiptsHidden { header, hidden }: ReceiptsHidden) {
        self.own(header.seq.get(), Event::ReceiptsHidden(hidden));
    }

    fn own(&mut self, seq: u64, event: Event) {
        self.rooms.passed(seq);
        if let Some(key) = key(&event) {
            self.own.known.insert(key);
            if let Some(named) = &mut self.own.named {
                named.insert(key);
            }
        }
        self.say(event);
    }

    fn say(&mut self, event: Event) {
        let about = key(&event);
        self.events.retain(|waiting| key(waiting) != about || about.is_none());
        self.events.push_back(event);
    }

    /// What comes is a snapshot, or what came behind the cursor.
    pub(super) fn own_begins(&mut self, is_snapshot: bool) {
        self.own.named = is_snapshot.then(BTreeSet::new);
    }

    /// All has come: what a snapshot does not name is as it is at first.
    pub(super) fn own_is_complete(&mut self) {
        let Some(named) = self.own.named.take() else { return };
        for key in std::mem::replace(&mut self.own.known, named.clone()) {
            if !named.contains(&key) {
                self.say(at_first(key));
            }
        }
    }

    /// With a room goes what is known of it.
    pub(super) fn own_loses(&mut self, room: RoomId) {
        self.own.known.remove(&Key::Preferences(room));
        self.own.known.remove(&Key::Draft(room));
    }
}
