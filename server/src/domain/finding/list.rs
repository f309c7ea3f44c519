//! The list of people, in the order of their names. Pure: who is in it is told by the caller.

use rill_protocol::UserId;
use std::collections::{BTreeMap, HashMap};

use super::spelling::{Match, Spelled, folded};

/// Where somebody stands: names that are spelled alike by who they are.
type Place = (String, UserId);

/// Somebody's names.
struct Names {
    shown: Spelled,
    /// Nothing where it is the name that is shown.
    username: Option<Spelled>,
}

/// See the module.
#[derive(Default)]
pub(super) struct List {
    people: BTreeMap<Place, Names>,
    places: HashMap<UserId, Place>,
    /// The largest id that is in it, or was.
    last: Option<UserId>,
}

impl List {
    /// Somebody is called this now.
    pub(super) fn put(&mut self, user: UserId, name: &str, username: &str) {
        self.remove(user);
        let shown = Spelled::new(name);
        let place = (shown.order(), user);
        let username = (name != username).then(|| Spelled::new(username));
        self.people.insert(place.clone(), Names { shown, username });
        self.places.insert(user, place);
        self.last = self.last.max(Some(user));
    }

    pub(super) fn remove(&mut self, user: UserId) {
        if let Some(place) = self.places.remove(&user) {
            self.people.remove(&place);
        }
        self.last = self.last.max(Some(user));
    }

    /// The largest id that it was told of.
    pub(super) fn last(&self) -> Option<UserId> {
        self.last
    }

    /// Everybody whom a text finds, best first.
    pub(super) fn find(&self, text: &str) -> Vec<UserId> {
        let text = folded(text);
        if text.is_empty() {
            return self.people.keys().map(|(_, user)| *user).collect();
        }
        let mut found: [Vec<UserId>; 3] = Default::default();
        for ((_, user), names) in &self.people {
            let by_username = names.username.as_ref().and_then(|username| username.find(&text));
            let best = [names.shown.find(&text), by_username].into_iter().flatten().min();
            if let Some(best) = best {
                let class = match best {
                    Match::Begins => 0,
                    Match::WordBegins => 1,
                    Match::Holds => 2,
                };
                found[class].push(*user);
            }
        }
        found.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn user(number: u8) -> UserId {
        UserId([number; 16])
    }

    #[test]
    fn the_best_come_first_and_each_once() {
        let mut list = List::default();
        for (number, name, username) in [
            (1, "Mara Ann", "mara"),
            (2, "Anna", "anna"),
            (3, "Johann", "joh"),
            (4, "李安", "annie"),
            (5, "Bob", "bob"),
        ] {
            list.put(user(number), name, username);
        }
        assert_eq!(list.find(" AN "), [2, 4, 1, 3].map(user));
        assert_eq!(list.find(""), [2, 5, 3, 4, 1].map(user));
        assert_eq!(list.find("la"), [user(4)]);
        list.put(user(2), "Zoe", "anna");
        assert_eq!(list.find("anna"), [user(2)], "by the username too");
        assert_eq!(list.find("")[4], user(2));
        list.remove(user(2));
        list.remove(user(2));
        assert_eq!(list.find("anna"), []);
        assert_eq!((list.find("").len(), list.last()), (4, Some(user(5))));
    }
}
