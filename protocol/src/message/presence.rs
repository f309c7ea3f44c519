//! What goes beyond whether somebody is there: what they say of the moment, and that they write.

use serde::{Deserialize, Serialize};

use super::open::open_enum;
use crate::{
    id::{RoomId, UserId},
    number::U53,
};

/// What else is to be shown of users whose presence the session watches, whenever it has changed;
/// of its own user a `ProfileAnswer` says it. The latest one that came counts; until one has come,
/// nothing is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceDetails {
    /// At most 200.
    pub people: Vec<PresenceDetail>,
}

/// See [`PresenceDetails`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PresenceDetail {
    pub user: UserId,
    /// Of somebody who is online.
    pub availability: Availability,
    /// An emoji beside the text; may be empty.
    pub emoji: String,
    /// What they say of the moment; may be empty.
    pub text: String,
    /// When emoji, text and `DoNotDisturb` are over; 0 for never. Nothing more is sent then.
    pub until_ms: U53,
    /// Of somebody who is offline: when they were there last. 0 if it is not known, or not shown.
    pub seen_ms: U53,
}

open_enum! {
    /// How somebody is there.
    Availability {
        0 Available,
        /// None of their devices is in use.
        1 Idle,
        2 DoNotDisturb,
    }
}

/// Whether this device is in use. Of several the one that is in use counts. A session begins as
/// active. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetActivity {
    pub request: u32,
    pub activity: Activity,
}

open_enum! {
    /// Whether somebody uses a device.
    Activity {
        0 Active,
        1 Idle,
    }
}

/// How many people are online in the room in view, if it has more than 200 members: when it comes
/// into view, and at most every 5 s when the number has changed. Of smaller rooms a client watches
/// the members.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomOnline {
    pub room: RoomId,
    pub online: u32,
}

/// What the user says of the moment, in the place of what they said before. Answered by `Done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetStatus {
    pub request: u32,
    pub do_not_disturb: bool,
    /// An emoji beside the text; may be empty.
    pub emoji: String,
    /// At most 100 characters; may be empty.
    pub text: String,
    /// When all of it is over; 0 for never.
    pub until_ms: U53,
}

/// Somebody writes in a room, or has stopped. Comes as a datagram both ways, or as a frame on
/// control; nothing answers it. A client sends it at most every 3 s while its user writes, and once
/// when they stop. Who is shown as writing is so until this says otherwise, they post, or 5 s are over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typing {
    pub room: RoomId,
    /// Who it is; what a client says here is not looked at.
    pub user: UserId,
    pub is_typing: bool,
}
