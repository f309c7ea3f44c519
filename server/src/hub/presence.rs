//! Who is there: the number of attached sessions per user, and who watches whom.

use parking_lot::Mutex;
use rill_protocol::UserId;
use std::{collections::HashMap, sync::Arc};

use super::inbox::{Inbox, Slot};

/// See the module.
#[derive(Default)]
pub struct Presence {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    people: HashMap<UserId, Person>,
    /// Rises with every change of anybody, so that no state ever gets an older version
    /// than one before it, also after somebody was forgotten.
    version: u64,
    /// Who each session watches, to find the watchers again.
    watches: HashMap<usize, Vec<UserId>>,
}

#[derive(Default)]
struct Person {
    sessions: u32,
    version: u64,
    watchers: Vec<Arc<Inbox>>,
}

impl Person {
    fn slot(&self) -> Slot {
        Slot { version: self.version, online: self.sessions > 0 }
    }

    fn change(&mut self, user: UserId, version: u64) {
        self.version = version;
        let slot = self.slot();
        self.watchers.iter().for_each(|watcher| watcher.show_presence(user, slot));
    }
}

fn key(inbox: &Arc<Inbox>) -> usize {
    Arc::as_ptr(inbox) as usize
}

impl Presence {
    /// Whether any session of a user is attached.
    pub fn is_online(&self, user: UserId) -> bool {
        self.state.lock().people.get(&user).is_some_and(|person| person.sessions > 0)
    }

    pub(super) fn arrive(&self, user: UserId) {
        let mut state = self.state.lock();
        let (person, version) = state.person(user);
        person.sessions += 1;
        if person.sessions == 1 {
            person.change(user, version);
        }
    }

    pub(super) fn depart(&self, user: UserId) {
        let mut state = self.state.lock();
        let (person, version) = state.person(user);
        person.sessions = person.sessions.saturating_sub(1);
        if person.sessions == 0 {
            person.change(user, version);
            state.forget(user);
        }
    }

    /// Replaces the set of users that a session watches, and shows it their states.
    pub fn watch(&self, inbox: &Arc<Inbox>, users: Vec<UserId>) {
        self.unwatch(inbox);
        inbox.forget_presence();
        let mut state = self.state.lock();
        for user in &users {
            let (person, _) = state.person(*user);
            person.watchers.push(inbox.clone());
            inbox.show_presence(*user, person.slot());
        }
        state.watches.insert(key(inbox), users);
    }

    pub(super) fn unwatch(&self, inbox: &Arc<Inbox>) {
        let mut state = self.state.lock();
        for user in state.watches.remove(&key(inbox)).unwrap_or_default() {
            if let Some(person) = state.people.get_mut(&user) {
                person.watchers.retain(|watcher| !Arc::ptr_eq(watcher, inbox));
                state.forget(user);
            }
        }
    }
}

impl State {
    /// Somebody, known or not, and the version of their next change.
    fn person(&mut self, user: UserId) -> (&mut Person, u64) {
        self.version += 1;
        let version = self.version;
        let person = self.people.entry(user).or_insert_with(|| Person { version, ..Person::default() });
        (person, version)
    }

    /// Keeps nobody who is neither there nor watched.
    fn forget(&mut self, user: UserId) {
        if self.people.get(&user).is_some_and(|person| person.sessions == 0 && person.watchers.is_empty()) {
            self.people.remove(&user);
        }
    }
}
