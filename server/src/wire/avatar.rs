//! Avatars.

use rill_protocol::message;
use rill_storage::model;

use super::number;

/// As clients know it.
pub fn avatar(avatar: &model::Avatar) -> message::Avatar {
    message::Avatar { version: number(avatar.version), is_set: avatar.picture.is_some() }
}
