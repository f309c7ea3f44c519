//! Who is there: the number of attached sessions per user, whether they are at another
//! node, and who watches whom. Versions are this node's own: a watcher is told by one node.

use parking_lot::Mutex;
use rill_protocol::UserId;
use std::{
    collections::HashMap,
    sync::{Arc, OnceLock},
};

use super::{
    inbox::{Inbox, Slot},
    interest::Interest,
};

/// See the module.
#[derive(Default)]
pub struct Presence {
    state: Mutex<State>,
    /// Set where there are other nodes.
    interest: OnceLock<Arc<dyn Interest>>,
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
    elsewhere: Elsewhere,
    version: u64,
    watchers: Vec<Arc<Inbox>>,
}

/// Whether somebody is at another node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Elsewhere {
    #[default]
    No,
    Yes,
    /// Nobody has looked yet.
    Unknown,
}

impl Person {
    fn is_online(&self) -> bool {
        self.sessions > 0 || self.elsewhere == Elsewhere::Yes
    }

    /// Whether it can be said.
    fn is_known(&self) -> bool {
        self.sessions > 0 || self.elsewhere != Elsewhere::Unknown
    }

    fn slot(&self) -> Slot {
        Slot { version: self.version, online: self.is_online() }
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
        self.state.lock().people.get(&user).is_some_and(Person::is_online)
    }

    pub(super) fn join_others(&self, interest: Arc<dyn Interest>) {
        let _ = self.interest.set(interest);
    }

    /// Whether somebody whom this node watches is at another one.
    pub fn set_elsewhere(&self, user: UserId, is_there: bool) {
        let mut state = self.state.lock();
        if !state.people.contains_key(&user) {
            return;
        }
        let (person, version) = state.person(user);
        let (was_known, was_online) = (person.is_known(), person.is_online());
        person.elsewhere = if is_there { Elsewhere::Yes } else { Elsewhere::No };
        if !was_known || was_online != person.is_online() {
            person.change(user, version);
        }
    }

    pub(super) fn arrive(&self, user: UserId) {
        let mut state = self.state.lock();
        let (person, version) = state.person(user);
        let (was_known, was_online) = (person.is_known(), person.is_online());
        person.sessions += 1;
        if !was_known || !was_online {
            person.change(user, version);
        }
    }

    pub(super) fn depart(&self, user: UserId) {
        let mut state = self.state.lock();
        let (person, version) = state.person(user);
        person.sessions = person.sessions.saturating_sub(1);
        if person.sessions == 0 {
            if person.is_known() && !person.is_online() {
                person.change(user, version);
            }
            state.forget(user);
        }
    }

    /// Replaces the set of users that a session watches, and shows it their states: at
    /// once, or where others have to be asked when they have answered.
    pub fn watch(&self, inbox: &Arc<Inbox>, users: Vec<UserId>) {
        self.unwatch(inbox);
        inbox.forget_presence();
        let mut state = self.state.lock();
        for user in &users {
            let (person, _) = state.person(*user);
            if let Some(interest) = self.interest.get()
                && person.watchers.is_empty()
            {
                person.elsewhere = Elsewhere::Unknown;
                interest.watched(*user);
            }
            person.watchers.push(inbox.clone());
            if person.is_known() {
                inbox.show_presence(*user, person.slot());
            }
        }
        state.watches.insert(key(inbox), users);
    }

    /// Whoever watches somebody looks at their avatar again.
    pub(super) fn avatar_changed(&self, user: UserId) {
        let state = self.state.lock();
        state.people.get(&user).into_iter().flat_map(|person| &person.watchers).for_each(|one| one.show_avatar(user));
    }

    /// Who is watched or here, of one of so many parts that are about as large, in an order
    /// that stays.
    pub fn part(&self, (part, of): (u64, u64)) -> Vec<UserId> {
        let is_in = |user: &&UserId| user.0.iter().fold(0, |sum, byte| (sum * 31 + u64::from(*byte)) % of) == part;
        let mut users: Vec<UserId> = self.state.lock().people.keys().filter(is_in).copied().collect();
        users.sort_unstable();
        users
    }

    pub(super) fn unwatch(&self, inbox: &Arc<Inbox>) {
        let mut state = self.state.lock();
        for user in state.watches.remove(&key(inbox)).unwrap_or_default() {
            if let Some(person) = state.people.get_mut(&user) {
                person.watchers.retain(|watcher| !Arc::ptr_eq(watcher, inbox));
                if let Some(interest) = self.interest.get()
                    && person.watchers.is_empty()
                {
                    person.elsewhere = Elsewhere::No;
                    interest.unwatched(user);
                }
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
