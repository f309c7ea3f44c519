//! The files of one room, as far as a client has seen them: pending, complete or failed.

use rill_protocol::{
    Epoch,
    message::{FileInfo, FileOutcome, FileState, MessageFile},
};
use std::collections::BTreeMap;

use crate::{Entry, EntryKind, limits::ROOM_FILES_MAX};

/// Fed with the room's entries and pages of history, in any order; the newest files stay.
#[derive(Clone, Debug, Default)]
pub struct RoomFiles {
    epoch: Epoch,
    files: BTreeMap<u64, MessageFile>,
    /// Settled before their message was seen: history that was not read yet.
    settled: BTreeMap<u64, FileState>,
}

impl RoomFiles {
    /// What a live entry says.
    pub fn entry(&mut self, entry: &Entry) {
        self.of_epoch(entry.epoch);
        match &entry.kind {
            EntryKind::File { file, .. } => {
                let state = self.settled.remove(&entry.seq).unwrap_or_else(|| pending(file));
                let seq = rill_protocol::U53::saturating(entry.seq);
                // A page of history may have known more already.
                self.files.entry(entry.seq).or_insert(MessageFile { seq, file: file.clone(), state });
            }
            EntryKind::FileSettled { target, state } => match self.files.get_mut(target) {
                Some(file) => file.state = state.clone(),
                None => drop(self.settled.insert(*target, state.clone())),
            },
            EntryKind::Deleted { target } => {
                self.files.remove(target);
                self.settled.remove(target);
            }
            _ => {}
        }
        self.forget_oldest();
    }

    /// What a page of history says, as of its moment.
    pub fn page<'a>(&mut self, epoch: Epoch, files: impl IntoIterator<Item = &'a MessageFile>) {
        self.of_epoch(epoch);
        for file in files {
            let seq = file.seq.get();
            let mut file = file.clone();
            // An entry that came meanwhile knows more; what is settled stays so.
            if file.state.outcome == FileOutcome::Pending {
                let known = self.settled.get(&seq).or_else(|| self.files.get(&seq).map(|known| &known.state));
                file.state = known.cloned().unwrap_or(file.state);
            }
            self.settled.remove(&seq);
            self.files.insert(seq, file);
        }
        self.forget_oldest();
    }

    /// The file of a message.
    pub fn get(&self, seq: u64) -> Option<&MessageFile> {
        self.files.get(&seq)
    }

    /// All of them, oldest message first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &MessageFile> {
        self.files.values()
    }

    /// Another log has other messages.
    fn of_epoch(&mut self, epoch: Epoch) {
        if self.epoch != epoch {
            *self = Self { epoch, ..Self::default() };
        }
    }

    fn forget_oldest(&mut self) {
        while self.files.len() > ROOM_FILES_MAX {
            self.files.pop_first();
        }
        while self.settled.len() > ROOM_FILES_MAX {
            self.settled.pop_first();
        }
    }
}

/// What is known of a file whose message just came.
fn pending(file: &FileInfo) -> FileState {
    let (size, media_type) = (file.size, String::new());
    FileState { outcome: FileOutcome::Pending, code: 0, size, media_type, image: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rill_protocol::{ClientId, RoomId, TransferId, U53, UserId};

    fn info() -> FileInfo {
        FileInfo { transfer: TransferId([1; 16]), name: "n".to_owned(), size: U53::from(9), voice: None }
    }

    fn entry(seq: u64, kind: EntryKind) -> Entry {
        Entry {
            room: RoomId([1; 16]),
            epoch: Epoch([2; 16]),
            seq,
            at_ms: 5,
            author: UserId([3; 16]),
            client_id: ClientId([4; 16]),
            kind,
        }
    }

    fn posted() -> EntryKind {
        EntryKind::File { text: String::new(), file: info() }
    }

    fn complete() -> FileState {
        FileState { outcome: FileOutcome::Complete, media_type: "image/png".to_owned(), ..pending(&info()) }
    }

    fn outcome(files: &RoomFiles, seq: u64) -> Option<FileOutcome> {
        files.get(seq).map(|file| file.state.outcome)
    }

    #[test]
    fn a_file_is_pending_until_it_is_settled_in_whatever_order_that_is_heard() {
        let settled = EntryKind::FileSettled { target: 5, state: complete() };
        let page = |state: FileState| MessageFile { seq: U53::from(5), file: info(), state };
        let epoch = Epoch([2; 16]);

        let mut files = RoomFiles::default();
        files.entry(&entry(5, posted()));
        assert_eq!(outcome(&files, 5), Some(FileOutcome::Pending));
        files.entry(&entry(6, settled.clone()));
        assert_eq!(outcome(&files, 5), Some(FileOutcome::Complete));
        // A page that was read before comes late.
        files.page(epoch, &[page(pending(&info()))]);
        assert_eq!(outcome(&files, 5), Some(FileOutcome::Complete));

        let mut files = RoomFiles::default();
        files.entry(&entry(6, settled));
        assert_eq!(outcome(&files, 5), None);
        files.page(epoch, &[page(pending(&info()))]);
        assert_eq!(outcome(&files, 5), Some(FileOutcome::Complete));
        files.page(Epoch([9; 16]), &[]);
        assert_eq!(files.iter().count(), 0, "another log");
    }

    #[test]
    fn the_newest_files_are_kept_in_mind() {
        let mut files = RoomFiles::default();
        for seq in 0..ROOM_FILES_MAX as u64 + 10 {
            files.entry(&entry(seq, posted()));
        }
        assert_eq!((files.iter().count(), files.iter().next().map(|file| file.seq.get())), (ROOM_FILES_MAX, Some(10)));
    }
}
