//! What the hub cares for, as it changed since somebody last looked: the latest state of
//! each, so that it is bounded by what the hub itself holds.

use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId};
use std::collections::BTreeMap;
use tokio::sync::Notify;

use super::attendance::Attended;
use crate::hub::{Interest, interest::Missing};

/// A log that this node may follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Log {
    Room(RoomId),
    User(UserId),
}

/// What changed of the logs.
#[derive(Default)]
pub(super) struct LogWants {
    /// Whether each is followed now.
    pub(super) followed: BTreeMap<Log, bool>,
    /// Rooms that may lack something.
    pub(super) behind: BTreeMap<RoomId, Missing>,
}

/// What changed of the people.
#[derive(Default)]
pub(super) struct PeopleWants {
    /// Whether each is attached here now.
    pub(super) here: BTreeMap<UserId, Attended>,
    /// Whether each is watched here now.
    pub(super) watched: BTreeMap<UserId, bool>,
}

/// See the module.
#[derive(Default)]
pub(super) struct Wants {
    logs: Mutex<LogWants>,
    logs_changed: Notify,
    people: Mutex<PeopleWants>,
    people_changed: Notify,
}

impl Wants {
    /// Resolves when [`Self::take_logs`] may give something. Cancel safe.
    pub(super) async fn logs_changed(&self) {
        self.logs_changed.notified().await;
    }

    pub(super) fn take_logs(&self) -> LogWants {
        std::mem::take(&mut self.logs.lock())
    }

    /// The same for people.
    pub(super) async fn people_changed(&self) {
        self.people_changed.notified().await;
    }

    pub(super) fn take_people(&self) -> PeopleWants {
        std::mem::take(&mut self.people.lock())
    }

    fn follow(&self, log: Log, is_followed: bool) {
        self.logs.lock().followed.insert(log, is_followed);
        self.logs_changed.notify_one();
    }
}

impl Interest for Wants {
    fn room_live(&self, room: RoomId) {
        self.follow(Log::Room(room), true);
    }

    fn room_retired(&self, room: RoomId) {
        self.follow(Log::Room(room), false);
    }

    fn room_behind(&self, room: RoomId, missing: Missing) {
        let mut logs = self.logs.lock();
        let known = logs.behind.entry(room).or_insert(missing);
        *known = missing.max(*known);
        drop(logs);
        self.logs_changed.notify_one();
    }

    fn user_here(&self, user: UserId) {
        self.follow(Log::User(user), true);
        self.people.lock().here.insert(user, Attended::Yes);
        self.people_changed.notify_one();
    }

    fn user_gone(&self, user: UserId) {
        self.follow(Log::User(user), false);
        self.people.lock().here.insert(user, Attended::No);
        self.people_changed.notify_one();
    }

    fn user_idle(&self, user: UserId, is_idle: bool) {
        self.people.lock().here.insert(user, if is_idle { Attended::Idly } else { Attended::Yes });
        self.people_changed.notify_one();
    }

    fn watched(&self, user: UserId) {
        self.people.lock().watched.insert(user, true);
        self.people_changed.notify_one();
    }

    fn unwatched(&self, user: UserId) {
        self.people.lock().watched.insert(user, false);
        self.people_changed.notify_one();
    }
}
