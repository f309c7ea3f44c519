//! Files as messages have them.

use bytes::Bytes;
use rill_protocol::message::{FileInfo, FileOutcome, FileState, ImageInfo, Voice};
use rill_storage::model::{self, AttachedFile, CompleteFile, Image};

use super::number;

/// What stands for a type that nobody has looked at.
const UNKNOWN_TYPE: &str = "application/octet-stream";

pub(super) fn info(file: &AttachedFile) -> FileInfo {
    let voice = |voice: &model::Voice| Voice {
        duration_ms: voice.duration_ms,
        waveform: Bytes::copy_from_slice(&voice.waveform),
    };
    FileInfo {
        transfer: file.transfer,
        name: file.name.clone(),
        size: number(file.size),
        voice: file.voice.as_ref().map(voice),
    }
}

/// How a file is now.
pub fn state(file: &AttachedFile) -> FileState {
    let (outcome, code) = match &file.state {
        model::FileState::Complete(complete) => return whole(complete),
        model::FileState::Pending => (FileOutcome::Pending, 0),
        model::FileState::Failed { code } => (FileOutcome::Failed, *code),
    };
    FileState { outcome, code, size: number(file.size), media_type: UNKNOWN_TYPE.to_owned(), image: None }
}

fn whole(file: &CompleteFile) -> FileState {
    let image = |image: &Image| ImageInfo {
        width: image.width,
        height: image.height,
        animated: image.animated,
        blur_hash: image.blur_hash.clone(),
    };
    FileState {
        outcome: FileOutcome::Complete,
        code: 0,
        size: number(file.size),
        media_type: file.media_type.clone(),
        image: file.image.as_ref().map(image),
    }
}
