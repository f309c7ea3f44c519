//! What is done about messages and people that should not be as they are.

use serde::{Deserialize, Serialize};

use crate::{
    id::{ClientId, RoomId, UserId},
    number::U53,
};

/// Removes a message for good: one's own, or any of a room that one runs. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoveMessage {
    pub request: u32,
    pub client_id: ClientId,
    pub room: RoomId,
    pub seq: U53,
}

/// Tells the server's administrators of somebody, or of what they wrote. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    pub request: u32,
    pub client_id: ClientId,
    /// Whom it is about: of a message, its author.
    pub user: UserId,
    /// A message that the reporter may see.
    pub message: Option<ReportedMessage>,
    /// Why, in 1 to 1,000 characters.
    pub reason: String,
}

/// The message that a [`Report`] is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedMessage {
    pub room: RoomId,
    pub seq: U53,
}
