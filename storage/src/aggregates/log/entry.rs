//! One entry: its rows written together, and read back joined with its text.
//!
//! A message is what its entry says until it is changed: only then it has a row of its own.

use rill_protocol::{ClientId, RoomId, UserId};
use std::sync::Arc;

use super::body;
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored, tx::Tx},
    model::{Body, Entry},
};

/// What the next entry of a log says.
pub(super) struct Draft {
    pub(super) author: UserId,
    pub(super) client_id: ClientId,
    pub(super) fact: stored::Fact,
    pub(super) text: Option<Arc<str>>,
}

/// Writes the entry behind `head` and its text, and moves the head. The caller has set `head.at_ms`, and writes the head itself.
pub(super) fn write(
    tx: &mut Tx<'_>,
    room: RoomId,
    head: &mut stored::RoomHead,
    draft: Draft,
) -> Result<Arc<Entry>, StoreError> {
    let Draft { author, client_id, fact, text } = draft;
    head.seq += 1;
    head.posts += u64::from(fact == stored::Fact::Posted);
    let (seq, at_ms, posts) = (head.seq, head.at_ms, head.posts);

    let row = stored::Entry { at_ms, author, client_id, posts, fact, text: body::place(text.as_ref()) };
    if row.text == stored::Text::Apart
        && let Some(text) = &text
    {
        body::write(tx, room, seq, text)?;
    }
    tx.insert(keys::entry(room, seq), &row)?;

    let body = text.map_or(Body::None, Body::Text);
    let entry = Arc::new(Entry { seq, at_ms, author, client_id, posts, fact: fact.into(), body });
    tx.effects.entries.push((room, head.epoch, Arc::clone(&entry)));
    tx.effects.heads.push((LogId::Room(room), head.epoch, seq));
    Ok(entry)
}

/// An entry from its row.
pub(super) fn join(read: &impl Read, room: RoomId, seq: u64, row: stored::Entry) -> Result<Arc<Entry>, StoreError> {
    let stored::Entry { at_ms, author, client_id, posts, fact, text } = row;
    let body = body::read(read, room, seq, text)?;
    Ok(Arc::new(Entry { seq, at_ms, author, client_id, posts, fact: fact.into(), body }))
}

/// An entry that is there.
pub(super) fn find(read: &impl Read, room: RoomId, seq: u64) -> Result<Arc<Entry>, StoreError> {
    join(read, room, seq, read.need(&keys::entry(room, seq))?)
}
