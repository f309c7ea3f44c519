//! What a user wants of their rooms, and what they have not said yet: kept in their own log, the
//! same on every device.

use rill_protocol::{ClientId, RoomId, UserId, limits::TEXT_BYTES_MAX};
use rill_storage::{
    limits::DRAFTS_MAX,
    model::{NewSetting, RoomSettingsChange, UserChange},
    port::SetRefused,
};

use super::{DomainError, World, messages::member};

/// The number of the setting that hides how far one has read. Numbers are on disk: append only.
pub(super) const RECEIPTS_HIDDEN: u16 = 1;

/// Whether a setting of a user's own log says that others are not told how far they have read;
/// `None` for another setting.
pub fn receipts_hidden(number: u16, value: &[u8]) -> Option<bool> {
    (number == RECEIPTS_HIDDEN).then_some(value == [1])
}

/// See the module.
pub struct Own {
    world: World,
}

impl Own {
    pub(super) fn new(world: World) -> Self {
        Self { world }
    }

    /// Changes what a user wants of a room that they are in.
    pub async fn set_room(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        change: RoomSettingsChange,
    ) -> Result<(), DomainError> {
        member(&self.world.store, user, room).await?;
        self.set(user, client_id, UserChange::RoomSettings { room, change }).await
    }

    /// Keeps what stands in a room's field; empty where nothing does.
    pub async fn set_draft(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        text: &str,
    ) -> Result<(), DomainError> {
        if text.len() > TEXT_BYTES_MAX {
            return Err(DomainError::TextTooLong { bytes: text.len(), max: TEXT_BYTES_MAX });
        }
        member(&self.world.store, user, room).await?;
        let text = (!text.is_empty()).then(|| text.into());
        self.set(user, client_id, UserChange::Draft { room, text }).await
    }

    /// Whether others are told how far a user has read.
    pub async fn hide_receipts(&self, user: UserId, client_id: ClientId, hidden: bool) -> Result<(), DomainError> {
        let value = if hidden { vec![1] } else { Vec::new() };
        self.set(user, client_id, UserChange::Setting { number: RECEIPTS_HIDDEN, value }).await
    }

    async fn set(&self, user: UserId, client_id: ClientId, change: UserChange) -> Result<(), DomainError> {
        let World { store, clock, .. } = &self.world;
        let new = NewSetting { client_id: Some(client_id), at_ms: clock.now_ms(), change };
        match store.user_log.set(user, new).await? {
            Ok(_) => Ok(()),
            Err(SetRefused::NoSuchUser) => Err(DomainError::NoSuchUser),
            Err(SetRefused::NotInRoom) => Err(DomainError::NotAMember),
            Err(SetRefused::TooMany) => Err(DomainError::TooManyDrafts(DRAFTS_MAX)),
        }
    }
}
