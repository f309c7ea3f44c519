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
    record, rows,
};

/// A segment that is to be archived.
pub(super) struct Segment {
    pub(super) first: u64,
    pub(super) content: Vec<u8>,
    entries: Vec<Key<stored::Entry>>,
    bodies: Vec<Key<stored::Body>>,
}

pub(super) fn decode(content: &[u8]) -> Option<Overlay> {
    rows::read(content)
}

/// Keyed, over all that it is about: the same segment has one name, and it tells nobody
/// whether they hold the content.
pub(super) fn name(secret: &[u8; 32], room: RoomId, segment: &Segment) -> BlobName {
    let mut hasher = blake3::Hasher::new_keyed(secret);
    for part in [&b"log segment"[..], &room.0, &segment.first.to_le_bytes(), &segment.content] {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    BlobName(*hasher.finalize().as_bytes())
}

impl Segment {
    /// The segment that begins at an entry, as it is now; all of it must be there.
    pub(super) fn gather(read: &impl Read, room: RoomId, first: u64) -> Result<Self, StoreError> {
        let last = first + SEGMENT_ENTRIES - 1;
        let span = keys::entries(room).behind(&[&room.0, &(first - 1).to_be_bytes()]);
        let span = span.before(&[&room.0, &(last + 1).to_be_bytes()]);
        let texts = read.collect(&span, Direction::Forward, SEGMENT_ENTRIES as usize, |_, row| Ok(row.text))?;
        if texts.len() as u64 != SEGMENT_ENTRIES {
            return Err(StoreError::Damaged { table: "entry", detail: "an entry of a log is missing".into() });
        }
        let apart: Vec<u64> =
            (first..).zip(&texts).filter(|(_, text)| **text == stored::Text::Apart).map(|(seq, _)| seq).collect();
        read.foresee(&mut apart.iter().map(|seq| keys::body(room, *seq, 0).bytes));

        let mut content = Vec::new();
        let mut add = |key: &[u8]| {
            let value = read.get_sealed(key)?;
            rows::put(&mut content, key, value.as_deref());
            Ok::<_, StoreError>(value)
        };
        let entries: Vec<_> = (first..=last).map(|seq| keys::entry(room, seq)).collect();
        entries.iter().try_for_each(|key| add(&key.bytes).map(drop))?;
        let mut bodies = Vec::new();
        for seq in apart {
            let mut parts = 1;
            for number in 0.. {
                let key = keys::body(room, seq, number);
                let Some(value) = add(&key.bytes)? else { break };
                if number == 0
                    && let stored::Body::Text { parts: all, .. } =
                        record::open(read.ring(), key.table, &key.bytes, &value)?
                {
                    parts = all;
                }
                bodies.push(key);
                if number + 1 >= parts {
                    break;
                }
            }
        }
        Ok(Self { first, content, entries, bodies })
    }

    /// The keys of its rows.
    pub(super) fn into_keys(self) -> (Vec<Key<stored::Entry>>, Vec<Key<stored::Body>>) {
        (self.entries, self.bodies)
    }
}
