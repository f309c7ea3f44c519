//! One entry: its rows written together, and read back joined with its text.
//!
//! A message is what its entry says until it is changed: only then it has a row of its own.

use rill_protocol::{ClientId, RoomId, UserId};
use std::sync::Arc;

use super::{body, file};
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored, tx::Tx},
    model::{AttachedFile, Body, Entry},
    record::{self, KeyRing},
};

/// What the next entry of a log says.
pub(super) struct Draft {
    pub(super) author: UserId,
    pub(super) client_id: ClientId,
    pub(super) fact: stored::Fact,
    pub(super) text: Option<Arc<str>>,
    /// What the entry says of a file; the caller writes its row.
    pub(super) file: Option<Arc<AttachedFile>>,
}

/// Writes the entry behind `head` and its text, and moves the head. The caller has set `head.at_ms`, and writes the head itself.
pub(super) fn write(
    tx: &mut Tx<'_>,
    room: RoomId,
    head: &mut stored::RoomHead,
    draft: Draft,
) -> Result<Arc<Entry>, StoreError> {
    let Draft { author, client_id, fact, text, file } = draft;
    head.seq += 1;
    head.posts += u64::from(fact.is_post());
    let (seq, at_ms, posts) = (head.seq, head.at_ms, head.posts);

    let row = stored::Entry { at_ms, author, client_id, posts, fact, text: body::place(text.as_ref()) };
    if row.text == stored::Text::Apart
        && let Some(text) = &text
    {
        body::write(tx, room, seq, text)?;
    }
    tx.insert(keys::entry(room, seq), &row)?;

    let body = text.map_or(Body::None, Body::Text);
    let entry = Arc::new(Entry { seq, at_ms, author, client_id, posts, fact: fact.into(), body, file });
    tx.effects.entries.push((room, head.epoch, Arc::clone(&entry)));
    tx.effects.heads.push((LogId::Room(room), head.epoch, seq));
    Ok(entry)
}

/// An entry from its row, and what lies beside it.
pub(super) fn join(read: &impl Read, room: RoomId, seq: u64, row: stored::Entry) -> Result<Arc<Entry>, StoreError> {
    let stored::Entry { at_ms, author, client_id, posts, fact, text } = row;
    let body = body::read(read, room, seq, text)?;
    let file = match body {
        Body::Erased => None,
        _ => file::read(read, room, seq, fact)?,
    };
    Ok(Arc::new(Entry { seq, at_ms, author, client_id, posts, fact: fact.into(), body, file }))
}

/// An entry from its row as a doorbell brings it, without what lies beside it.
pub(super) fn told(ring: &KeyRing, room: RoomId, seq: u64, row: &[u8]) -> Result<Arc<Entry>, StoreError> {
    let key = keys::entry(room, seq);
    let stored::Entry { at_ms, author, client_id, posts, fact, text } = record::open(ring, key.table, &key.bytes, row)?;
    let body = match text {
        stored::Text::None => Body::None,
        stored::Text::Here(text) => Body::Text(text),
        stored::Text::Erased => Body::Erased,
        stored::Text::Apart => return Err(StoreError::Engine("a doorbell brings an entry without its text".into())),
    };
    if fact.file_of(seq).is_some() {
        return Err(StoreError::Engine("a doorbell brings an entry without its file".into()));
    }
    Ok(Arc::new(Entry { seq, at_ms, author, client_id, posts, fact: fact.into(), body, file: None }))
}

/// The row of an entry that has it all in its row.
#[cfg(feature = "simulation")]
pub(crate) fn row(room: RoomId, entry: &Entry) -> Option<Vec<u8>> {
    let Entry { at_ms, author, client_id, posts, fact, ref body, .. } = *entry;
    let text = match body {
        Body::Text(text) => body::place(Some(text)),
        Body::None | Body::Erased => stored::Text::None,
    };
    if text == stored::Text::Apart || entry.file.is_some() {
        return None;
    }
    let key = keys::entry(room, entry.seq);
    let row = stored::Entry { at_ms, author, client_id, posts, fact: fact.into(), text };
    record::seal(&KeyRing, key.table, &key.bytes, &row).ok()
}

/// An entry that is there.
pub(super) fn find(read: &impl Read, room: RoomId, seq: u64) -> Result<Arc<Entry>, StoreError> {
    join(read, room, seq, read.need(&keys::entry(room, seq))?)
}
