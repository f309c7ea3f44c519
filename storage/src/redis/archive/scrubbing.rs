//! Writing a segment anew without what was removed of it.
//!
//! The blob without it is written first. One commit then names it, takes the row that says that
//! the entry was deleted out of Redis, for it is in the segment now, and notes the blob from
//! before as spent. That is removed last. So a stop anywhere leaves nothing that doing it again
//! would not find.

use rill_protocol::RoomId;
use std::sync::Arc;

use super::{content, fill::no_archive, first_of};
use crate::{
    StoreError,
    aggregates::Slot,
    blobs::BlobName,
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
        tx::Tx,
    },
    engine::{Direction, Overlay},
    limits::READ_ROWS_MAX,
    redis::core::Core,
    rows,
};

/// How often one segment is tried while others change it.
const TRIES_MAX: usize = 3;

/// A segment with an entry that was removed, and the entry's row as it is to be there.
struct Held {
    name: BlobName,
    row: Vec<u8>,
}

/// Nothing where the entry is not archived.
fn held(read: &impl Read, room: RoomId, seq: u64) -> Result<Option<Held>, StoreError> {
    if read.get(&keys::archived(room))?.is_none_or(|archived| seq > archived.through) {
        return Ok(None);
    }
    let segment = read.need(&keys::segment(room, first_of(seq)))?;
    let row = read.get_sealed(&keys::entry(room, seq).bytes)?;
    Ok(row.map(|row| Held { name: BlobName(segment.blob), row }))
}

fn texts(room: RoomId, seq: u64) -> Span<stored::Body> {
    Span::of(crate::table::Table::Body, &[&room.0, &seq.to_be_bytes()])
}

/// The segment with that row and without texts beside it; `None` where it is so already.
fn without(rows: &Overlay, room: RoomId, seq: u64, row: &[u8]) -> Option<Vec<u8>> {
    let (entry, texts) = (keys::entry(room, seq).bytes, texts(room, seq));
    let is_text = |key: &Vec<u8>| texts.from <= *key && *key < texts.until;
    let is_so = rows.get(&entry).is_some_and(|found| found.as_deref() == Some(row));
    if is_so && !rows.keys().any(is_text) {
        return None;
    }
    let mut content = Vec::new();
    for (key, value) in rows.iter().filter(|(key, _)| !is_text(key)) {
        rows::put(&mut content, key, if *key == entry { Some(row) } else { value.as_deref() });
    }
    Some(content)
}

/// Names the new blob, if nothing was changed since.
fn replace(
    tx: &mut Tx<'_>,
    (room, seq): (RoomId, u64),
    before: &Held,
    segment: stored::Segment,
) -> Result<bool, StoreError> {
    match held(tx, room, seq)? {
        Some(now) if now.name == before.name && now.row == before.row => {}
        _ => return Ok(false),
    }
    tx.put(keys::segment(room, first_of(seq)), &segment)?;
    tx.put(keys::spent_segment(room, before.name), &stored::SpentSegment {})?;
    tx.delete(keys::entry(room, seq))?;
    Ok(true)
}

impl Core {
    /// See [`crate::port::Log::scrub`].
    pub(in crate::redis) async fn scrub(self: &Arc<Self>, room: RoomId, seq: u64) -> Result<(), StoreError> {
        let slot = Slot::Room(room);
        for _ in 0..TRIES_MAX {
            let Some(before) = self.read(slot, |view| held(view, room, seq)).await? else {
                return self.remove_spent(room).await;
            };
            let archive = self.archive.as_ref().ok_or_else(no_archive)?;
            // Another node may have written it anew just now.
            let Some(rows) = archive.rows(before.name).await? else { continue };
            let Some(content) = without(&rows, room, seq, &before.row) else {
                return self.remove_spent(room).await;
            };
            let name = content::name_of(&archive.secret, room, first_of(seq), &content);
            archive.options.blobs.put(&name, &content).await?;
            let bytes = content.len() as u64;
            let replacing =
                self.submit(slot, move |tx| replace(tx, (room, seq), &before, stored::Segment { blob: name.0, bytes }));
            if replacing.await? {
                return self.remove_spent(room).await;
            }
        }
        Err(StoreError::Busy)
    }

    /// The blobs of segments that were written anew, or whose room is deleted.
    pub(in crate::redis) async fn remove_spent(self: &Arc<Self>, room: RoomId) -> Result<(), StoreError> {
        let slot = Slot::Room(room);
        let spent = self.read(slot, |view| {
            view.collect(&keys::spent_segments(room), Direction::Forward, READ_ROWS_MAX, |key, _| {
                key.room()?;
                key.take().map(BlobName)
            })
        });
        for name in spent.await? {
            let archive = self.archive.as_ref().ok_or_else(no_archive)?;
            archive.forget(name);
            archive.options.blobs.remove(&name).await?;
            self.submit(slot, move |tx| tx.delete(keys::spent_segment(room, name))).await?;
        }
        Ok(())
    }
}
