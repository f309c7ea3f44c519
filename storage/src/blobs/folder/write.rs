//! Writing a blob into its file: chunks are hashed, sealed and written by one piece of
//! blocking work at a time, while the next ones gather; a sync is another, beside it. So
//! whoever receives waits only when the disk is behind by more than is gathered.

use bytes::Bytes;
use std::{
    collections::VecDeque,
    fs::File,
    future::pending,
    io::{self, IoSlice, Write as _},
    sync::Arc,
};
use tokio::{
    sync::oneshot,
    task::{JoinError, JoinHandle},
};

use super::{
    Folder,
    recover::{self, Found},
};
#[cfg(feature = "simulation")]
use crate::blobs::held;
use crate::{
    StoreError,
    blobs::{
        Blob, Finished, Progress,
        blocking::{self, failed, gone},
        chunk::{self, CHUNK_BYTES},
        space,
        tree::{self, PART_CHUNKS, Tree},
    },
    limits::{STAGED_BATCH_BYTES_MAX, STAGED_BATCH_BYTES_MIN, STAGED_SYNC_BYTES},
    platform,
    record::KeyRing,
};

/// Bytes as they came, with the edges of chunks between them where they need be.
#[derive(Default)]
struct Gathered {
    pieces: VecDeque<Bytes>,
    bytes: usize,
}

impl Gathered {
    fn push(&mut self, bytes: Bytes) {
        self.bytes += bytes.len();
        self.pieces.push_back(bytes);
    }

    /// The first bytes in one piece: copied only if they came in several.
    fn take(&mut self, length: usize) -> Bytes {
        self.bytes -= length;
        match self.pieces.front_mut() {
            Some(front) if front.len() > length => return front.split_to(length),
            Some(front) if front.len() == length => return self.pieces.pop_front().unwrap_or_default(),
            _ => {}
        }
        let mut whole = Vec::with_capacity(length);
        while whole.len() < length
            && let Some(front) = self.pieces.front_mut()
        {
            let taken = front.split_to(front.len().min(length - whole.len()));
            whole.extend_from_slice(&taken);
            if front.is_empty() {
                self.pieces.pop_front();
            }
        }
        whole.into()
    }
}

/// The file and what is known of its content: with the piece of work that runs, or at rest.
struct Writing {
    folder: Folder,
    ring: Arc<KeyRing>,
    blob: Blob,
    file: Arc<File>,
    tree: Tree,
    kept: Vec<tree::Value>,
    is_published: bool,
}

type Synced = Result<Progress, StoreError>;
type Job = JoinHandle<(Box<Writing>, Result<(), StoreError>)>;

enum State {
    Resting(Box<Writing>),
    Working(Job),
    Failed(StoreError),
}

/// See the module.
pub(in crate::blobs) struct FolderStaged {
    blob: Blob,
    state: State,
    gathered: Gathered,
    /// What was given to pieces of work, up to where.
    given: u64,
    /// What was given when the last sync was begun.
    synced: u64,
    is_sync_due: bool,
    syncing: Option<oneshot::Receiver<Synced>>,
    progress: Progress,
}

impl Writing {
    fn progress(&self) -> Progress {
        Progress { durable: chunk::offset(self.tree.chunks()).min(self.blob.size), values: self.kept.clone() }
    }

    /// Hashes, seals and writes chunks; none of them counts if that fails.
    fn write(&mut self, payloads: &[Bytes]) -> Result<(), StoreError> {
        #[cfg(feature = "simulation")]
        held::wait(self.folder.root());
        space::must_hold(self.folder.root(), payloads.iter().map(Bytes::len).sum::<usize>() as u64)?;
        let first = self.tree.chunks();
        let is_parted = self.blob.is_parted();
        let (mut tree, mut kept) = (self.tree.clone(), None);
        let mut frames = Vec::with_capacity(payloads.len());
        for (number, payload) in (first..).zip(payloads) {
            let values = tree::values(number, payload);
            frames.push(self.blob.seal(&self.ring, number, &values.0));
            tree.push(values, is_parted);
            if is_parted && tree.chunks().is_multiple_of(PART_CHUNKS) {
                kept = Some(tree.values().to_vec());
            }
        }
        let slices = frames.iter().zip(payloads);
        let mut slices: Vec<_> = slices
            .flat_map(|((header, sum), payload)| [IoSlice::new(header), IoSlice::new(payload), IoSlice::new(sum)])
            .collect();
        if let Err(error) = write_all(&self.file, &mut slices) {
            // What is behind the last whole chunk is cut off at the next start in any case.
            let _ = self.file.set_len(recover::end(&self.blob, first));
            return Err(failed("written", &error));
        }
        self.tree = tree;
        self.kept = kept.unwrap_or(std::mem::take(&mut self.kept));
        Ok(())
    }

