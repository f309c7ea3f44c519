//! Reading the log and its projection, bounded by count and by bytes of text.

use rill_protocol::{RoomId, limits::TEXT_BYTES_MAX};
use std::{collections::HashMap, sync::Arc};

use super::{body, entry, file};
use crate::{
    StoreError,
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
    },
    engine::Direction,
    limits::{BODY_PART_BYTES_MAX, READ_ROWS_MAX},
    model::{Anchor, Body, Entry, Head, Message, MessagePage},
};

/// Rows that the longest message has; one more, for parts end between characters.
const PARTS: u16 = (TEXT_BYTES_MAX / BODY_PART_BYTES_MAX + 1) as u16;

/// Counts text until there is enough of it.
struct Budget {
    left: usize,
    is_first: bool,
}

impl Budget {
    fn new(bytes: usize) -> Self {
        Self { left: bytes, is_first: true }
    }

    /// Whether a row still fits. The first one always does, or a reader would never
    /// get past a long text.
    fn takes(&mut self, body: &Body) -> bool {
        let bytes = match body {
            Body::Text(text) => text.len(),
            Body::None | Body::Erased => 0,
        };
        let fits = std::mem::take(&mut self.is_first) || bytes <= self.left;
        self.left = self.left.saturating_sub(bytes);
        fits
    }
}

/// The texts that lie beside these rows are read next: as many as `bytes` have room for.
fn foresee_texts(read: &impl Read, room: RoomId, rows: &[(u64, stored::Entry)], bytes: usize) {
    let apart = rows.iter().filter(|(_, row)| row.text == stored::Text::Apart);
    let parts =
        apart.take(bytes / BODY_PART_BYTES_MAX + 1).flat_map(|(seq, _)| (0..PARTS).map(move |part| (*seq, part)));
    read.foresee(&mut parts.map(|(seq, part)| keys::body(room, seq, part).bytes));
}

/// Of a room that is deleted, the entry that says so is all there is.
pub(super) fn entries(
    read: &impl Read,
    room: RoomId,
    after: u64,
    limit: usize,
    bytes: usize,
) -> Result<Vec<Arc<Entry>>, StoreError> {
    let head = read.get(&keys::room_head(room));
    let span = keys::entries(room).behind(&[&room.0, &after.to_be_bytes()]);
    let rows = read.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, row| {
        key.room()?;
        Ok((key.number()?, row))
    });
    let (head, mut rows) = (head?, rows?);
    if let Some(head) = head.filter(|head| head.is_deleted) {
        rows.clear();
        if after < head.seq {
            rows.push((head.seq, read.need(&keys::entry(room, head.seq))?));
        }
    }
    foresee_texts(read, room, &rows, bytes);
    file::foresee(read, room, &rows);
    let mut budget = Budget::new(bytes);
    let mut entries = Vec::with_capacity(rows.len());
    for (seq, row) in rows {
        let entry = entry::join(read, room, seq, row)?;
        if !budget.takes(&entry.body) {
            break;
        }
        entries.push(entry);
    }
    Ok(entries)
}

type Changed = HashMap<u64, stored::Message>;

/// The part of a room's messages, or entries, that an anchor begins.
fn anchored<R>(span: Span<R>, room: RoomId, anchor: Anchor) -> (Span<R>, Direction) {
    match anchor {
        Anchor::Before(seq) => (span.before(&[&room.0, &seq.to_be_bytes()]), Direction::Reverse),
        Anchor::After(seq) => (span.behind(&[&room.0, &seq.to_be_bytes()]), Direction::Forward),
    }
}

/// The rows of messages that are not what their entries say, as many as may be among so many
/// messages from an anchor: asked for together with those.
fn changed_from(read: &impl Read, room: RoomId, anchor: Anchor, count: usize) -> Result<Changed, StoreError> {
    let (span, direction) = anchored(keys::messages(room), room, anchor);
    let found = read.collect(&span, direction, count, |key, row| {
        key.room()?;
        Ok((key.number()?, row))
    })?;
    Ok(found.into_iter().collect())
}

/// The files of so many messages from an anchor are read next: a page of history is one question.
fn foresee_files(read: &impl Read, room: RoomId, anchor: Anchor, count: usize) {
    let (span, direction) = anchored(keys::attached_files(room), room, anchor);
    // What is not at hand is noted, and asked for with the rest.
    let _ = read.collect(&span, direction, count, |_, _| Ok(()));
}

