//! What a device is told of avatars and emoji: their versions, by which it asks for the rest.

use rill_protocol::{
    Frame, Kind, UserId,
    message::{EmojiVersion, RoomAvatars, UserAvatars},
};
use std::collections::BTreeMap;

use super::Device;

/// By one connection.
#[derive(Clone, Default)]
pub(crate) struct Pictures {
    pub(crate) avatars: BTreeMap<UserId, u64>,
    pub(crate) emoji: u64,
}

impl Pictures {
    /// What a frame says; nothing of one that makes no sense.
    fn told(&mut self, frame: &Frame) -> Option<Result<(), String>> {
        let is_later = |before: u64, now: u64| match now < before {
            true => Err(format!("a picture goes back from {before} to {now}")),
            false => Ok(()),
        };
        match frame.known()? {
            Kind::UserAvatars => {
                let UserAvatars { avatars } = frame.decode().ok()?;
                let mut told = avatars.into_iter().map(|of| (of.user, of.avatar.version.get()));
                Some(told.try_for_each(|(user, version)| {
                    is_later(self.avatars.insert(user, version).unwrap_or_default(), version)
                }))
            }
            Kind::EmojiVersion => {
                let EmojiVersion { version } = frame.decode().ok()?;
                Some(is_later(std::mem::replace(&mut self.emoji, version.get()), version.get()))
            }
            // Of rooms the logs tell.
            _ => frame.decode::<RoomAvatars>().ok().map(|_| Ok(())),
        }
    }
}

impl Device {
    pub(super) fn heard_of_pictures(&mut self, frame: &Frame) {
        let Some(connection) = &mut self.connection else { return };
        match connection.pictures.told(frame) {
            Some(Ok(())) => {}
            Some(Err(what)) => self.world.witness.violated(format!("{}: {what}", self.name)),
            None => self.broken(frame),
        }
    }
}
