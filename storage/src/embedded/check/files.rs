//! What is checked of files: that transfers and contents agree with what is noted of them.

use rill_protocol::UserId;

use super::Checked;
use crate::{
    StoreError,
    embedded::{any_record, keys, read::Read as _, stored, view::Durable},
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

/// What is noted of a transfer's bytes is of a transfer.
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
