//! One thing to show: a live entry or a message of history, which look the same here.

use rill_client::{Entry, EntryKind};
use rill_protocol::{
    ClientId, RoomId, UserId,
    message::{FileInfo, FileOutcome, FileState, Message, MessageFile, MessageKind},
};

/// See the module.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) room: RoomId,
    pub(crate) seq: u64,
    pub(crate) at_ms: u64,
    pub(crate) author: UserId,
    pub(crate) client_id: ClientId,
    pub(crate) kind: LineKind,
    pub(crate) text: String,
    pub(crate) file: Option<LineFile>,
}

/// The file of a line.
#[derive(Clone, Debug)]
pub(crate) struct LineFile {
    /// By which it is fetched.
    pub(crate) number: u64,
    /// As others say; unknown where only the outcome is.
    pub(crate) name: Option<String>,
    pub(crate) size_bytes: u64,
    pub(crate) outcome: FileOutcome,
    pub(crate) code: u32,
}

impl LineFile {
    fn pending(number: u64, file: &FileInfo) -> Self {
        let (name, size_bytes) = (Some(file.name.clone()), file.size.get());
        Self { number, name, size_bytes, outcome: FileOutcome::Pending, code: 0 }
    }

    fn settled(number: u64, name: Option<String>, state: &FileState) -> Self {
        Self { number, name, size_bytes: state.size.get(), outcome: state.outcome, code: state.code }
    }
}

impl From<&MessageFile> for LineFile {
    fn from(of: &MessageFile) -> Self {
        Self::settled(of.seq.get(), Some(of.file.name.clone()), &of.state)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    Text,
    Created,
    Joined,
    Left,
    /// The room has another picture, or none.
    Avatar,
    Erased,
    /// A file; the text stands beside it.
    File,
    /// What became of a file.
    FileSettled,
    /// The message of that number is gone.
    Deleted(u64),
    RoomDeleted,
    /// Counted, but not shown.
    Silent,
}

impl From<Entry> for Line {
    fn from(entry: Entry) -> Self {
        let Entry { room, seq, at_ms, author, client_id, kind, .. } = entry;
        let mut of_file = None;
        let (kind, text) = match kind {
            EntryKind::Posted { text } => (LineKind::Text, text),
            EntryKind::File { text, file } => {
                of_file = Some(LineFile::pending(seq, &file));
                (LineKind::File, text)
            }
            EntryKind::FileSettled { target, state } => {
                of_file = Some(LineFile::settled(target, None, &state));
                (LineKind::FileSettled, String::new())
            }
            EntryKind::Created { name } => (LineKind::Created, name),
            EntryKind::Joined => (LineKind::Joined, String::new()),
            EntryKind::Left => (LineKind::Left, String::new()),
            EntryKind::Avatar { .. } => (LineKind::Avatar, String::new()),
            EntryKind::Erased => (LineKind::Erased, String::new()),
            EntryKind::Deleted { target } => (LineKind::Deleted(target), String::new()),
            EntryKind::RoomDeleted => (LineKind::RoomDeleted, String::new()),
            _ => (LineKind::Silent, String::new()),
        };
        Self { room, seq, at_ms, author, client_id, kind, text, file: of_file }
    }
}

/// Brings files up to date by what became of them, where both are among these; a message that is
/// removed says nothing any more.
pub(crate) fn settle<'a>(lines: impl IntoIterator<Item = &'a mut Line>, settled: &Line) {
    if let LineKind::Deleted(number) = settled.kind {
        for line in lines.into_iter().filter(|line| line.seq == number) {
            (line.kind, line.text, line.file) = (LineKind::Erased, String::new(), None);
        }
        return;
    }
    let (LineKind::FileSettled, Some(state)) = (settled.kind, &settled.file) else { return };
    let is_it = |line: &&mut Line| line.kind == LineKind::File && line.seq == state.number;
    if let Some(file) = lines.into_iter().find(is_it).and_then(|line| line.file.as_mut()) {
        *file = LineFile { name: file.name.take(), ..state.clone() };
    }
}

impl Line {
    /// A message of a page of history.
    pub(crate) fn of_history(room: RoomId, message: Message, files: &[MessageFile]) -> Self {
        let file = files.iter().find(|file| file.seq == message.seq).map(LineFile::from);
        let kind = match message.kind {
            MessageKind::Text => LineKind::Text,
            MessageKind::File => LineKind::File,
            MessageKind::Created => LineKind::Created,
            MessageKind::Joined => LineKind::Joined,
            MessageKind::Left => LineKind::Left,
            MessageKind::Avatar => LineKind::Avatar,
            MessageKind::Erased => LineKind::Erased,
            _ => LineKind::Silent,
        };
        Self {
            room,
            seq: message.seq.get(),
            at_ms: message.at_ms.get(),
            author: message.author,
            client_id: message.client_id,
            kind,
            text: message.text,
            file,
        }
    }
}
