//! Pictures: the rows of avatars, which users and rooms have in their own slots, and the set of
//! custom emoji.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    blobs::BlobName,
    embedded::{
        keys::{self, Key},
        read::Read,
        stored,
        tx::Tx,
    },
    engine::Direction,
    limits::EMOJI_MAX,
    model::{Avatar, ContentKey, Digest, Emoji, EmojiId, EmojiSet, Picture, PictureFormat, Rendering},
    port::{Added, EmojiSets},
};

impl From<Rendering> for stored::Rendering {
    fn from(Rendering { format, size }: Rendering) -> Self {
        let format = match format {
            PictureFormat::Jpeg => stored::PictureFormat::Jpeg,
            PictureFormat::Png => stored::PictureFormat::Png,
            PictureFormat::Gif => stored::PictureFormat::Gif,
        };
        Self { format, size }
    }
}

impl From<stored::Rendering> for Rendering {
    fn from(stored::Rendering { format, size }: stored::Rendering) -> Self {
        let format = match format {
            stored::PictureFormat::Jpeg => PictureFormat::Jpeg,
            stored::PictureFormat::Png => PictureFormat::Png,
            stored::PictureFormat::Gif => PictureFormat::Gif,
        };
        Self { format, size }
    }
}

impl From<Picture> for stored::Picture {
    fn from(Picture { content, blob, large, small }: Picture) -> Self {
        Self { content: content.0, blob: blob.0, large: large.into(), small: small.map(Into::into) }
    }
}

impl From<stored::Picture> for Picture {
    fn from(stored::Picture { content, blob, large, small }: stored::Picture) -> Self {
        let (content, blob) = (ContentKey(content), BlobName(blob));
        Self { content, blob, large: large.into(), small: small.map(Into::into) }
    }
}

impl From<stored::Avatar> for Avatar {
    fn from(stored::Avatar { version, picture }: stored::Avatar) -> Self {
        Self { version, picture: picture.map(Into::into) }
    }
}

/// The avatar in a row, or that there never was one.
pub(super) fn avatar(read: &impl Read, key: &Key<stored::Avatar>) -> Result<Avatar, StoreError> {
    Ok(read.get(key)?.map(Avatar::from).unwrap_or_default())
}

/// Writes another picture if the avatar is still the one of that version; what it is then.
pub(super) fn set_avatar(
    tx: &mut Tx<'_>,
    key: Key<stored::Avatar>,
    picture: Option<Picture>,
    replaces: u64,
    at_ms: u64,
) -> Result<(Avatar, bool), StoreError> {
    let now = avatar(tx, &key)?;
    let next = if now.version == replaces { now.next(picture, at_ms) } else { None };
    let Some(next) = next else { return Ok((now, false)) };
    tx.put(key, &stored::Avatar { version: next.version, picture: next.picture.map(Into::into) })?;
    Ok((next, true))
}

/// The room's.
pub(super) fn set_room_avatar(
    tx: &mut Tx<'_>,
    room: RoomId,
    picture: Option<Picture>,
    replaces: u64,
    at_ms: u64,
) -> Result<(Avatar, bool), StoreError> {
    set_avatar(tx, keys::room_avatar(room), picture, replaces, at_ms)
}

fn emoji(id: EmojiId, row: stored::Emoji) -> Emoji {
    let stored::Emoji { name, picture, width, height, animated, source, added_by, added_ms, version } = row;
    let (picture, source) = (picture.into(), Digest(source));
    Emoji { id, name, picture, width, height, animated, source, added_by, added_ms, version }
}

fn row(emoji: Emoji) -> stored::Emoji {
    let Emoji { name, picture, width, height, animated, source, added_by, added_ms, version, .. } = emoji;
    let (picture, source) = (picture.into(), source.0);
    stored::Emoji { name, picture, width, height, animated, source, added_by, added_ms, version }
}

fn all(read: &impl Read) -> Result<Vec<Emoji>, StoreError> {
    read.collect(&keys::emojis(), Direction::Forward, EMOJI_MAX, |key, row| Ok(emoji(EmojiId(key.take()?), row)))
}

/// The set has changed; its version now.
fn touch(tx: &mut Tx<'_>, at_ms: u64) -> Result<u64, StoreError> {
    let before = tx.get(&keys::emoji_set())?.map_or(0, |row| row.version);
    let version = at_ms.max(before + 1);
    tx.put(keys::emoji_set(), &stored::EmojiSet { version })?;
    Ok(version)
}

#[async_trait]
impl<S: Substrate> EmojiSets for Ports<S> {
    async fn version(&self) -> Result<u64, StoreError> {
        self.read(Slot::Emoji, |view| Ok(view.get(&keys::emoji_set())?.map_or(0, |row| row.version))).await
    }

    async fn set(&self) -> Result<EmojiSet, StoreError> {
        self.read(Slot::Emoji, |view| {
            // Whatever is not at hand of both is fetched at once.
            let (set, emoji) = (view.get(&keys::emoji_set()), all(view));
            Ok(EmojiSet { version: set?.map_or(0, |row| row.version), emoji: emoji? })
        })
        .await
    }

    async fn add(&self, new: Emoji) -> Result<Added, StoreError> {
        self.write(Slot::Emoji, move |tx| {
            if let Some(found) = tx.get(&keys::emoji(new.id))? {
                let found = emoji(new.id, found);
                let is_same = found.picture.content == new.picture.content;
                return Ok(if is_same { Added::Done(found) } else { Added::Taken(found) });
            }
            if all(tx)?.len() >= EMOJI_MAX {
                return Ok(Added::Full);
            }
            let version = touch(tx, new.added_ms)?;
            let added = Emoji { version, ..new.clone() };
            tx.put(keys::emoji(new.id), &row(added.clone()))?;
            Ok(Added::Done(added))
        })
        .await
    }

    async fn remove(&self, id: EmojiId, content: ContentKey, at_ms: u64) -> Result<bool, StoreError> {
        self.write(Slot::Emoji, move |tx| {
            if tx.get(&keys::emoji(id))?.is_none_or(|found| found.picture.content != content.0) {
                return Ok(false);
            }
            tx.delete(keys::emoji(id))?;
            touch(tx, at_ms)?;
            Ok(true)
        })
        .await
    }
}

/// The user's; `None` if there is no such user.
pub(super) fn set_user_avatar(
    tx: &mut Tx<'_>,
    user: UserId,
    picture: Option<Picture>,
    replaces: u64,
    at_ms: u64,
) -> Result<Option<Avatar>, StoreError> {
    if !tx.contains(&keys::user(user))? {
        return Ok(None);
    }
    set_avatar(tx, keys::user_avatar(user), picture, replaces, at_ms).map(|(now, _)| Some(now))
}
