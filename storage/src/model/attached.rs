//! A file as a message of a room has it.

use rill_protocol::TransferId;

use super::ContentKey;

/// What the sender says of a file, and how it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AttachedFile {
    /// In the slot of the message's author.
    pub transfer: TransferId,
    pub name: String,
    pub size: u64,
    pub voice: Option<Voice>,
    pub state: FileState,
}

/// A recording and how it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Voice {
    pub duration_ms: u32,
    /// Loudness from beginning to end.
    pub waveform: Vec<u8>,
}

/// What became of a file. The last two are final.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It is on its way.
    Pending,
    Complete(CompleteFile),
    Failed {
        /// Why, as the caller numbers it.
        code: u32,
    },
}

/// A file that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompleteFile {
    pub content: ContentKey,
    /// Of the bytes that members get.
    pub size: u64,
    /// What the bytes are.
    pub media_type: String,
    pub image: Option<Image>,
}

/// What is known of an image before it is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    /// Upright.
    pub width: u32,
    pub height: u32,
    pub animated: bool,
    pub blur_hash: String,
}
