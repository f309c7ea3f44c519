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
    /// Of these are not in use.
    idle_sessions: u32,
    /// What was said to other nodes.
    is_told_idle: bool,
    elsewhere: Elsewhere,
    version: u64,
    watchers: Vec<Arc<Inbox>>,
}

/// Whether somebody who is there uses no device there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Idle(pub bool);

/// Whether somebody is at another node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Elsewhere {
    #[default]
    No,
    Yes {
        is_idle: bool,
    },
    /// Nobody has looked yet.
    Unknown,
}

impl Person {
    fn is_online(&self) -> bool {
        self.sessions > 0 || matches!(self.elsewhere, Elsewhere::Yes { .. })
    }

    /// Of all devices the one that is in use counts.
    fn is_idle(&self) -> bool {
        self.is_online()
            && self.idle_sessions >= self.sessions
            && !matches!(self.elsewhere, Elsewhere::Yes { is_idle: false })
    }

    /// Whether it can be said.
    fn is_known(&self) -> bool {
        self.sessions > 0 || self.elsewhere != Elsewhere::Unknown
    }

    fn slot(&self) -> Slot {
        Slot { version: self.version, online: self.is_online(), is_idle: self.is_idle() }
    }

    /// What is shown of them.
    fn shown(&self) -> (bool, bool, bool) {
        (self.is_known(), self.is_online(), self.is_idle())
    }

    /// Tells the watchers, if something else is to be shown than before.
    fn changed(&mut self, user: UserId, before: (bool, bool, bool), version: u64) {
        let now = self.shown();
        if before == now || !now.0 {
            return;
        }
        self.version = version;
        let slot = self.slot();
        for watcher in &self.watchers {
            watcher.show_presence(user, slot);
            // What goes beyond being there is told apart.
            if before.2 != now.2 {
                watcher.show_avatar(user);
            }
        }
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

    /// Whether somebody who is online uses no device.
    pub fn is_idle(&self, user: UserId) -> bool {
        self.state.lock().people.get(&user).is_some_and(Person::is_idle)
    }

    /// Whether any session of a user is attached here.
    pub fn is_here(&self, user: UserId) -> bool {
        self.state.lock().people.get(&user).is_some_and(|person| person.sessions > 0)
    }

    /// Whether a device is in use.
    pub fn set_idle(&self, inbox: &Arc<Inbox>, is_idle: bool) {
        let mut state = self.state.lock();
        if !inbox.set_idle(is_idle) {
            return;
        }
        let (person, version) = state.person(inbox.user);
        let before = person.shown();
        person.idle_sessions = if is_idle { person.idle_sessions + 1 } else { person.idle_sessions.saturating_sub(1) };
        person.changed(inbox.user, before, version);
        self.tell_idle(inbox.user, person);
        state.forget(inbox.user);
    }

    /// Says to other nodes whether a user who is here is so idly, if that is news.
    fn tell_idle(&self, user: UserId, person: &mut Person) {
        let is_idle = person.sessions > 0 && person.idle_sessions >= person.sessions;
        if std::mem::replace(&mut person.is_told_idle, is_idle) != is_idle
            && person.sessions > 0
            && let Some(interest) = self.interest.get()
        {
            interest.user_idle(user, is_idle);
        }
    }

    /// A session is shown somebody whom it watches as they are now.
    pub fn show_again(&self, inbox: &Arc<Inbox>, user: UserId) {
        let state = self.state.lock();
        let is_watched = state.watches.get(&key(inbox)).is_some_and(|users| users.contains(&user));
        if let Some(person) = state.people.get(&user).filter(|person| is_watched && person.is_known()) {
            inbox.show_presence(user, person.slot());
        }
    }

    /// Whether somebody whom this node watches is at another one.
    pub fn set_elsewhere(&self, user: UserId, there: Option<Idle>) {
        let mut state = self.state.lock();
        if !state.people.contains_key(&user) {
            return;
        }
        let (person, version) = state.person(user);
        let before = person.shown();
        person.elsewhere = there.map_or(Elsewhere::No, |Idle(is_idle)| Elsewhere::Yes { is_idle });
        person.changed(user, before, version);
    }

    pub(super) fn arrive(&self, inbox: &Inbox) {
        let mut state = self.state.lock();
        let (person, version) = state.person(inbox.user);
        let before = person.shown();
        person.sessions += 1;
        person.idle_sessions += u32::from(inbox.is_idle());
        person.changed(inbox.user, before, version);
        self.tell_idle(inbox.user, person);
    }

    pub(super) fn depart(&self, inbox: &Inbox) {
        let mut state = self.state.lock();
        let (person, version) = state.person(inbox.user);
        let before = person.shown();
        person.sessions = person.sessions.saturating_sub(1);
        person.idle_sessions = person.idle_sessions.saturating_sub(u32::from(inbox.is_idle()));
        person.changed(inbox.user, before, version);
        self.tell_idle(inbox.user, person);
        state.forget(inbox.user);
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
