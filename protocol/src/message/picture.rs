//! Pictures that stand for people and rooms, and custom emoji: which there are. The pictures
//! themselves come over HTTP, under addresses that carry the version.

use serde::{Deserialize, Serialize};

use crate::{
    id::{RoomId, UserId},
    number::U53,
};

/// The avatar of a user or a room, as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Avatar {
    /// Rises with every change, also when the picture goes; 0 if there never was one.
    pub version: U53,
    /// Whether there is a picture.
    pub is_set: bool,
}

/// Avatars of users that the session has asked for, watches, or is: before an answer that names
/// them, and whenever one has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAvatars {
    /// At most 200. Who is named by the answer and not here never had one.
    pub avatars: Vec<UserAvatar>,
}

/// See [`UserAvatars`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UserAvatar {
    pub user: UserId,
    pub avatar: Avatar,
}

/// Avatars of rooms, before what names them: an answer, an entry of the user's own log, or a
/// `Resumed` whose room does not go on from the client's cursor. Later changes are entries of the
/// room's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomAvatars {
    /// At most 500. Which is named by the answer and not here never had one.
    pub avatars: Vec<RoomAvatar>,
}

/// See [`RoomAvatars`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomAvatar {
    pub room: RoomId,
    pub avatar: Avatar,
}

/// Which custom emoji there are: before `UserHead` of an `Attach`, and whenever it has changed. A
/// client that has the list of another version asks for it (`GET /api/v1/emoji`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmojiVersion {
    /// 0 if there never were any.
    pub version: U53,
}
