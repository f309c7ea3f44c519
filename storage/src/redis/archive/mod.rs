//! The old part of long logs: taken out of Redis, which so holds a bounded tail of each
//! room, and read back for history.
//!
//! A log is archived in segments of [`SEGMENT_ENTRIES`], from its first entry on, each with
//! the texts that lie beside its entries. A segment is a blob, sealed and checksummed, under
//! a name that follows from its content; the room's row `segment` names it, and the row
//! `archived` says up to where there are any. One commit writes both and takes the entries
//! out of Redis, so every state of a room has each of its entries once. A row that is in
//! Redis all the same was changed since, and holds.
//!
//! What is removed of a log goes from its segment too, which is written anew without it
//! ([`scrubbing`]).
//!
//! The blob is written before the commit that names it. What a crash leaves between the two
//! is a blob that nobody names, and that the next try writes again.

pub(super) mod content;
mod fill;
mod moving;
mod scrubbing;

use parking_lot::Mutex;
use rill_protocol::RoomId;
use std::{
    collections::{BTreeSet, VecDeque},
    sync::Arc,
};

use crate::{
    StoreError,
    blobs::{BlobName, Blobs},
    engine::Overlay,
    limits::{ARCHIVE_DUE_ROOMS_MAX, ARCHIVE_READ_BYTES_MAX, SEGMENT_ENTRIES},
};

/// Where logs are archived, and what of them stays.
#[derive(Clone, Debug)]
pub struct ArchiveOptions {
    pub blobs: Blobs,
    /// Newest entries of each room that stay in Redis, beside up to two segments more; without
    /// it this node moves none, and reads what others have moved.
    pub keep_entries: Option<u64>,
}

pub(super) struct Archive {
    pub(super) options: ArchiveOptions,
    /// The key of the names of blobs.
    secret: [u8; 32],
    read: Mutex<Segments>,
    due: Mutex<Due>,
}

/// Segments that were read, the latest last.
#[derive(Default)]
struct Segments {
    kept: VecDeque<(BlobName, Arc<Overlay>, usize)>,
    bytes: usize,
}

/// Rooms whose log has grown by a segment, and whether somebody sees to them.
#[derive(Default)]
struct Due {
    rooms: BTreeSet<RoomId>,
    is_tended: bool,
}

/// The first entry of the segment that an entry lies in.
fn first_of(seq: u64) -> u64 {
    (seq.max(1) - 1) / SEGMENT_ENTRIES * SEGMENT_ENTRIES + 1
}

impl Archive {
    pub(super) fn new(options: ArchiveOptions, secret: [u8; 32]) -> Self {
        Self { options, secret, read: Mutex::default(), due: Mutex::default() }
    }

    /// The log of a room has grown from behind `before` to `head`.
    pub(super) fn grown(&self, room: RoomId, before: u64, head: u64) {
        let is_long = self.options.keep_entries.is_some_and(|keep| head > keep);
        if first_of(before) == first_of(head) || !is_long {
            return;
        }
        let mut due = self.due.lock();
        if due.rooms.len() < ARCHIVE_DUE_ROOMS_MAX {
            due.rooms.insert(room);
        }
    }

    /// Whether rooms are due and nobody sees to them: who is told so does, until
    /// [`Self::next_due`] has none left.
    fn take_up(&self) -> bool {
        let mut due = self.due.lock();
        !due.rooms.is_empty() && !std::mem::replace(&mut due.is_tended, true)
    }

    fn next_due(&self) -> Option<RoomId> {
        let mut due = self.due.lock();
        let room = due.rooms.pop_first();
        due.is_tended = room.is_some();
        room
    }

    /// What was read of a blob that is spent is remembered no more.
    fn forget(&self, name: BlobName) {
        self.read.lock().remove(&name);
    }

    /// The rows of a segment; `None` if there is no such blob.
    async fn rows(&self, name: BlobName) -> Result<Option<Arc<Overlay>>, StoreError> {
        if let Some(rows) = self.read.lock().get(&name) {
            return Ok(Some(rows));
        }
        let Some(content) = self.options.blobs.get(&name).await? else { return Ok(None) };
        let rows = content::decode(&content).ok_or_else(|| {
            StoreError::Blobs(format!("the blob {name} is no part of a log; restore it from a backup"))
        })?;
        let rows = Arc::new(rows);
        self.read.lock().keep(name, &rows, content.len());
        Ok(Some(rows))
    }
}

impl Segments {
    fn get(&mut self, name: &BlobName) -> Option<Arc<Overlay>> {
        let at = self.kept.iter().position(|(kept, ..)| kept == name)?;
        let found = self.kept.remove(at)?;
        let rows = Arc::clone(&found.1);
        self.kept.push_back(found);
        Some(rows)
    }

    fn remove(&mut self, name: &BlobName) {
        let Some(at) = self.kept.iter().position(|(kept, ..)| kept == name) else { return };
        self.bytes -= self.kept.remove(at).map_or(0, |(.., bytes)| bytes);
    }

    fn keep(&mut self, name: BlobName, rows: &Arc<Overlay>, bytes: usize) {
        self.kept.push_back((name, Arc::clone(rows), bytes));
        self.bytes += bytes;
        while self.bytes > ARCHIVE_READ_BYTES_MAX
            && let Some((.., bytes)) = self.kept.pop_front()
        {
            self.bytes -= bytes;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_begin_where_the_one_before_ends() {
        let firsts = [0, 1, 2, 256, 257, 512, 513].map(first_of);
        assert_eq!(firsts, [1, 1, 1, 1, 257, 257, 513]);
    }

    #[test]
    fn what_was_read_last_is_kept_within_the_bound() {
        let mut segments = Segments::default();
        let rows = Arc::new(Overlay::new());
        let name = |number| BlobName([number; 32]);
        (0..4).for_each(|number| segments.keep(name(number), &rows, ARCHIVE_READ_BYTES_MAX / 4));
        assert!(segments.get(&name(0)).is_some());
        segments.keep(name(4), &rows, 1);
        let kept: Vec<bool> = (0..5).map(|number| segments.get(&name(number)).is_some()).collect();
        assert_eq!(kept, [true, false, true, true, true]);
    }
}
