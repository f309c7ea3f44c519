//! BLAKE3 of a content that comes in chunks, over any number of stops.
//!
//! A chunk of [`CHUNK_BYTES`] is an aligned subtree of BLAKE3's tree (section 2.1 of its
//! paper), so its chaining value is all that is needed of it, and a part of [`PART_BYTES`] is
//! one too. What is behind whole parts is as few values as the number of parts has bits: they
//! are what a row keeps, so that nothing before the last part is ever read again.

use blake3::{
    Hasher,
    hazmat::{HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root},
};

use super::chunk::CHUNK_BYTES;
use crate::limits::BLOB_PART_BYTES;

/// The value of a subtree that is not the whole.
pub(super) type Value = [u8; 32];

pub(super) const PART_CHUNKS: u64 = BLOB_PART_BYTES / CHUNK_BYTES as u64;
// Subtrees are powers of two.
const _: () = assert!(PART_CHUNKS.is_power_of_two() && BLOB_PART_BYTES.is_multiple_of(CHUNK_BYTES as u64));

/// A chunk's value, and what the content's digest is if the chunk is all there is.
pub(super) fn values(number: u64, payload: &[u8]) -> (Value, Option<blake3::Hash>) {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(number * CHUNK_BYTES as u64).update(payload);
    (hasher.finalize_non_root(), (number == 0).then(|| hasher.finalize()))
}

/// A chunk's value.
pub(super) fn value(number: u64, payload: &[u8]) -> Value {
    let mut hasher = Hasher::new();
    hasher.set_input_offset(number * CHUNK_BYTES as u64).update(payload).finalize_non_root()
}

/// The left edge of the tree, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Tree {
    /// Whole subtrees from left to right. The last two are merged only when more comes: until
    /// then nobody knows whether that is the root.
    values: Vec<Value>,
    chunks: u64,
    /// The digest, if there will be but one chunk.
    only: Option<blake3::Hash>,
}

/// How many values are kept of so many parts.
fn kept(parts: u64) -> usize {
    parts.checked_sub(1).map_or(0, |before| before.count_ones() as usize + 1)
}

impl Tree {
    /// What was kept of whole parts; `None` if it is not of so many.
    pub(super) fn kept(parts: u64, values: &[Value]) -> Option<Self> {
        let tree = Self { values: values.to_vec(), chunks: parts * PART_CHUNKS, only: None };
        (values.len() == kept(parts)).then_some(tree)
    }

    pub(super) fn chunks(&self) -> u64 {
        self.chunks
    }

    pub(super) fn values(&self) -> &[Value] {
        &self.values
    }

    fn merge_to(&mut self, length: usize) {
        while self.values.len() > length
            && let (Some(right), Some(left)) = (self.values.pop(), self.values.pop())
        {
            self.values.push(merge_subtrees_non_root(&left, &right, Mode::Hash));
        }
    }

    /// Adds the next chunk. `is_part` says that whole parts are kept, of a content of more
    /// than one.
    pub(super) fn push(&mut self, (value, only): (Value, Option<blake3::Hash>), is_part: bool) {
        self.merge_to(self.chunks.count_ones() as usize);
        self.values.push(value);
        self.chunks += 1;
        self.only = only.filter(|_| self.chunks == 1);
        if is_part && self.chunks.is_multiple_of(PART_CHUNKS) {
            // A part is never the root here.
            self.merge_to(kept(self.chunks / PART_CHUNKS));
        }
    }

    /// The digest of all that was added.
    pub(super) fn root(mut self) -> blake3::Hash {
        self.merge_to(2);
        match (self.values.as_slice(), self.only) {
            ([left, right], _) => merge_subtrees_root(left, right, Mode::Hash),
            (_, Some(only)) => only,
            // Nothing was added: a single chunk always says what it would be alone.
            _ => blake3::hash(&[]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Bytes that look random, the first of them.
    fn content(length: usize) -> Vec<u8> {
        let mut content = vec![0; length];
        Hasher::new().update(b"content").finalize_xof().fill(&mut content);
        content
    }

    /// The digest by way of chunks, with a stop behind each of some parts.
    fn by_chunks(content: &[u8], stops: &[u64]) -> blake3::Hash {
        let is_parted = content.len() as u64 > BLOB_PART_BYTES;
        let mut tree = Tree::default();
        for (number, payload) in (0..).zip(content.chunks(CHUNK_BYTES)) {
            tree.push(values(number, payload), is_parted);
            let parts = tree.chunks() / PART_CHUNKS;
            if is_parted && tree.chunks().is_multiple_of(PART_CHUNKS) && stops.contains(&parts) {
                let kept = tree.values().to_vec();
                assert!(kept.len() <= 1 + parts.ilog2() as usize + 1);
                tree = Tree::kept(parts, &kept).expect("what was kept is taken up again");
            }
        }
        tree.root()
    }

    #[test]
    fn the_digest_is_that_of_blake3_around_every_edge() {
        let part = BLOB_PART_BYTES as usize;
        let all = content(9 * part + 2);
        let edges =
            [0, 1_024, CHUNK_BYTES, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES, part, 2 * part, 3 * part, 5 * part, 9 * part];
        for edge in edges {
            for length in [edge.saturating_sub(1), edge, edge + 1, edge + CHUNK_BYTES, edge + CHUNK_BYTES + 1] {
                let content = &all[..length.min(all.len())];
                let stops: Vec<u64> = (1..10).collect();
                assert_eq!(by_chunks(content, &stops), blake3::hash(content), "{length} bytes, stops everywhere");
                assert_eq!(by_chunks(content, &[]), blake3::hash(content), "{length} bytes");
            }
        }
    }

    #[test]
    fn values_of_another_number_of_parts_are_not_taken() {
        assert!(Tree::kept(0, &[]).is_some() && Tree::kept(1, &[[1; 32]]).is_some());
        assert!(Tree::kept(0, &[[1; 32]]).is_none() && Tree::kept(3, &[[1; 32]]).is_none());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn any_length_and_any_stops_give_one_digest(length in 0usize..6 << 22, stops in proptest::collection::vec(1u64..7, 0..5)) {
            let content = content(length);
            prop_assert_eq!(by_chunks(&content, &stops), blake3::hash(&content));
        }
    }
}