/// The rows of messages that are not what their entries say. The first format wrote one
/// for each.
fn changed(read: &impl Read, room: RoomId, rows: &[(u64, stored::Entry)]) -> Result<Changed, StoreError> {
    let seqs = || rows.iter().map(|(seq, _)| *seq);
    let (Some(first), Some(last)) = (seqs().min(), seqs().max()) else { return Ok(HashMap::new()) };
    let span = keys::messages(room);
    let span = span.behind(&[&room.0, &first.saturating_sub(1).to_be_bytes()]);
    let span = span.before(&[&room.0, &last.saturating_add(1).to_be_bytes()]);
    let found = read.collect(&span, Direction::Forward, rows.len(), |key, row| {
        key.room()?;
        Ok((key.number()?, row))
    })?;
    Ok(found.into_iter().collect())
}

/// A message from its entry's row, and from what has changed of it.
fn message(
    read: &impl Read,
    room: RoomId,
    (seq, row): (u64, stored::Entry),
    changed: Option<stored::Message>,
) -> Result<Message, StoreError> {
    let stored::Entry { at_ms, author, client_id, fact, text, .. } = row;
    let (body, edits) = match changed {
        Some(message) if message.body_seq != seq => {
            let latest = read.need(&keys::entry(room, message.body_seq))?;
            (body::read(read, room, message.body_seq, latest.text)?, message.edits)
        }
        Some(message) => (body::read(read, room, seq, text)?, message.edits),
        None => (body::read(read, room, seq, text)?, 0),
    };
    let has_file = fact == stored::Fact::File && body != Body::Erased;
    let file = if has_file { file::read(read, room, seq, fact)? } else { None };
    Ok(Message { seq, at_ms, author, client_id, fact: fact.into(), body, edits, file })
}

pub(super) fn messages(
    read: &impl Read,
    room: RoomId,
    anchor: Anchor,
    limit: usize,
    bytes: usize,
) -> Result<Option<MessagePage>, StoreError> {
    let head = read.get(&keys::room_head(room));
    let (span, direction) = anchored(keys::entries(room), room, anchor);
    // One row more than asked for tells whether there are more.
    let limit = limit.min(READ_ROWS_MAX);
    let rows = read.collect(&span, direction, limit + 1, |key, row| {
        key.room()?;
        Ok((key.number()?, row))
    });
    // What has to be fetched is noted before the first thing that is not at hand ends this.
    let beside = read.is_partial().then(|| {
        foresee_files(read, room, anchor, limit + 1);
        changed_from(read, room, anchor, limit + 1)
    });
    let (Some(head), rows) = (head?.filter(|head| !head.is_deleted), rows?) else { return Ok(None) };
    let found = rows.len();
    foresee_texts(read, room, &rows, bytes);
    file::foresee(read, room, &rows);
    let mut changed = beside.unwrap_or_else(|| changed(read, room, &rows))?;
    let mut budget = Budget::new(bytes);
    let mut messages = Vec::with_capacity(found);
    for (seq, row) in rows.into_iter().take(limit) {
        let message = message(read, room, (seq, row), changed.remove(&seq))?;
        if !budget.takes(&message.body) {
            break;
        }
        messages.push(message);
    }
    let more = messages.len() < found;
    if direction == Direction::Reverse {
        messages.reverse();
    }
    Ok(Some(MessagePage { head: Head::from(&head), messages, more }))
}

/// The newest messages with files before a seq: the files say which they are.
pub(super) fn files(
    read: &impl Read,
    room: RoomId,
    before: u64,
    limit: usize,
    bytes: usize,
) -> Result<Option<MessagePage>, StoreError> {
    let head = read.get(&keys::room_head(room));
    let (span, direction) = anchored(keys::attached_files(room), room, Anchor::Before(before));
    let limit = limit.min(READ_ROWS_MAX);
    let seqs = read.collect(&span, direction, limit + 1, |key, _| {
        key.room()?;
        key.number()
    });
    let (Some(head), seqs) = (head?.filter(|head| !head.is_deleted), seqs?) else { return Ok(None) };
    let found = seqs.len();
    let keys = |seq: &u64| [keys::entry(room, *seq).bytes, keys::message(room, *seq).bytes];
    read.foresee(&mut seqs.iter().take(limit).flat_map(keys));
    let (mut rows, mut changed) = (Vec::with_capacity(found), Changed::new());
    for seq in seqs.into_iter().take(limit) {
        rows.push((seq, read.need(&keys::entry(room, seq))?));
        changed.extend(read.get(&keys::message(room, seq))?.map(|row| (seq, row)));
    }
    foresee_texts(read, room, &rows, bytes);
    let mut budget = Budget::new(bytes);
    let mut messages = Vec::with_capacity(rows.len());
    for (seq, row) in rows {
        let message = message(read, room, (seq, row), changed.remove(&seq))?;
        if !budget.takes(&message.body) {
            break;
        }
        messages.push(message);
    }
    let more = messages.len() < found;
    messages.reverse();
    Ok(Some(MessagePage { head: Head::from(&head), messages, more }))
}
