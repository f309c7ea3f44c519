//! A blob as it lies in the store: `magic 8`, then chunks.
//!
//! A chunk is `format u8 | key id u32 | is last u8 | payload | checksum 8`, integers
//! little endian; its payload is [`CHUNK_BYTES`], or what is left in the last one. The
//! checksum is blake3 over the blob's name, the chunk's number and all before it in the
//! chunk: one that was moved, or a blob that was cut between two chunks, does not open.
//! Where a chunk begins follows from its number. Key id 0 is plain, as in records.

use bytes::Bytes;

use super::BlobName;
use crate::{StoreError, record::KeyRing};

const MAGIC: &[u8; 8] = b"rillbl01";
const FORMAT: u8 = 1;
/// The payload of every chunk but the last.
const CHUNK_BYTES: usize = 64 * 1024;
const HEADER_BYTES: usize = 1 + 4 + 1;
const CHECKSUM_BYTES: usize = 8;
const SEALED_CHUNK_BYTES: usize = HEADER_BYTES + CHUNK_BYTES + CHECKSUM_BYTES;

fn checksum(name: &BlobName, number: u64, chunk: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&name.0);
    hasher.update(&number.to_le_bytes());
    hasher.update(chunk);
    let mut sum = [0; CHECKSUM_BYTES];
    sum.copy_from_slice(&hasher.finalize().as_bytes()[..CHECKSUM_BYTES]);
    sum
}

fn damaged(name: &BlobName, detail: &str) -> StoreError {
    StoreError::Blobs(format!("the blob {name} is damaged ({detail}); restore it from a backup"))
}

pub(super) fn seal(ring: &KeyRing, name: &BlobName, content: &[u8]) -> Vec<u8> {
    let chunks = content.len().div_ceil(CHUNK_BYTES).max(1);
    let mut sealed = Vec::with_capacity(MAGIC.len() + content.len() + chunks * (HEADER_BYTES + CHECKSUM_BYTES));
    sealed.extend_from_slice(MAGIC);
    for number in 0..chunks {
        let from = sealed.len();
        sealed.push(FORMAT);
        sealed.extend_from_slice(&ring.sealing().to_le_bytes());
        sealed.push(u8::from(number + 1 == chunks));
        let payload = &content[number * CHUNK_BYTES..];
        sealed.extend_from_slice(&payload[..payload.len().min(CHUNK_BYTES)]);
        let sum = checksum(name, number as u64, &sealed[from..]);
        sealed.extend_from_slice(&sum);
    }
    sealed
}

pub(super) fn open(ring: &KeyRing, name: &BlobName, sealed: &[u8]) -> Result<Bytes, StoreError> {
    let rest = sealed.strip_prefix(MAGIC).ok_or_else(|| damaged(name, "it does not begin as a blob"))?;
    let mut content = Vec::with_capacity(rest.len());
    let mut is_whole = false;
    for (number, chunk) in rest.chunks(SEALED_CHUNK_BYTES).enumerate() {
        let end = chunk.len().checked_sub(CHECKSUM_BYTES).filter(|end| *end >= HEADER_BYTES);
        let (chunk, sum) = chunk.split_at(end.ok_or_else(|| damaged(name, "it is cut"))?);
        if sum != checksum(name, number as u64, chunk) {
            return Err(damaged(name, "a checksum is wrong"));
        }
        let (header, payload) = chunk.split_at(HEADER_BYTES);
        let key_id = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
        if header[0] != FORMAT || !ring.holds(key_id) {
            return Err(damaged(name, "its format or its key is unknown to this version"));
        }
        content.extend_from_slice(payload);
        is_whole = header[5] == 1;
    }
    // The last chunk says that it is, and nothing can follow it: a longer one has another place.
    if is_whole { Ok(content.into()) } else { Err(damaged(name, "it is cut")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(number: u8) -> BlobName {
        BlobName([number; 32])
    }

    #[test]
    fn every_length_around_a_chunk_opens_as_it_was() {
        for length in [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 7] {
            let content: Vec<u8> = (0..length).map(|at| (at % 251) as u8).collect();
            let sealed = seal(&KeyRing, &name(1), &content);
            assert_eq!(open(&KeyRing, &name(1), &sealed).unwrap(), content, "{length} bytes");
        }
    }

    #[test]
    fn a_flipped_bit_a_cut_or_a_moved_chunk_is_noticed() {
        let sealed = seal(&KeyRing, &name(1), &vec![7; 2 * CHUNK_BYTES + 100]);
        assert!(open(&KeyRing, &name(2), &sealed).is_err(), "another blob's bytes");
        for at in [0, 8, 13, 14, 500, SEALED_CHUNK_BYTES + 20, sealed.len() - 1] {
            let mut flipped = sealed.clone();
            flipped[at] ^= 1;
            assert!(open(&KeyRing, &name(1), &flipped).is_err(), "bit at {at}");
        }
        let first = MAGIC.len() + SEALED_CHUNK_BYTES;
        for length in [0, 7, 8, 9, first - 1, first, first + 5, first + SEALED_CHUNK_BYTES, sealed.len() - 1] {
            assert!(open(&KeyRing, &name(1), &sealed[..length]).is_err(), "cut at {length}");
        }
        let mut swapped = sealed.clone();
        swapped[MAGIC.len()..].rotate_left(SEALED_CHUNK_BYTES);
        assert!(open(&KeyRing, &name(1), &swapped).is_err());
        let mut longer = sealed;
        longer.extend_from_slice(&[0; 40]);
        assert!(open(&KeyRing, &name(1), &longer).is_err());
    }
}
