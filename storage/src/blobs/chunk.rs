//! A chunk of a blob that grows: `format u8 | key id u32 | payload | checksum 8`, integers
//! little endian, behind `magic 8` at the beginning of a file or object.
//!
//! It differs from a chunk of a blob that is written whole ([`super::sealed`]) in what the
//! checksum is made of: not of the payload, but of its BLAKE3 chaining value, which the
//! content's digest needs anyway. So every byte is hashed once. With it go the blob's name and
//! size and the chunk's number: a chunk that was moved, or is of another blob, does not open,
//! and how long a chunk must be follows from its number. Key id 0 is plain, as in records.

use bytes::Bytes;
use std::ops::Range;

use super::{Blob, BlobName, tree};
use crate::{StoreError, record::KeyRing};

pub(super) const MAGIC: &[u8; 8] = b"rillbl02";
const FORMAT: u8 = 2;
/// The payload of every chunk but the last.
pub const CHUNK_BYTES: usize = 64 * 1024;
pub(super) const HEADER_BYTES: usize = 1 + 4;
pub(super) const CHECKSUM_BYTES: usize = 8;
pub(super) const SEALED_CHUNK_BYTES: usize = HEADER_BYTES + CHUNK_BYTES + CHECKSUM_BYTES;

pub(super) fn damaged(name: &BlobName, detail: impl Into<String>) -> StoreError {
    StoreError::BlobDamaged { name: *name, detail: detail.into() }
}

/// How many chunks a content of so many bytes has.
pub(super) fn count(size: u64) -> u64 {
    size.div_ceil(CHUNK_BYTES as u64)
}

/// How many chunks lie whole before an offset.
pub(super) fn whole(offset: u64) -> u64 {
    offset / CHUNK_BYTES as u64
}

/// Where a chunk begins in the content.
pub(super) fn offset(number: u64) -> u64 {
    number * CHUNK_BYTES as u64
}

/// Where a chunk begins in a file or object that begins with chunk 0.
pub(super) fn place(number: u64) -> u64 {
    (MAGIC.len() as u64) + number * SEALED_CHUNK_BYTES as u64
}

impl Blob {
    /// The bytes of a chunk's payload.
    pub(super) fn payload_bytes(&self, number: u64) -> usize {
        self.size.saturating_sub(offset(number)).min(CHUNK_BYTES as u64) as usize
    }

    /// The bytes of some chunks as they lie in a file.
    pub(super) fn sealed_bytes(&self, chunks: Range<u64>) -> usize {
        let payloads = self.size.min(offset(chunks.end)).saturating_sub(offset(chunks.start)) as usize;
        payloads + (chunks.end - chunks.start) as usize * (HEADER_BYTES + CHECKSUM_BYTES)
    }

    fn checksum(&self, number: u64, header: &[u8], value: &tree::Value) -> [u8; CHECKSUM_BYTES] {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.name.0).update(&self.size.to_le_bytes()).update(&number.to_le_bytes());
        hasher.update(header).update(value);
        let mut sum = [0; CHECKSUM_BYTES];
        sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM_BYTES]);
        sum
    }

    /// What stands before and behind the payload of a chunk, by its value.
    pub(super) fn seal(
        &self,
        ring: &KeyRing,
        number: u64,
        value: &tree::Value,
    ) -> ([u8; HEADER_BYTES], [u8; CHECKSUM_BYTES]) {
        let mut header = [FORMAT; HEADER_BYTES];
        header[1..].copy_from_slice(&ring.sealing().to_le_bytes());
        (header, self.checksum(number, &header, value))
    }

    /// The payload of a chunk, and its value.
    pub(super) fn open(&self, ring: &KeyRing, number: u64, sealed: &Bytes) -> Result<(Bytes, tree::Value), StoreError> {
        let cut = |what: &str| damaged(&self.name, format!("chunk {number} {what}"));
        let payload_end = sealed.len().checked_sub(CHECKSUM_BYTES).filter(|end| *end > HEADER_BYTES);
        let payload = sealed.slice(HEADER_BYTES..payload_end.ok_or_else(|| cut("is cut"))?);
        if payload.len() != self.payload_bytes(number) {
            return Err(cut("is cut"));
        }
        let header = &sealed[..HEADER_BYTES];
        let value = tree::value(number, &payload);
        if sealed[HEADER_BYTES + payload.len()..] != self.checksum(number, header, &value) {
            return Err(cut("has a wrong checksum"));
        }
        let key_id = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
        if header[0] != FORMAT || !ring.holds(key_id) {
            return Err(cut("is of a format or key that this version does not know"));
        }
        Ok((payload, value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BLOB: Blob = Blob { name: BlobName([1; 32]), size: 2 * CHUNK_BYTES as u64 + 100 };

    fn sealed(number: u64, payload: &[u8]) -> Vec<u8> {
        let (header, sum) = BLOB.seal(&KeyRing, number, &tree::value(number, payload));
        [&header, payload, &sum].concat()
    }

    fn opens(blob: Blob, number: u64, sealed: &[u8]) -> bool {
        blob.open(&KeyRing, number, &Bytes::copy_from_slice(sealed)).is_ok()
    }

    #[test]
    fn the_layout_is_pinned() {
        let chunk = sealed(2, &[7; 100]);
        assert_eq!(chunk[..6], [2, 0, 0, 0, 0, 7]);
        let hashed =
            [&[1; 32][..], &BLOB.size.to_le_bytes(), &2u64.to_le_bytes(), &chunk[..5], &tree::value(2, &[7; 100])];
        assert_eq!(chunk[105..], blake3::hash(&hashed.concat()).as_bytes()[..8]);
        assert_eq!((place(0), place(2), count(BLOB.size), count(0)), (8, 8 + 2 * 65_549, 3, 0));
    }

    #[test]
    fn a_flipped_bit_a_cut_or_a_moved_chunk_is_noticed() {
        let (first, last) = (sealed(0, &[7; CHUNK_BYTES]), sealed(2, &[7; 100]));
        assert!(opens(BLOB, 0, &first) && opens(BLOB, 2, &last));
        assert!(!opens(BLOB, 1, &first), "another place");
        assert!(!opens(Blob { name: BlobName([2; 32]), ..BLOB }, 0, &first), "another blob");
        assert!(!opens(Blob { size: BLOB.size + 1, ..BLOB }, 0, &first), "another size");
        for at in [0, 1, 5, 104, 105, last.len() - 1] {
            let mut flipped = last.clone();
            flipped[at] ^= 1;
            assert!(!opens(BLOB, 2, &flipped), "bit at {at}");
        }
        for length in [0, 4, 5, 12, 13, 14, 105, last.len() - 1] {
            assert!(!opens(BLOB, 2, &last[..length]), "cut at {length}");
        }
    }
}
