//! Files: what a transfer says on its stream, and what is known of a file.
//!
//! An upload has a stream of its own; a stream of downloads answers one request after
//! the other. Bytes travel in the same frame both ways.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::open::open_enum;
use crate::{
    id::{ClientId, Epoch, FileDigest, RoomId, TransferId},
    number::U53,
};

open_enum! {
    /// What an uploaded file is for.
    FileUse {
        /// A message of the room.
        0 Message,
    }
}

/// Begins a transfer, or goes on with the one of this id: then every field is what it was.
/// Answered by `UploadAt`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StartUpload {
    /// Kept until the transfer is done: under it any device of the user goes on with it.
    pub transfer: TransferId,
    pub file_use: FileUse,
    pub room: RoomId,
    /// Of the message that the file becomes, as in `Post`.
    pub client_id: ClientId,
    pub name: String,
    /// As the sender names it; what is told to others is what the bytes are.
    pub media_type: String,
    /// The length of the file.
    pub size: U53,
    /// What stands beside the file.
    pub text: String,
    /// A voice message says so here.
    pub voice: Option<Voice>,
    /// Known ahead: if this user may already read the same bytes, none need to travel.
    pub digest: Option<FileDigest>,
}

/// How far a transfer is, and how far it may go. Told at its beginning and whenever either
/// moves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UploadAt {
    /// Of the room's log, in which the message stands.
    pub epoch: Epoch,
    pub seq: U53,
    /// So many bytes are safely on disk: a stream that is cut goes on from here.
    pub offset: U53,
    /// Bytes may be sent up to this offset.
    pub credit: U53,
}

/// A piece of a file, each behind the one before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileChunk {
    pub offset: U53,
    pub bytes: Bytes,
}

/// Every byte was sent. Answered by `Uploaded`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndUpload {
    pub digest: FileDigest,
}

/// Gives a transfer up: its message becomes a failed one. Answered by `Failed`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelUpload {}

/// The file is whole, on disk, and every member may read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Uploaded {
    pub epoch: Epoch,
    /// The message's place.
    pub seq: U53,
    pub state: FileState,
}

open_enum! {
    /// Which rendering of a file.
    FileVariant {
        /// The file itself.
        0 Original,
        /// An image for a small box in a list.
        1 Thumbnail,
        /// An image that fills a screen.
        2 Preview,
    }
}

/// Asks for bytes of a file by its message. Answered by `FileStart` and that many bytes of
/// `FileChunk`s.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GetFile {
    pub request: u32,
    pub room: RoomId,
    pub seq: U53,
    pub variant: FileVariant,
    pub offset: U53,
    /// At most so many bytes.
    pub length: U53,
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileStart {
    pub request: u32,
    /// The length of the whole.
    pub size: U53,
    /// So many bytes follow: fewer than were asked for where the file ends, or where its
    /// upload has come to.
    pub length: U53,
    pub media_type: String,
}

/// What the sender says of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileInfo {
    /// By which the sender's devices know it.
    pub transfer: TransferId,
    pub name: String,
    pub size: U53,
    pub voice: Option<Voice>,
}

/// A recording and how it looks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voice {
    pub duration_ms: u32,
    /// Loudness from beginning to end, a byte for each bar.
    pub waveform: Bytes,
}

open_enum! {
    /// What became of a file.
    FileOutcome {
        /// It is on its way.
        0 Pending,
        /// It is whole.
        1 Complete,
        /// It will never be.
        2 Failed,
    }
}

/// How a file is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileState {
    pub outcome: FileOutcome,
    /// Why it failed; else 0.
    pub code: u32,
    /// Of the bytes that members get: an image loses what it says of its maker.
    pub size: U53,
    /// What the bytes are.
    pub media_type: String,
    pub image: Option<ImageInfo>,
}

/// What a page needs before the image is there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageInfo {
    /// As it is shown: turned upright.
    pub width: u32,
    pub height: u32,
    pub animated: bool,
    /// A few colours in text (blurha.sh).
    pub blur_hash: String,
}
