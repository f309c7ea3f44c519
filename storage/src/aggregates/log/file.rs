//! The file of a message: a row of its own beside the message's entry, for it changes once.
//! The entry that says so is joined with the same row.

use rill_protocol::{Code, RoomId, TransferId, UserId};
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

pub(super) fn state(state: stored::FileState) -> FileState {
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

fn file(row: stored::AttachedFile) -> AttachedFile {
    let stored::AttachedFile { transfer, name, size, voice, state: now } = row;
    let voice = voice.map(|stored::Voice { duration_ms, waveform }| Voice { duration_ms, waveform });
    AttachedFile { transfer: TransferId(transfer), name, size, voice, state: state(now) }
}

/// What is said of a file whose message was removed: nothing of what it was.
fn shown(mut row: stored::AttachedFile) -> Arc<AttachedFile> {
    if row.name == GONE {
        (row.size, row.state) = (0, stored::FileState::Failed { code: Code::NoSuchFile.number() });
    }
    Arc::new(file(row))
}

/// What a file is called whose message was removed: no other is called so.
const GONE: &str = "";

/// The file that the entry `seq` speaks of, as it is now.
pub(super) fn read(
    read: &impl Read,
    room: RoomId,
    seq: u64,
    fact: stored::Fact,
) -> Result<Option<Arc<AttachedFile>>, StoreError> {
    fact.file_of(seq).map(|seq| read.need(&keys::attached_file(room, seq)).map(shown)).transpose()
}

/// The message of a file is removed: its row says what must still be forgotten, and nothing that
/// somebody wrote.
pub(super) fn remove(tx: &mut Tx<'_>, room: RoomId, seq: u64) -> Result<(), StoreError> {
    let key = keys::attached_file(room, seq);
    let row = tx.need(&key)?;
    tx.put(key, &stored::AttachedFile { name: GONE.into(), voice: None, ..row })
}

/// The file of a message that was removed, until it is forgotten.
pub(super) fn removed(read: &impl Read, room: RoomId, seq: u64) -> Result<Option<AttachedFile>, StoreError> {
    let row = read.get(&keys::attached_file(room, seq))?;
    let is_left = |row: &stored::AttachedFile| !matches!(row.state, stored::FileState::Failed { .. });
    Ok(row.filter(|row| row.name == GONE && is_left(row)).map(file))
}

/// It is forgotten.
pub(super) fn forget(tx: &mut Tx<'_>, room: RoomId, seq: u64) -> Result<(), StoreError> {
    let key = keys::attached_file(room, seq);
    match tx.get(&key)? {
        Some(row) if row.name == GONE => {
            let state = stored::FileState::Failed { code: Code::NoSuchFile.number() };
            tx.put(key, &stored::AttachedFile { size: 0, state, ..row })
        }
        _ => Ok(()),
    }
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
    let is_settled = row.state != stored::FileState::Pending || row.name == GONE;
    if is_settled || *state == FileState::Pending || entry.author != user {
        return Ok(None);
    }
    row.state = stored_state(state);
    tx.put(key, &row)?;
    Ok(Some(Arc::new(file(row))))
}
