//! Writing a blob into a bucket: one part is on its way while the next one fills.

use bytes::Bytes;
use futures_util::{FutureExt as _, future::BoxFuture};

use super::{Bucket, FINISHED, body, object, objects};
use crate::{
    StoreError,
    blobs::{
        Blob, Finished, Progress,
        chunk::{self, CHUNK_BYTES, MAGIC, SEALED_CHUNK_BYTES},
        path,
        tree::{self, PART_CHUNKS, Tree},
    },
    limits::BLOB_PART_BYTES,
};

/// A part that is on its way; resolves when it is durable.
type Putting = BoxFuture<'static, Result<Progress, StoreError>>;

/// See the module.
pub(in crate::blobs) struct BucketStaged {
    bucket: Bucket,
    blob: Blob,
    tree: Tree,
    /// As of the last whole part.
    kept: Vec<tree::Value>,
    /// Payload of the chunk that is not whole yet.
    open_chunk: Vec<u8>,
    /// The part that fills, as it will lie in the bucket.
    part: Vec<u8>,
    /// Objects with some of its chunks, by how many.
    tails: Vec<u64>,
    /// How many chunks of it were noted; objects with fewer are nobody's.
    noted_chunks: u64,
    putting: Option<Putting>,
    progress: Progress,
    failed: Option<StoreError>,
}

impl BucketStaged {
    /// Finds what is there.
    pub(in crate::blobs) async fn open(bucket: Bucket, blob: Blob, noted: Progress) -> Result<Self, StoreError> {
        let mut staged = Self {
            bucket,
            blob,
            tree: Tree::default(),
            kept: Vec::new(),
            open_chunk: Vec::new(),
            part: MAGIC.to_vec(),
            tails: Vec::new(),
            noted_chunks: 0,
            putting: None,
            progress: Progress::default(),
            failed: None,
        };
        let found = staged.bucket.objects(&blob.name).await?;
        let whole = found.whole(&blob)?;
        if blob.is_parted() {
            let parts = noted.durable.min(blob.size) / BLOB_PART_BYTES;
            let known = Tree::kept(parts, &noted.values).filter(|_| parts <= whole);
            staged.tree = known.unwrap_or_default();
            staged.kept = staged.tree.values().to_vec();
        }
        let chunks = chunk::count(blob.size);
        while staged.tree.chunks() < chunks && staged.part_number() < whole && staged.take_part().await? {}
        if staged.tree.chunks() < chunks {
            let first = staged.tree.chunks();
            staged.noted_chunks = chunk::whole(noted.durable).saturating_sub(first).min(PART_CHUNKS);
            staged.tails = found.tails(staged.part_number());
            staged.take_tail().await?;
        }
        staged.progress = staged.reached();
        Ok(staged)
    }

    fn part_number(&self) -> u64 {
        self.tree.chunks() / PART_CHUNKS
    }

    fn reached(&self) -> Progress {
        Progress { durable: chunk::offset(self.tree.chunks()).min(self.blob.size), values: self.kept.clone() }
    }

    /// Takes up the next part if it is there and whole.
    async fn take_part(&mut self) -> Result<bool, StoreError> {
        let Some(found) = self.bucket.get(&object(&self.blob.name, self.part_number(), None), None).await? else {
            return Ok(false);
        };
        let first = self.tree.chunks();
        let end = (first + PART_CHUNKS).min(chunk::count(self.blob.size));
        let sealed = body(&self.blob.name, &found)?;
        if sealed.len() != self.blob.sealed_bytes(first..end) {
            return Err(chunk::damaged(&self.blob.name, format!("part {} is cut", self.part_number())));
        }
        for payload in self.bucket.opened(&self.blob, first, sealed) {
            self.add(&payload?);
        }
        Ok(true)
    }

    /// Takes up what was durable of the part that was not whole: the most that opens.
    async fn take_tail(&mut self) -> Result<(), StoreError> {
        let first = self.tree.chunks();
        let mut longest = Vec::new();
        for chunks in self.tails.clone() {
            if longest.len() as u64 >= chunks {
                break;
            }
            let object = object(&self.blob.name, self.part_number(), Some(chunks));
            let Some(found) = self.bucket.get(&object, None).await? else { continue };
            let Ok(sealed) = body(&self.blob.name, &found) else { continue };
            let opened: Vec<_> = self.bucket.opened(&self.blob, first, sealed).map_while(Result::ok).collect();
            if opened.len() > longest.len() {
                longest = opened;
            }
        }
        for payload in longest {
            self.seal(&payload);
        }
        Ok(())
    }

    fn add(&mut self, payload: &[u8]) -> tree::Value {
        let (number, is_parted) = (self.tree.chunks(), self.blob.is_parted());
        let values = tree::values(number, payload);
        self.tree.push(values, is_parted);
        if is_parted && self.tree.chunks().is_multiple_of(PART_CHUNKS) {
            self.kept = self.tree.values().to_vec();
        }
        values.0
    }

    /// Adds a whole chunk to the part.
    fn seal(&mut self, payload: &[u8]) {
        let number = self.tree.chunks();
        let value = self.add(payload);
        let (header, sum) = self.blob.seal(&self.bucket.ring, number, &value);
        let missing = MAGIC.len() + PART_CHUNKS as usize * SEALED_CHUNK_BYTES - self.part.len();
        self.part.reserve_exact(missing.min(self.blob.sealed_bytes(number..chunk::count(self.blob.size))));
        self.part.extend_from_slice(&header);
        self.part.extend_from_slice(payload);
        self.part.extend_from_slice(&sum);
    }

    pub(in crate::blobs) fn offset(&self) -> u64 {
        chunk::offset(self.tree.chunks()).min(self.blob.size) + self.open_chunk.len() as u64
    }

