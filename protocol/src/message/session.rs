//! From the first frame to a running session. `Hello` only authenticates, so that
//! two transports can race; `Attach` on the winner starts everything else.

use serde::{Deserialize, Serialize};

use crate::{
    id::{AttemptId, Epoch, SessionId, Ticket, UserId},
    number::U53,
};

/// Who is there. Follows `Control` at once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// Used up by this frame, whatever the answer.
    pub ticket: Ticket,
    /// The same on every transport of one race.
    pub attempt: AttemptId,
    /// Name and version of the client, for the operator's log.
    pub client: String,
}

/// The answer to `Hello`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// Whose session it is.
    pub user: UserId,
    /// The user's name as others see it.
    pub name: String,
    /// The login that this connection belongs to.
    pub session: SessionId,
    /// For the next connection: single use, 24 hours.
    pub ticket: Ticket,
    /// Name and version of the server.
    pub server: String,
    /// The server's clock, milliseconds UTC.
    pub now_ms: U53,
    /// What the server holds this client to.
    pub limits: Limits,
}

/// The limits in force, so that a client refuses early and politely.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    pub text_bytes_max: u32,
    pub room_name_chars_max: u32,
    pub rooms_per_user_max: u32,
    pub history_page_max: u32,
    pub resume_cursors_max: u32,
    pub presence_watch_max: u32,
    pub streams_max: u32,
    pub requests_in_flight_max: u32,
    pub datagram_bytes_max: u32,
    /// How often the client pings.
    pub ping_interval_ms: u32,
    /// How long either side waits for any sign of life.
    pub dead_after_ms: u32,
}

/// Starts the session, from the client's cursor into the user's own log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attach {
    pub request: u32,
    /// The epoch of `user_seq`; all zero when the client has nothing.
    pub user_epoch: Epoch,
    /// The last entry of the user's log that the client has; 0 for none.
    pub user_seq: U53,
}

/// The answer to `Attach`. The entries of the user's log follow, then `UserHead`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attached {
    pub request: u32,
    pub user_epoch: Epoch,
    /// Whether what follows is a snapshot: the client forgets the rooms that it does
    /// not name. Otherwise it is what came after the client's cursor.
    pub snapshot: bool,
}