    fn finish(self, expected: &blake3::Hash, durable: u64) -> Result<Finished, StoreError> {
        let digest = self.tree.root();
        if digest != *expected {
            return Ok(Finished::Other(digest));
        }
        if self.is_published {
            // Its name may not be durable yet.
            let (shelf, _) = self.folder.finished(&self.blob.name);
            platform::sync_directory(&shelf).map_err(|error| failed("put into its place", &error))?;
            return Ok(Finished::Whole);
        }
        let durable_bytes = recover::end(&self.blob, chunk::count(durable));
        self.folder.sync(&self.file, durable_bytes).map_err(|error| failed("synced", &error))?;
        self.folder.publish(&self.blob)?;
        Ok(Finished::Whole)
    }
}

fn write_all(mut file: &File, mut slices: &mut [IoSlice<'_>]) -> io::Result<()> {
    while !slices.is_empty() {
        match file.write_vectored(slices) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => IoSlice::advance_slices(&mut slices, written),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

impl FolderStaged {
    pub(in crate::blobs) async fn open(
        folder: Folder,
        ring: Arc<KeyRing>,
        blob: Blob,
        noted: Progress,
    ) -> Result<Self, StoreError> {
        let writing = blocking::run(move || {
            let Found { file, tree, kept, is_published } = recover::find(&folder, &ring, &blob, &noted)?;
            Ok(Writing { folder, ring, blob, file: Arc::new(file), tree, kept, is_published })
        });
        let writing = writing.await?;
        let progress = writing.progress();
        let at = progress.durable;
        Ok(Self {
            blob,
            state: State::Resting(Box::new(writing)),
            gathered: Gathered::default(),
            given: at,
            synced: at,
            is_sync_due: false,
            syncing: None,
            progress,
        })
    }

    pub(in crate::blobs) fn offset(&self) -> u64 {
        self.given + self.gathered.bytes as u64
    }

    pub(in crate::blobs) fn known(&self) -> &Progress {
        &self.progress
    }

    pub(in crate::blobs) fn room(&self) -> usize {
        STAGED_BATCH_BYTES_MAX.saturating_sub(self.gathered.bytes)
    }

    /// Takes bytes, which must not be more than there are to come.
    pub(in crate::blobs) async fn write(&mut self, bytes: Bytes) -> Result<(), StoreError> {
        while self.gathered.bytes >= STAGED_BATCH_BYTES_MAX {
            self.rest().await?;
            self.begin(false);
        }
        self.gathered.push(bytes);
        let is_idle = match &self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Resting(_) => true,
            State::Working(job) => job.is_finished(),
        };
        if is_idle && self.gathered.bytes >= STAGED_BATCH_BYTES_MIN {
            self.rest().await?;
            self.begin(false);
        }
        Ok(())
    }

    /// Waits until no piece of work runs. What it wrote is known then.
    async fn rest(&mut self) -> Result<(), StoreError> {
        if let State::Working(job) = &mut self.state {
            let ended = job.await;
            self.take(ended);
        }
        match &self.state {
            State::Failed(error) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    fn take(&mut self, ended: Result<(Box<Writing>, Result<(), StoreError>), JoinError>) {
        self.state = match ended {
            Ok((writing, Ok(()))) => State::Resting(writing),
            Ok((_, Err(error))) => State::Failed(error),
            Err(error) => State::Failed(gone(&error)),
        };
    }

    /// Begins a piece of work with the chunks that are whole, if one is at rest, and a sync
    /// behind it if one is due. The last chunk is whole when all bytes are there.
    fn begin(&mut self, is_sync_asked: bool) {
        self.is_sync_due |= is_sync_asked;
        let end = self.offset();
        let whole = if end == self.blob.size { end } else { chunk::offset(chunk::whole(end)) };
        self.is_sync_due |= whole - self.synced >= STAGED_SYNC_BYTES;
        let is_sync_due = self.is_sync_due && self.syncing.is_none() && whole > self.synced;
        let mut writing = match std::mem::replace(&mut self.state, State::Failed(StoreError::Closed)) {
            State::Resting(writing) if whole > self.given || is_sync_due => writing,
            other => {
                self.state = other;
                return;
            }
        };
        let mut payloads = Vec::new();
        while self.given < whole {
            let length = (whole - self.given).min(CHUNK_BYTES as u64);
            payloads.push(self.gathered.take(length as usize));
            self.given += length;
        }
        let syncing = is_sync_due.then(|| {
            let (synced, syncing) = oneshot::channel();
            self.syncing = Some(syncing);
            (self.synced, self.is_sync_due) = (self.given, false);
            synced
        });
        let durable = self.progress.durable;
        self.state = State::Working(blocking::start(move || {
            let written = writing.write(&payloads);
            drop(payloads);
            if let Some(synced) = syncing {
                match &written {
                    Ok(()) => sync(&writing, durable, synced),
                    Err(error) => drop(synced.send(Err(error.clone()))),
                }
            }
            (writing, written)
        }));
    }

    /// Asks for all whole chunks to be made durable; [`Self::progress`] tells when.
    pub(in crate::blobs) fn sync(&mut self) {
        self.begin(true);
    }

    /// Waits for the sync that is under way, if one is. Cancel safe.
    async fn synced(&mut self) -> Result<(), StoreError> {
        let Some(syncing) = &mut self.syncing else { return Ok(()) };
        let synced = syncing.await.unwrap_or(Err(StoreError::Closed));
        self.take_synced(synced)
    }

    fn take_synced(&mut self, synced: Synced) -> Result<(), StoreError> {
        self.syncing = None;
        match synced {
            Ok(progress) => self.progress = progress,
            Err(error) => {
                self.state = State::Failed(error.clone());
                return Err(error);
            }
        }
        Ok(())
    }

    /// Waits until more is durable.
    pub(in crate::blobs) async fn progress(&mut self) -> Result<&Progress, StoreError> {
        loop {
            if self.syncing.is_some() {
                self.synced().await?;
                // One that was asked for meanwhile.
                if self.is_sync_due && matches!(self.state, State::Resting(_)) {
                    self.begin(false);
                }
                return Ok(&self.progress);
            }
            match &self.state {
                State::Failed(error) => return Err(error.clone()),
                State::Working(_) => {
                    self.rest().await?;
                    self.begin(false);
                }
                State::Resting(_) => return pending().await,
            }
        }
    }

    /// Waits until a piece of work or a sync is done.
    pub(in crate::blobs) async fn moved(&mut self) -> Result<(), StoreError> {
        let Self { state, syncing, .. } = self;
        let working = async {
            match state {
                State::Working(job) => Ok(job.await),
                State::Failed(error) => Err(error.clone()),
                State::Resting(_) => pending().await,
            }
        };
        let syncing = async {
            match syncing {
                Some(syncing) => syncing.await.unwrap_or(Err(StoreError::Closed)),
                None => pending().await,
            }
        };
        tokio::select! {
            biased;
            synced = syncing => self.take_synced(synced)?,
            worked = working => self.take(worked?),
        }
        match &self.state {
            State::Failed(error) => return Err(error.clone()),
            State::Resting(_) => self.begin(false),
            State::Working(_) => {}
        }
        Ok(())
    }

    /// Makes all whole chunks durable and lets go of the file.
    pub(in crate::blobs) async fn suspend(mut self) -> Result<Progress, StoreError> {
        loop {
            self.rest().await?;
            self.begin(true);
            if self.syncing.is_some() {
                self.progress().await?;
            } else if matches!(self.state, State::Resting(_)) {
                return Ok(self.progress);
            }
        }
    }

    /// All bytes are there: puts the blob into its place if its digest is that.
    pub(in crate::blobs) async fn finish(mut self, expected: blake3::Hash) -> Result<Finished, StoreError> {
        while self.given < self.blob.size || matches!(self.state, State::Working(_)) {
            self.rest().await?;
            self.begin(false);
        }
        // If it fails, so did a part of what the next one would be asked for.
        self.synced().await?;
        let durable = self.progress.durable;
        match self.state {
            State::Resting(writing) => blocking::run(move || writing.finish(&expected, durable)).await,
            State::Failed(error) => Err(error),
            State::Working(_) => Err(StoreError::Closed),
        }
    }
}

/// Syncs what is written so far, beside the writing of more.
fn sync(writing: &Writing, durable: u64, synced: oneshot::Sender<Synced>) {
    let (file, progress) = (Arc::clone(&writing.file), writing.progress());
    let (folder, durable_bytes) = (writing.folder.clone(), recover::end(&writing.blob, chunk::count(durable)));
    // Whoever waits for it may be gone.
    drop(blocking::start(move || {
        let outcome = folder.sync(&file, durable_bytes).map_err(|error| failed("synced", &error));
        drop(synced.send(outcome.map(|()| progress)));
    }));
}
