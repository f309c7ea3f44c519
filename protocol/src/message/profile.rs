//! What people say of themselves, and how they are found.

use serde::{Deserialize, Serialize};

use super::people::UserInfo;
use crate::{id::UserId, number::U53};

/// People whose name a text is found in, also by its pinyin or the first letters of that; without a text all
/// of them. In an order that stays: names that begin with the text first. Answered by `PeoplePage`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindPeople {
    pub request: u32,
    pub text: String,
    /// Continue behind this user; nothing for the first page.
    pub after: Option<UserId>,
    /// At most 50.
    pub limit: u32,
}

/// See [`FindPeople`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeoplePage {
    pub request: u32,
    pub people: Vec<FoundPerson>,
    pub more: bool,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FoundPerson {
    pub user: UserId,
    pub username: String,
    /// As they are shown.
    pub name: String,
}

/// What there is to know of a user. Answered by `ProfileAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetProfile {
    pub request: u32,
    pub user: UserId,
}

/// See [`GetProfile`]. With the request 0 the user's own: behind `Attached`, and whenever it has
/// changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProfileAnswer {
    pub request: u32,
    pub profile: Profile,
    /// Of the user's own.
    pub own: Option<OwnSettings>,
}

/// What anybody logged in may know of a user.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    pub user: UserId,
    /// What they log in with, and are mentioned by.
    pub username: String,
    /// As they are shown: the name that they have chosen, or else the username.
    pub name: String,
    /// A tag such as `zh-CN`; may be empty.
    pub language: String,
    /// A name such as `Asia/Shanghai`; may be empty.
    pub time_zone: String,
}

/// What is nobody's business but the user's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnSettings {
    /// The name that was chosen; empty for none.
    pub chosen_name: String,
    /// Whether others find them with `FindPeople`.
    pub is_listed: bool,
    /// Whether others see when they were there last.
    pub shows_seen: bool,
    /// As they were set, until `until_ms`.
    pub do_not_disturb: bool,
    pub emoji: String,
    pub text: String,
    /// 0 for never.
    pub until_ms: U53,
    /// Whom they block, at most 1,000, in the order of their ids.
    pub blocked: Vec<UserId>,
}

/// Blocks somebody, or does so no more: they see nothing of the user's presence, and cannot write
/// to them alone. Nothing tells them. Answered by `Done`; every device of the user hears of it by a
/// `ProfileAnswer`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetBlock {
    pub request: u32,
    pub user: UserId,
    pub is_blocked: bool,
}

/// What the user says of themselves, in the place of what they said before. Answered by
/// `ProfileAnswer`; the user's other devices get one too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetProfile {
    pub request: u32,
    /// At most 64 characters; empty to be shown by the username.
    pub chosen_name: String,
    pub language: String,
    pub time_zone: String,
    pub is_listed: bool,
    pub shows_seen: bool,
}

/// Users who are shown by another name from now on: of those that the session has asked for,
/// watches, or is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserNames {
    /// At most 200.
    pub users: Vec<UserInfo>,
}
