//! What is in a segment: the sealed rows of its entries and of the texts beside them.

use rill_protocol::RoomId;

use crate::{
    StoreError,
    blobs::BlobName,
    embedded::{
        keys::{self, Key},
        read::Read,
        stored,
    },
    engine::{Direction, Overlay},
    limits::SEGMENT_ENTRIES,
    rows,
};

/// A segment that is to be archived.
pub(in crate::redis) struct Segment {
    pub(in crate::redis) first: u64,
    pub(in crate::redis) content: Vec<u8>,
    entries: Vec<Key<stored::Entry>>,
    bodies: Vec<Key<stored::Body>>,
}

pub(in crate::redis) fn decode(content: &[u8]) -> Option<Overlay> {
    rows::read(content)
}

/// Keyed, over all that it is about: the same segment has one name, and it tells nobody
/// whether they hold the content.
pub(in crate::redis) fn name(secret: &[u8; 32], room: RoomId, segment: &Segment) -> BlobName {
    name_of(secret, room, segment.first, &segment.content)
}

pub(in crate::redis) fn name_of(secret: &[u8; 32], room: RoomId, first: u64, content: &[u8]) -> BlobName {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    for part in [&b"log segment"[..], &room.0, &first.to_le_bytes(), content] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    BlobName(*hasher.finalize().as_bytes())
}

impl Segment {
    /// The segment that begins at an entry, as it is now; all of it must be there.
    pub(in crate::redis) fn gather(read: &impl Read, room: RoomId, first: u64) -> Result<Self, StoreError> {
        let last = first + SEGMENT_ENTRIES - 1;
        let span = keys::entries(room).behind(&[&room.0, &(first - 1).to_be_bytes()]);
        let span = span.before(&[&room.0, &(last + 1).to_be_bytes()]);
        let texts = read.collect(&span, Direction::Forward, SEGMENT_ENTRIES as usize, |_, row| Ok(row.text))?;
        if texts.len() as u64 != SEGMENT_ENTRIES {
            return Err(StoreError::Damaged { table: "entry", detail: "an entry of a log is missing".into() });
        }
        let apart: Vec<u64> =
            (first..).zip(&texts).filter(|(_, text)| **text == stored::Text::Apart).map(|(seq, _)| seq).collect();
        let bodies = Self::bodies(read, room, apart)?;

        let mut content = Vec::new();
        let entries: Vec<_> = (first..=last).map(|seq| keys::entry(room, seq)).collect();
        let keys = entries.iter().map(|key| &key.bytes).chain(bodies.iter().map(|key| &key.bytes));
        for key in keys {
            rows::put(&mut content, key, read.get_sealed(key)?.as_deref());
        }
        Ok(Self { first, content, entries, bodies })
    }

    /// The keys of the texts that lie beside entries. All are asked for together: where rows
    /// come from afar, each that is asked for by itself is a way of its own.
    fn bodies(read: &impl Read, room: RoomId, apart: Vec<u64>) -> Result<Vec<Key<stored::Body>>, StoreError> {
        read.foresee(&mut apart.iter().map(|seq| keys::body(room, *seq, 0).bytes));
        let mut bodies = Vec::new();
        for seq in apart {
            let parts = match read.need(&keys::body(room, seq, 0))? {
                stored::Body::Text { parts, .. } => parts.max(1),
                stored::Body::Erased => 1,
            };
            bodies.extend((0..parts).map(|part| keys::body(room, seq, part)));
        }
        read.foresee(&mut bodies.iter().map(|key| key.bytes.clone()));
        Ok(bodies)
    }

    /// The keys of its rows.
    pub(super) fn into_keys(self) -> (Vec<Key<stored::Entry>>, Vec<Key<stored::Body>>) {
        (self.entries, self.bodies)
    }
}
