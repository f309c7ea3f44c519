//! Reading from a blob's file: a batch of chunks at a time, one ahead of who takes them.

use bytes::Bytes;
use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    ops::Range,
    sync::Arc,
};
use tokio::task::JoinHandle;

use super::Folder;
use crate::{
    StoreError,
    blobs::{
        Blob,
        blocking::{self, failed, gone},
        chunk::{self, CHUNK_BYTES},
    },
    limits::BLOB_READ_BYTES,
    record::KeyRing,
};

type Read = (File, Result<Vec<Bytes>, StoreError>);

/// See the module. Its payloads are those of whole chunks.
pub(in crate::blobs) struct FolderStream {
    blob: Blob,
    ring: Arc<KeyRing>,
    /// Those that no piece of work has taken yet.
    chunks: Range<u64>,
    reading: Option<JoinHandle<Read>>,
}

impl FolderStream {
    /// Opens the file, so that one that is missing is known at once.
    pub(in crate::blobs) async fn open(
        folder: Folder,
        ring: Arc<KeyRing>,
        blob: Blob,
        chunks: Range<u64>,
    ) -> Result<Self, StoreError> {
        let file = blocking::run(move || folder.open(&blob.name)).await?;
        let mut stream = Self { blob, ring, chunks, reading: None };
        stream.begin(file);
        Ok(stream)
    }

    fn begin(&mut self, mut file: File) {
        let end = (self.chunks.start + (BLOB_READ_BYTES / CHUNK_BYTES) as u64).min(self.chunks.end);
        let batch = self.chunks.start..end;
        if batch.is_empty() {
            return;
        }
        self.chunks.start = end;
        let (blob, ring) = (self.blob, Arc::clone(&self.ring));
        self.reading = Some(blocking::start(move || {
            let payloads = read(&mut file, &ring, &blob, batch);
            (file, payloads)
        }));
    }

    /// The payloads of the next chunks; none at the end. Cancel safe.
    pub(in crate::blobs) async fn next(&mut self) -> Result<Vec<Bytes>, StoreError> {
        let Some(reading) = &mut self.reading else { return Ok(Vec::new()) };
        let (file, payloads) = reading.await.map_err(|error| gone(&error))?;
        self.reading = None;
        if payloads.is_ok() {
            self.begin(file);
        }
        payloads
    }
}

fn read(file: &mut File, ring: &KeyRing, blob: &Blob, chunks: Range<u64>) -> Result<Vec<Bytes>, StoreError> {
    let mut sealed = vec![0; blob.sealed_bytes(chunks.clone())];
    let read = file.seek(SeekFrom::Start(chunk::place(chunks.start))).and_then(|_| file.read_exact(&mut sealed));
    read.map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => chunk::damaged(&blob.name, "it is shorter than it was"),
        _ => failed("read", &error),
    })?;
    let mut sealed = Bytes::from(sealed);
    let take = |number| blob.open(ring, number, &sealed.split_to(blob.sealed_bytes(number..number + 1)));
    chunks.map(take).map(|opened| opened.map(|(payload, _)| payload)).collect()
}
