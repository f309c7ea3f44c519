//! What a slot holds, in one number: two stores have the same rows if they have the same.

use crate::{StoreError, embedded::any_record, embedded::named, record::KeyRing};

/// See the module.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Digest {
    pub(super) rows: u64,
    pub(super) bytes: u64,
    hash: blake3::Hash,
}

#[derive(Default)]
pub(super) struct Digesting {
    rows: u64,
    bytes: u64,
    hasher: blake3::Hasher,
}

impl Digesting {
    /// Adds a row, which must be whole.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8]) -> Result<(), StoreError> {
        any_record::check(&KeyRing, key, value).map_err(|error| named::naming(key, error))?;
        for part in [key, value] {
            self.hasher.update(&(part.len() as u64).to_le_bytes());
            self.hasher.update(part);
        }
        self.rows += 1;
        self.bytes += (key.len() + value.len()) as u64;
        Ok(())
    }

    pub(super) fn finish(self) -> Digest {
        Digest { rows: self.rows, bytes: self.bytes, hash: self.hasher.finalize() }
    }
}
