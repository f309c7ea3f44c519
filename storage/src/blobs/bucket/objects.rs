//! What objects there are of a blob, by one listing. What a row notes of parts counts only as
//! far as they are there: somebody may have removed them since.

use futures_util::TryStreamExt as _;
use std::collections::{BTreeMap, BTreeSet};

use super::Bucket;
use crate::{
    StoreError,
    blobs::{
        Blob, BlobName,
        chunk::{self, MAGIC},
        failed, path,
        tree::PART_CHUNKS,
    },
    limits::BLOB_PART_BYTES,
};

/// See the module.
pub(super) struct Objects {
    /// Whole parts, with their bytes.
    parts: BTreeMap<u64, u64>,
    /// What there is of parts that were not whole: part and chunks.
    tails: BTreeSet<(u64, u64)>,
}

impl Bucket {
    pub(super) async fn objects(&self, name: &BlobName) -> Result<Objects, StoreError> {
        let mut objects = Objects { parts: BTreeMap::new(), tails: BTreeSet::new() };
        let mut found = self.store.list(Some(&path(name)));
        while let Some(found) = found.try_next().await.map_err(|error| failed("looked for", &error))? {
            let own = found.location.filename().unwrap_or_default();
            match own.split_once('-') {
                None => drop(own.parse().map(|part| objects.parts.insert(part, found.size))),
                Some((part, chunks)) => {
                    if let (Ok(part), Ok(chunks)) = (part.parse(), chunks.parse()) {
                        objects.tails.insert((part, chunks));
                    }
                }
            }
        }
        Ok(objects)
    }
}

impl Objects {
    /// How many parts there are, from the first on. All of them must have their length.
    pub(super) fn whole(&self, blob: &Blob) -> Result<u64, StoreError> {
        let chunks = chunk::count(blob.size);
        for part in 0..count(blob) {
            let first = part * PART_CHUNKS;
            let bytes = MAGIC.len() + blob.sealed_bytes(first..(first + PART_CHUNKS).min(chunks));
            match self.parts.get(&part) {
                None => return Ok(part),
                Some(found) if *found == bytes as u64 => {}
                Some(_) => return Err(chunk::damaged(&blob.name, format!("part {part} is cut"))),
            }
        }
        Ok(count(blob))
    }

    /// How many chunks there are of a part that was not whole, by each object of it, the most
    /// first.
    pub(super) fn tails(&self, part: u64) -> Vec<u64> {
        self.tails.range((part, 1)..(part, PART_CHUNKS)).rev().map(|(_, chunks)| *chunks).collect()
    }

    /// All of those, of any part.
    pub(super) fn all_tails(&self) -> impl Iterator<Item = (u64, u64)> {
        self.tails.iter().copied()
    }
}

/// How many parts a blob has; an empty one has one.
pub(super) fn count(blob: &Blob) -> u64 {
    blob.size.div_ceil(BLOB_PART_BYTES).max(1)
}
