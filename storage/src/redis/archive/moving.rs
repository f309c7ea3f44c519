//! Taking the oldest part of a log out of Redis, one segment at a time.

use rill_protocol::RoomId;
use std::sync::{Arc, atomic::Ordering::Relaxed};

use super::{
    Archive,
    content::{self, Segment},
};
use crate::{
    StoreError,
    aggregates::{self, Slot},
    blobs::BlobName,
    embedded::{keys, read::Read, stored, tx::Tx},
    limits::SEGMENT_ENTRIES,
    redis::core::Core,
};

/// How often one segment is tried while it is being changed.
const TRIES_MAX: usize = 3;

/// The segment that follows the archived ones, if the log is long enough.
fn next(read: &impl Read, room: RoomId, keep_entries: u64) -> Result<Option<Segment>, StoreError> {
    let Some(head) = read.get(&keys::room_head(room))?.filter(|head| !head.is_deleted) else { return Ok(None) };
    let through = read.get(&keys::archived(room))?.map_or(0, |archived| archived.through);
    if head.seq < through + SEGMENT_ENTRIES + keep_entries {
        return Ok(None);
    }
    Segment::gather(read, room, through + 1).map(Some)
}

/// Names the blob and takes out what is in it, if that still is what it is.
fn take_out(
    tx: &mut Tx<'_>,
    (secret, room): (&[u8; 32], RoomId),
    (first, name): (u64, BlobName),
) -> Result<bool, StoreError> {
    let through = tx.get(&keys::archived(room))?.map_or(0, |archived| archived.through);
    // What is deleted is erased where it is.
    if through + 1 != first || aggregates::is_deleted(tx, room)? {
        return Ok(false);
    }
    let segment = Segment::gather(tx, room, first)?;
    if content::name(secret, room, &segment) != name {
        return Ok(false);
    }
    let bytes = segment.content.len() as u64;
    tx.put(keys::segment(room, first), &stored::Segment { blob: name.0, bytes })?;
    tx.put(keys::archived(room), &stored::Archived { through: first + SEGMENT_ENTRIES - 1 })?;
    let (entries, bodies) = segment.into_keys();
    entries.into_iter().try_for_each(|key| tx.delete(key))?;
    bodies.into_iter().try_for_each(|key| tx.delete(key))?;
    Ok(true)
}

impl Core {
    /// Sees to the rooms whose logs have become long, in a task of its own, one after the
    /// other.
    pub(in crate::redis) fn archive_what_is_due(self: &Arc<Self>) {
        let Some(archive) = self.archive.clone() else { return };
        if !archive.take_up() {
            return;
        }
        let core = Arc::clone(self);
        (self.spawn)(Box::pin(async move {
            while let Some(room) = archive.next_due() {
                if let Err(error) = core.archive_room(&archive, room).await {
                    // It stays where it is, and is tried when the log has grown by another segment.
                    tracing::warn!(%error, "the old part of a room's log cannot be archived");
                }
            }
        }));
    }

    async fn archive_room(self: &Arc<Self>, archive: &Archive, room: RoomId) -> Result<(), StoreError> {
        let (slot, secret) = (Slot::Room(room), archive.secret);
        let Some(keep_entries) = archive.options.keep_entries else { return Ok(()) };
        let mut tries = 0;
        while let Some(segment) = self.read(slot, |view| next(view, room, keep_entries)).await? {
            let name = content::name(&secret, room, &segment);
            archive.options.blobs.put(&name, &segment.content).await?;
            let first = segment.first;
            if self.submit(slot, move |tx| take_out(tx, (&secret, room), (first, name))).await? {
                self.counters.archived_entries.fetch_add(SEGMENT_ENTRIES, Relaxed);
                tries = 0;
                continue;
            }
            // Another node was first, or an entry was changed meanwhile.
            tries += 1;
            if tries == TRIES_MAX {
                return Err(StoreError::Busy);
            }
        }
        Ok(())
    }
}