    pub(in crate::blobs) fn known(&self) -> &Progress {
        &self.progress
    }

    /// Of the part that fills.
    fn filled(&self) -> usize {
        self.part.len() - MAGIC.len() + self.open_chunk.len()
    }

    /// A part less a chunk is taken beside one that is on its way.
    pub(in crate::blobs) fn room(&self) -> usize {
        const BESIDE: usize = BLOB_PART_BYTES as usize - CHUNK_BYTES;
        let on_its_way = if self.putting.is_some() { 0 } else { BLOB_PART_BYTES as usize };
        (BESIDE + on_its_way).saturating_sub(self.filled())
    }

    /// Takes bytes, which must not be more than there are to come.
    pub(in crate::blobs) async fn write(&mut self, mut bytes: Bytes) -> Result<(), StoreError> {
        // Before anything is taken: at most one part is on its way.
        if (self.filled() + bytes.len()) as u64 >= BLOB_PART_BYTES && self.putting.is_some() {
            self.put().await?;
        }
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let end = self.offset() + bytes.len() as u64;
        while !bytes.is_empty() {
            let chunk_bytes = self.blob.payload_bytes(self.tree.chunks());
            let taken = bytes.split_to(bytes.len().min(chunk_bytes - self.open_chunk.len()));
            if taken.len() == chunk_bytes {
                self.seal(&taken);
            } else {
                self.open_chunk.extend_from_slice(&taken);
            }
            if self.open_chunk.len() == chunk_bytes {
                let payload = std::mem::take(&mut self.open_chunk);
                self.seal(&payload);
                self.open_chunk = payload;
                self.open_chunk.clear();
            }
            if self.tree.chunks().is_multiple_of(PART_CHUNKS) && self.part.len() > MAGIC.len() {
                self.begin_part().await?;
            }
        }
        debug_assert_eq!(self.offset(), end);
        Ok(())
    }

    /// Sends the part that is full on its way.
    async fn begin_part(&mut self) -> Result<(), StoreError> {
        // Only for bytes of several parts in one call.
        self.put().await?;
        let sealed = Bytes::from(std::mem::replace(&mut self.part, MAGIC.to_vec()));
        let (bucket, name, progress) = (self.bucket.clone(), self.blob.name, self.reached());
        let part = (self.tree.chunks() - 1) / PART_CHUNKS;
        let tails = std::mem::take(&mut self.tails);
        self.noted_chunks = 0;
        let put = async move {
            bucket.create(&name, &object(&name, part, None), sealed).await?;
            for chunks in tails {
                bucket.drop_object(&object(&name, part, Some(chunks))).await?;
            }
            Ok(progress)
        };
        self.putting = Some(put.boxed());
        Ok(())
    }

    /// Waits for the part that is on its way, if one is.
    async fn put(&mut self) -> Result<(), StoreError> {
        let Some(putting) = &mut self.putting else { return Ok(()) };
        let put = putting.await;
        self.putting = None;
        match put {
            Ok(progress) => self.progress = progress,
            Err(error) => {
                self.failed = Some(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Waits until more is durable; drives what is on its way.
    pub(in crate::blobs) async fn progress(&mut self) -> Result<&Progress, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        if self.putting.is_none() {
            return std::future::pending().await;
        }
        self.put().await?;
        Ok(&self.progress)
    }

    /// Makes all whole chunks durable.
    pub(in crate::blobs) async fn suspend(mut self) -> Result<Progress, StoreError> {
        self.put().await?;
        if self.part.len() == MAGIC.len() || self.reached() == self.progress {
            return Ok(self.progress);
        }
        let chunks = self.tree.chunks() % PART_CHUNKS;
        let is_last = self.tree.chunks() == chunk::count(self.blob.size);
        let (name, part) = (self.blob.name, (self.tree.chunks() - 1) / PART_CHUNKS);
        let sealed = Bytes::from(std::mem::take(&mut self.part));
        self.bucket.create(&name, &object(&name, part, (!is_last).then_some(chunks)), sealed).await?;
        // Until it is noted how far this is, somebody reads what was noted before.
        for fewer in self.tails.iter().filter(|fewer| **fewer < self.noted_chunks && **fewer != chunks) {
            self.bucket.drop_object(&object(&name, part, Some(*fewer))).await?;
        }
        Ok(self.reached())
    }

    /// All bytes are there: the last part follows, and the digest is looked at.
    pub(in crate::blobs) async fn finish(mut self, expected: blake3::Hash) -> Result<Finished, StoreError> {
        self.put().await?;
        let digest = self.tree.clone().root();
        if digest != expected {
            return Ok(Finished::Other(digest));
        }
        if self.blob.size == 0 {
            let empty = Bytes::from_static(MAGIC);
            self.bucket.create(&self.blob.name, &object(&self.blob.name, 0, None), empty).await?;
        } else if self.part.len() > MAGIC.len() {
            self.begin_part().await?;
            self.put().await?;
        }
        // Whoever took the blob for given up may have removed parts that were not read here.
        let found = self.bucket.objects(&self.blob.name).await?;
        let whole = found.whole(&self.blob)?;
        if whole < objects::count(&self.blob) {
            let Blob { name, size } = self.blob;
            return Err(StoreError::BlobBounds { name, bytes: whole * BLOB_PART_BYTES, until: size });
        }
        for (part, chunks) in found.all_tails() {
            self.bucket.drop_object(&object(&self.blob.name, part, Some(chunks))).await?;
        }
        let finished = path(&self.blob.name).join(FINISHED);
        self.bucket.create(&self.blob.name, &finished, Bytes::from_static(MAGIC)).await?;
        Ok(Finished::Whole)
    }
}
