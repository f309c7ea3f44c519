//! Pictures that stand for users and rooms, and custom emoji. Each has a content of its own: one
//! that was replaced never comes back, so whoever lets go of it does so of nothing else.

use rill_protocol::UserId;

use super::{ContentKey, Digest};
use crate::blobs::BlobName;

/// What the bytes of a picture are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    Jpeg,
    Png,
    Gif,
}

/// One size of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rendering {
    pub format: PictureFormat,
    /// Bytes.
    pub size: u64,
}

/// A picture in the place of blobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Picture {
    pub content: ContentKey,
    pub blob: BlobName,
    pub large: Rendering,
    /// In a blob whose name follows from the other's.
    pub small: Option<Rendering>,
}

/// The avatar of a user or a room, as it is now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Avatar {
    /// Rises with every change, also when the picture goes: the time of the change, or more. 0
    /// if there never was one.
    pub version: u64,
    pub picture: Option<Picture>,
}

impl Avatar {
    /// The one behind this with another picture; `None` if nothing changes.
    pub(crate) fn next(&self, picture: Option<Picture>, at_ms: u64) -> Option<Self> {
        if self.picture == picture {
            return None;
        }
        Some(Self { version: at_ms.max(self.version + 1), picture })
    }
}

/// An emoji's place among the others: follows from its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EmojiId(pub [u8; 16]);

/// A custom emoji.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emoji {
    pub id: EmojiId,
    pub name: String,
    pub picture: Picture,
    /// In pixels.
    pub width: u32,
    pub height: u32,
    pub animated: bool,
    /// Of the bytes that were sent, to tell a retry.
    pub source: Digest,
    pub added_by: UserId,
    pub added_ms: u64,
    /// Of the set that had it first.
    pub version: u64,
}

/// All custom emoji, in the order of their ids.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EmojiSet {
    /// Rises with every change; 0 if there never were any.
    pub version: u64,
    pub emoji: Vec<Emoji>,
}
