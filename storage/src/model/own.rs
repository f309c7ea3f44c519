//! What a user's own log says: rooms that come and go, and the latest of each key beside them.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use std::sync::Arc;

/// A fact of a user's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserFact {
    RoomAdded(RoomId),
    /// With it go the room's settings and its draft.
    RoomRemoved(RoomId),
    /// Somebody wants the user in a room, and has no answer yet.
    Invited {
        room: RoomId,
        by: UserId,
    },
    /// The invitation was accepted, declined or taken back.
    InvitationGone(RoomId),
    /// All of them, as they are now.
    RoomSettings {
        room: RoomId,
        settings: RoomSettings,
    },
    /// What stands in a room's field and was not posted; `None` where nothing does.
    Draft {
        room: RoomId,
        text: Option<Arc<str>>,
    },
    /// What the bytes of which number mean is for the caller to know; nothing where there are none.
    Setting {
        number: u16,
        value: Vec<u8>,
    },
    /// A later entry says how it is now.
    Past,
}

/// What a [`UserFact`] beside those of rooms speaks of: the log knows the latest of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserKey {
    Invitation(RoomId),
    RoomSettings(RoomId),
    Draft(RoomId),
    Setting(u16),
}

/// One entry of a user's own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserEntry {
    pub seq: u64,
    pub at_ms: u64,
    pub fact: UserFact,
}

/// How a user wants a room. The default is that of who never said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomSettings {
    pub notify: Notify,
    pub is_pinned: bool,
    pub is_archived: bool,
}

/// Of what in a room a user wants to hear.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Notify {
    #[default]
    All,
    Mentions,
    None,
}

/// What is to be another of a room's settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomSettingsChange {
    pub notify: Option<Notify>,
    pub is_pinned: Option<bool>,
    pub is_archived: Option<bool>,
}

impl RoomSettings {
    /// These with a change.
    pub fn with(self, change: RoomSettingsChange) -> Self {
        Self {
            notify: change.notify.unwrap_or(self.notify),
            is_pinned: change.is_pinned.unwrap_or(self.is_pinned),
            is_archived: change.is_archived.unwrap_or(self.is_archived),
        }
    }
}

/// What a user sets in their own log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UserChange {
    /// Of a room that the log has.
    RoomSettings { room: RoomId, change: RoomSettingsChange },
    /// As [`UserFact::Draft`], of a room that the log has.
    Draft { room: RoomId, text: Option<Arc<str>> },
    /// As [`UserFact::Setting`].
    Setting { number: u16, value: Vec<u8> },
}

impl UserChange {
    /// What it is about.
    pub fn key(&self) -> UserKey {
        match self {
            Self::RoomSettings { room, .. } => UserKey::RoomSettings(*room),
            Self::Draft { room, .. } => UserKey::Draft(*room),
            Self::Setting { number, .. } => UserKey::Setting(*number),
        }
    }
}

/// A [`UserChange`] as it is asked for.
#[derive(Clone, Debug)]
pub struct NewSetting {
    /// The last one that set a key sets it once.
    pub client_id: Option<ClientId>,
    pub at_ms: u64,
    pub change: UserChange,
}

/// The end of a user's own log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserHead {
    pub epoch: Epoch,
    pub seq: u64,
}
