//! What people say of themselves, and whom they want to hear nothing of.

use super::Avatar;

/// What is shown of a user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// As they are shown: the name of their card, or else the username.
    pub name: String,
    /// What they log in with.
    pub username: String,
    pub is_disabled: bool,
    pub avatar: Avatar,
    /// Rises with every change of the card; 0 if there never was one.
    pub card_version: u64,
    pub card: Card,
    pub status: Status,
    /// When the last of their devices went, as far as it was written down.
    pub seen_ms: Option<u64>,
}

/// What a user says of themselves, and how they want to be found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Card {
    /// Empty for the username.
    pub name: String,
    /// A tag such as `zh-CN`, or nothing.
    pub language: String,
    /// A name such as `Asia/Shanghai`, or nothing.
    pub time_zone: String,
    /// Not to be found among the people of the server.
    pub is_unlisted: bool,
    /// Others do not see when they were there last.
    pub hides_seen: bool,
}

/// What a user says of the moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Status {
    pub do_not_disturb: bool,
    pub emoji: String,
    pub text: String,
    /// When all of it is over; never without.
    pub until_ms: Option<u64>,
}

impl Status {
    /// What is left of it at that time.
    pub fn at(&self, now_ms: u64) -> Self {
        if self.until_ms.is_some_and(|until_ms| until_ms <= now_ms) { Self::default() } else { self.clone() }
    }
}
