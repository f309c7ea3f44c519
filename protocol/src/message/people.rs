//! Who somebody is and whether they are there.

use serde::{Deserialize, Serialize};

use super::open::open_enum;
use crate::{id::UserId, number::U53};

/// Names of at most 200 users. Answered by `Users`, which leaves out unknown ids.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetUsers {
    pub request: u32,
    pub users: Vec<UserId>,
}

/// See [`GetUsers`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Users {
    pub request: u32,
    pub users: Vec<UserInfo>,
}

/// What others may know of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserInfo {
    pub id: UserId,
    pub name: String,
}

/// Replaces the set of watched users, at most 200. Answered by `Done`; the present
/// state of each follows as `Presence`, then every change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WatchPresence {
    pub request: u32,
    pub users: Vec<UserId>,
}

/// States that changed. Only the latest state of a user is ever sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Presence {
    pub slots: Vec<PresenceSlot>,
}

/// The state of one user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceSlot {
    pub user: UserId,
    /// A slot with a smaller version than the one shown is ignored.
    pub version: U53,
    pub state: PresenceState,
}

open_enum! {
    /// Whether somebody is there.
    PresenceState {
        0 Offline,
        1 Online,
    }
}
