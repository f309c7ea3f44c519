//! The file of a message: a row of its own beside the message's entry, for it changes once.
//! The entry that says so is joined with the same row.

use rill_protocol::{RoomId, TransferId, UserId};
use std::sync::Arc;

use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    model::{AttachedFile, CompleteFile, ContentKey, FileState, Image, Voice},
};

pub(super) fn row(file: &AttachedFile) -> stored::AttachedFile {
    let AttachedFile { transfer, name, size, voice, state } = file.clone();
    let voice = voice.map(|Voice { duration_ms, waveform }| stored::Voice { duration_ms, waveform });
    stored::AttachedFile { transfer: transfer.0, name, size, voice, state: stored_state(&state) }
}

fn stored_state(state: &FileState) -> stored::FileState {
    match state.clone() {
        FileState::Pending => stored::FileState::Pending,
        FileState::Failed { code } => stored::FileState::Failed { code },
        FileState::Complete(CompleteFile { content, size, media_type, image }) => {
            let image = image.map(|Image { width, height, animated, blur_hash }| stored::Image {
                width,
                height,
                animated,
                blur_hash,
            });
            stored::FileState::Complete { content: content.0, size, media_type, image }
        }
    }
}

fn state(state: stored::FileState) -> FileState {
    match state {
        stored::FileState::Pending => FileState::Pending,
        stored::FileState::Failed { code } => FileState::Failed { code },
        stored::FileState::Complete { content, size, media_type, image } => {
            let image = image.map(|stored::Image { width, height, animated, blur_hash }| Image {
                width,
                height,
                animated,
                blur_hash,
            });
            FileState::Complete(CompleteFile { content: ContentKey(content), size, media_type, image })
        }
    }
}

fn file(row: stored::AttachedFile) -> Arc<AttachedFile> {
    let stored::AttachedFile { transfer, name, size, voice, state: now } = row;
    let voice = voice.map(|stored::Voice { duration_ms, waveform }| Voice { duration_ms, waveform });
    Arc::new(AttachedFile { transfer: TransferId(transfer), name, size, voice, state: state(now) })
}

/// The file that the entry `seq` speaks of, as it is now.
pub(super) fn read(
    read: &impl Read,
    room: RoomId,
    seq: u64,
    fact: stored::Fact,
) -> Result<Option<Arc<AttachedFile>>, StoreError> {
    fact.file_of(seq).map(|seq| read.need(&keys::attached_file(room, seq)).map(file)).transpose()
}

/// The files of these entries are read next.
pub(super) fn foresee(read: &impl Read, room: RoomId, rows: &[(u64, stored::Entry)]) {
    let files = rows.iter().filter_map(|(seq, row)| row.fact.file_of(*seq));
    read.foresee(&mut files.map(|seq| keys::attached_file(room, seq).bytes));
}

/// Writes what became of a file; `None` if nobody waits to hear it: there is no such file of
/// this user, or it is settled.
pub(super) fn settle(
    tx: &mut Tx<'_>,
    room: RoomId,
    target: u64,
    user: UserId,
    state: &FileState,
) -> Result<Option<Arc<AttachedFile>>, StoreError> {
    let key = keys::attached_file(room, target);
    // Whatever is not at hand of both is fetched at once.
    let (row, entry) = (tx.get(&key), tx.get(&keys::entry(room, target)));
    let (Some(mut row), Some(entry)) = (row?, entry?) else { return Ok(None) };
    let is_settled = row.state != stored::FileState::Pending;
    if is_settled || *state == FileState::Pending || entry.author != user {
        return Ok(None);
    }
    row.state = stored_state(state);
    tx.put(key, &row)?;
    Ok(Some(file(row)))
}
