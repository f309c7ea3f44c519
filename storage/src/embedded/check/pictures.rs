//! What is checked of pictures: that avatars are those that logs speak of, and that the set of emoji
//! knows what is in it.

use rill_protocol::RoomId;

use super::Checked;
use crate::{
    StoreError,
    embedded::{keys, read::Read as _, view::Durable},
    engine::Direction,
};

/// A room's avatar is no older than its log says. It may have changed behind the head that was
/// read.
pub(super) fn room_avatar(
    store: &Durable,
    room: RoomId,
    version: u64,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let found = store.read(|view| Ok(view.get(&keys::room_avatar(room))))?;
    if let Some(found) = checked.take(&of, found)?
        && found.map_or(0, |row| row.version) < version
    {
        checked.find("room_avatar", format!("{of}: its avatar is not the one that its log speaks of"));
    }
    Ok(())
}

/// No emoji is of a later set than the set.
pub(crate) fn check_emoji(store: &Durable, checked: &mut Checked) -> Result<(), StoreError> {
    let of = "the set of emoji";
    let (set, emoji) = store.read(|view| {
        let versions = view.collect(&keys::emojis(), Direction::Forward, usize::MAX, |_, row| Ok(row.version));
        Ok((view.get(&keys::emoji_set()), versions))
    })?;
    let (set, emoji) = (checked.take(&of, set)?, checked.take(&of, emoji)?);
    if let (Some(set), Some(emoji)) = (set, emoji)
        && emoji.into_iter().max() > Some(set.map_or(0, |row| row.version))
    {
        checked.find("emoji_set", format!("{of} is older than what is in it"));
    }
    Ok(())
}
