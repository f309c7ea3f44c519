//! What is checked of files: that messages, transfers and contents agree with what is noted of them.

use rill_protocol::{RoomId, UserId};

use super::{Checked, foresee};
use crate::{
    StoreError,
    embedded::{
        any_record, keys,
        read::Read as _,
        stored,
        view::{Durable, View},
    },
    engine::Direction,
    model::{ContentId, ContentKey},
    table::Table,
};

/// The content that a row is of.
pub(super) fn content_of(key: &[u8]) -> Option<ContentId> {
    match any_record::table(key)? {
        Table::Content | Table::ContentDue | Table::Reference | Table::PendingReference | Table::SpentBlob => {
            key.get(1..17)?.try_into().ok().map(ContentId)
        }
        _ => None,
    }
}

/// What a user keeps is what the files of their messages have; and only a transfer that is
/// there can have been forgotten before its end.
fn kept(store: &Durable, user: UserId, checked: &mut Checked) -> Result<(), StoreError> {
    let of = format!("user {user}");
    let (noted, files, messages) = store.read(|view| {
        let files = view.collect(&keys::kept_files(user), Direction::Forward, usize::MAX, |key, row| {
            key.user()?;
            Ok(((key.room()?, key.number()?), row.bytes))
        });
        let messages = view.collect(&keys::transfers(user), Direction::Forward, usize::MAX, |_, row| Ok(row.message));
        Ok((view.get(&keys::kept_bytes(user)), files, messages))
    })?;
    let (Some(noted), Some(files), Some(messages)) =
        (checked.take(&of, noted)?, checked.take(&of, files)?, checked.take(&of, messages)?)
    else {
        return Ok(());
    };
    let bytes = files.iter().filter_map(|(_, bytes)| *bytes).fold(0, u64::saturating_add);
    let noted = noted.map_or(0, |row| row.bytes);
    if bytes != noted {
        checked.find("kept_bytes", format!("{of}: {noted} bytes are noted as kept, and the files have {bytes}"));
    }
    if files.iter().any(|(message, bytes)| bytes.is_none() && !messages.contains(&Some(*message))) {
        checked.find("kept_file", format!("{of}: a file was forgotten before its end, and nothing brings it"));
    }
    Ok(())
}

/// What is noted of a transfer's bytes is of a transfer, and what is kept adds up.
pub(super) fn transfers(store: &Durable, user: UserId, checked: &mut Checked) -> Result<(), StoreError> {
    let ids = |key: &mut keys::Parts<'_>| {
        key.user()?;
        key.take::<16>()
    };
    let (known, noted) = store.read(|view| {
        let known = view.collect(&keys::transfers(user), Direction::Forward, usize::MAX, |key, _| ids(key));
        let noted = view.collect(&keys::transfer_progresses(user), Direction::Forward, usize::MAX, |key, _| ids(key));
        Ok((known, noted))
    })?;
    let of = format!("user {user}");
    if let (Some(known), Some(noted)) = (checked.take(&of, known)?, checked.take(&of, noted)?)
        && noted.iter().any(|id| known.binary_search(id).is_err())
    {
        checked.find("transfer_progress", format!("{of}: bytes are noted of a transfer that is not there"));
    }
    kept(store, user, checked)
}

/// A message with a file has it, and so has the entry that says what became of it.
pub(super) fn attached_to(
    view: &View<'_>,
    room: RoomId,
    (seq, row): (u64, &stored::Entry),
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let Some(target) = row.fact.file_of(seq) else { return Ok(()) };
    let of = format!("room {room}, entry {seq}");
    match checked.take(&of, view.get(&keys::attached_file(room, target)))? {
        Some(None) => checked.find("attached_file", format!("{of}: its file is missing")),
        Some(Some(file)) if target != seq && file.state == stored::FileState::Pending => {
            checked.find("attached_file", format!("{of}: the file of message {target} is not settled as it says"));
        }
        _ => {}
    }
    Ok(())
}

/// Every file is one of a message; that every such message has its file is known by now.
pub(super) fn attached(
    store: &Durable,
    room: RoomId,
    head: &stored::RoomHead,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let found = store.read(|view| {
        Ok(view.collect(&keys::attached_files(room), Direction::Forward, usize::MAX, |key, _| {
            key.room()?;
            key.number()
        }))
    })?;
    let seqs = checked.take(&of, found)?.unwrap_or_default();
    foresee(store, room, seqs.iter().copied())?;
    for seq in seqs.into_iter().filter(|seq| *seq <= head.seq) {
        let entry = store.read(|view| Ok(view.get(&keys::entry(room, seq))))?;
        if checked.take(&of, entry)?.flatten().is_none_or(|entry| entry.fact != stored::Fact::File) {
            checked.find("attached_file", format!("{of}: a file is kept of message {seq}, which has none"));
        }
    }
    Ok(())
}

/// A content is there as long as something refers to it, and is found when something is due.
pub(crate) fn check_content(store: &Durable, id: ContentId, checked: &mut Checked) -> Result<(), StoreError> {
    let of = format!("content {id}");
    let read = store.read(|view| {
        let some = |span: &keys::Span<stored::Reference>| view.collect(span, Direction::Forward, 1, |_, _| Ok(()));
        let references = some(&keys::references(id));
        let pending = view.collect(&keys::pending_references(id), Direction::Forward, 1, |_, _| Ok(()));
        let spent = view.collect(&keys::spent_blobs(id), Direction::Forward, usize::MAX, |key, _| {
            key.content()?;
            key.take::<32>()
        });
        Ok((view.get(&keys::content(id)), view.get(&keys::content_due(id)), references, pending, spent))
    })?;
    let (content, due) = (checked.take(&of, read.0)?, checked.take(&of, read.1)?);
    let (references, pending) = (checked.take(&of, read.2)?, checked.take(&of, read.3)?);
    let (Some(content), Some(due), Some(references), Some(pending), Some(spent)) =
        (content, due, references, pending, checked.take(&of, read.4)?)
    else {
        return Ok(());
    };
    let is_referred = !references.is_empty() || !pending.is_empty();
    match &content {
        None if is_referred => checked.find("reference", format!("{of} is referred to and is not there")),
        Some(_) if !is_referred => checked.find("content", format!("nothing refers to {of}")),
        Some(content) if spent.contains(&content.blob) => {
            checked.find("spent_blob", format!("{of}: the blob that holds it is to be removed"));
        }
        _ => {}
    }
    let keys = content.map(|row| row.key).into_iter().chain(due.as_ref().map(|row| row.key));
    if keys.into_iter().any(|key| ContentKey(key).id() != id) {
        checked.find("content", format!("{of} is under another key"));
    }
    if due.is_some() == (pending.is_empty() && spent.is_empty()) {
        checked.find("content_due", format!("{of}: whether something is due is not as it is noted"));
    }
    Ok(())
}
