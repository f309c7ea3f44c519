//! An upload while bytes come in.

use bytes::Bytes;
use rill_protocol::Epoch;
use rill_storage::{
    blobs::{Finished, Progress, Staged},
    model::{Target, Transfer, TransferState},
    port::Advanced,
};
use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tokio::time::{Instant, sleep, sleep_until};

use super::{
    FileError, Files, Settled,
    limits::{PROGRESS_EVERY_MS, TAKEN_EVERY_MS},
    places::Place,
    writers::Writer,
};
use crate::{
    domain::{DomainError, messages},
    metrics::Counted,
};

const PROGRESS_EVERY: Duration = Duration::from_millis(PROGRESS_EVERY_MS);
const TAKEN_EVERY: Duration = Duration::from_millis(TAKEN_EVERY_MS);

/// What is let go of together: nobody else may write before the blob is at rest.
struct Held {
    staged: Staged,
    writer: Writer,
    /// Let go of before the writer: who goes on with it needs one too.
    among: (Place, Counted),
}

/// See the module. However it ends, what has come stays, unless it is finished or given up:
/// dropping it makes that durable beside everything else.
pub struct Upload {
    files: Arc<Files>,
    transfer: Transfer,
    /// Of the message, in its room's log.
    place: (Epoch, u64),
    /// Absent once it has ended.
    held: Option<Held>,
    /// So many bytes the store knows of.
    noted: Arc<AtomicU64>,
    note_at: Instant,
    sync_at: Instant,
}

impl Upload {
    pub(super) fn new(
        files: Arc<Files>,
        transfer: Transfer,
        place: (Epoch, u64),
        staged: Staged,
        writer: Writer,
        among: Place,
    ) -> Self {
        let (noted, now) = (Arc::new(transfer.progress.durable.into()), Instant::now());
        let counted = files.metrics.files.upload();
        let held = Some(Held { staged, writer, among: (among, counted) });
        Self { files, transfer, place, held, noted, note_at: now, sync_at: now + PROGRESS_EVERY }
    }

    /// Where its message stands.
    pub fn message(&self) -> (Epoch, u64) {
        self.place
    }

    /// Bytes that the file will have.
    pub fn size(&self) -> u64 {
        self.transfer.size
    }

    /// Where the next byte belongs.
    pub fn offset(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.staged.offset())
    }

    /// So many bytes are safely there.
    pub fn durable(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.staged.known().durable)
    }

    /// The digest that it was to be finished with before.
    pub(super) fn finishing(&self) -> Option<[u8; 32]> {
        match self.transfer.state {
            TransferState::Finishing { digest } => Some(digest),
            _ => None,
        }
    }

    /// Resolves when another stream goes on with it, here or at another server.
    pub fn taken(&self) -> impl Future<Output = ()> + Send + use<> {
        let here = self.held.as_ref().map(|held| held.writer.taken());
        let elsewhere = taken_elsewhere(self.files.clone(), self.transfer.clone());
        async move {
            let Some(here) = here else { return std::future::pending().await };
            tokio::select! {
                biased;
                () = here => {}
                () = elsewhere => {}
            }
        }
    }

    fn held(&mut self) -> Result<&mut Held, FileError> {
        self.held.as_mut().ok_or(FileError::Taken)
    }

    /// Takes the next bytes. Waits only if they are more than there is [`Self::room`] for.
    ///
    /// # Errors
    /// They are more than the file has, or cannot be written.
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), FileError> {
        let declared = self.size();
        if self.offset().saturating_add(bytes.len() as u64) > declared {
            return Err(FileError::SizeWrong { declared });
        }
        let length = bytes.len();
        self.held()?.staged.write(bytes).await?;
        self.files.metrics.files.received(length);
        Ok(())
    }

    /// So many bytes are taken at once, however slow the disk is.
    pub fn room(&self) -> u64 {
        self.held.as_ref().map_or(0, |held| held.staged.room() as u64)
    }

    /// Waits until more is durable or there is more room. Whoever writes waits for this beside
    /// what comes in. Cancel safe.
    ///
    /// # Errors
    /// It cannot be written.
    pub async fn moved(&mut self) -> Result<(), FileError> {
        loop {
            let sync_at = self.sync_at;
            let staged = &mut self.held()?.staged;
            tokio::select! {
                biased;
                moved = staged.moved() => return Ok(moved?),
                // A slow sender's bytes too are safe soon.
                () = sleep_until(sync_at) => {
                    staged.sync();
                    self.sync_at = Instant::now() + PROGRESS_EVERY;
                }
            }
        }
    }

    /// When [`Self::noting`] has something to note, if nothing more comes.
    pub fn noting_at(&self) -> Option<Instant> {
        (self.durable() != self.noted.load(Ordering::Relaxed)).then_some(self.note_at)
    }

    /// What notes now and then how far it is, and that it lives, if that is due. It goes on beside
    /// what comes in.
    ///
    /// # Errors
    /// It was ended from elsewhere.
    pub fn noting(&mut self) -> Option<impl Future<Output = Result<(), FileError>> + Send + use<>> {
        self.noting_at().filter(|at| *at <= Instant::now())?;
        let progress = self.held.as_ref()?.staged.known().clone();
        self.note_at = Instant::now() + PROGRESS_EVERY;
        let (files, transfer, noted) = (self.files.clone(), self.transfer.clone(), self.noted.clone());
        Some(async move {
            let durable = progress.durable;
            files.note(&transfer, progress).await?;
            noted.store(durable, Ordering::Relaxed);
            Ok(())
        })
    }

    /// Every byte was sent: puts the file into its place, and settles its message.
    ///
    /// # Errors
    /// The size or the digest is another, whereupon it has failed; or the store does.
    pub async fn finish(mut self, digest: [u8; 32]) -> Result<Settled, FileError> {
        let (files, declared) = (self.files.clone(), self.size());
        if self.offset() < declared {
            return Err(self.give_up(FileError::SizeWrong { declared }).await);
        }
        let Target::Message { room, .. } = self.transfer.target else { return Err(FileError::NoSuchFile) };
        // Who has left says nothing there any more, with a file neither.
        if let Err(error) = messages::member(&files.store, self.transfer.user, room).await {
            let is_refused =
                matches!(error, DomainError::NotAMember | DomainError::NoSuchRoom | DomainError::RoomDeleted);
            return Err(if is_refused { self.give_up(error.into()).await } else { error.into() });
        }
        let (user, id) = (self.transfer.user, self.transfer.id);
        match files.store.transfers.finish(user, id, digest, files.clock.now_ms()).await? {
            Some(TransferState::Finishing { digest: expected }) if expected == digest => {}
            Some(TransferState::Finishing { .. }) => return Err(self.give_up(FileError::DigestWrong).await),
            // Another server went on with it meanwhile, and has come to its end.
            Some(TransferState::Done) => {
                let settled = files.completed(&self.transfer, self.place.0).await?;
                return match settled {
                    Some(settled) => Ok(settled),
                    None => Err(files.why_ended(&self.transfer).await?),
                };
            }
            _ => return Err(files.why_ended(&self.transfer).await?),
        }
        let Some(held) = self.held.take() else { return Err(FileError::Taken) };
        let Held { staged, writer, among } = held;
        let finished = staged.finish(blake3::Hash::from_bytes(digest)).await;
        let settled = match finished {
            Ok(Finished::Whole) => files.complete(&self.transfer, self.place, digest).await,
            Ok(Finished::Other(_)) => Err(FileError::DigestWrong),
            Err(error) => Err(error.into()),
        };
        let settled = match settled {
            Err(error) => match files.completed(&self.transfer, self.place.0).await {
                Ok(Some(settled)) => Ok(settled),
                _ => Err(files.ended_by(&self.transfer, error).await),
            },
            settled => settled,
        };
        drop((among, writer));
        settled
    }

    /// It will not come to its end: drops what has come, and settles its message as failed.
    /// Returns why, or why not even that could be done.
    pub async fn give_up(mut self, why: FileError) -> FileError {
        let Some(Held { staged, writer, .. }) = self.held.take() else { return why };
        drop(staged);
        let why = self.files.give_up(&self.transfer, why).await;
        drop(writer);
        why
    }

    /// Stops for now: what has come is durable when this returns.
    ///
    /// # Errors
    /// It cannot be made so.
    pub async fn suspend(mut self) -> Result<(), FileError> {
        let Some(held) = self.held.take() else { return Ok(()) };
        suspend(&self.files, &self.transfer, held, &self.noted).await
    }
}

/// Who goes on with it at another server says so in the store, and waits until the one here has
/// let go of the blob. Nothing may come here meanwhile: so it is asked now and then.
async fn taken_elsewhere(files: Arc<Files>, transfer: Transfer) {
    loop {
        sleep(TAKEN_EVERY).await;
        // What cannot be told now is asked again.
        if let Ok(Some(row)) = files.store.transfers.get(transfer.user, transfer.id).await
            && row.writer != transfer.writer
        {
            return;
        }
    }
}

async fn suspend(files: &Files, transfer: &Transfer, held: Held, noted: &AtomicU64) -> Result<(), FileError> {
    let Held { staged, writer, among } = held;
    files.metrics.files.ended("suspended");
    let progress = staged.suspend().await?;
    let kept =
        if progress.durable == noted.load(Ordering::Relaxed) { Ok(()) } else { files.note(transfer, progress).await };
    if matches!(&kept, Err(why) if matches!(why, FileError::Ended(_)) || why.ends_transfer()) {
        // Somebody has given it up, and has removed the blob perhaps before the last of this.
        let row = files.store.transfers.get(transfer.user, transfer.id).await?;
        if row.is_some_and(|row| matches!(row.state, TransferState::Failed { digest: None, .. })) {
            files.remove(transfer.blob).await?;
        }
    }
    drop((among, writer));
    kept
}

impl Drop for Upload {
    fn drop(&mut self) {
        let Some(held) = self.held.take() else { return };
        let (files, transfer, noted) = (self.files.clone(), self.transfer.clone(), self.noted.clone());
        let tasks = files.tasks.clone();
        tasks.spawn(async move {
            if let Err(error) = suspend(&files, &transfer, held, &noted).await {
                tracing::debug!(%error, "an upload that was cut off cannot be kept as it is");
            }
        });
    }
}

impl Files {
    pub(super) async fn note(&self, transfer: &Transfer, progress: Progress) -> Result<(), FileError> {
        let (user, id) = (transfer.user, transfer.id);
        match self.store.transfers.advance(user, id, transfer.writer, progress, self.clock.now_ms()).await? {
            // Who sends to a room that is deleted hears so.
            Advanced::Noted => match transfer.target {
                Target::Message { room, .. } if self.store.rooms.is_deleted(room).await? => {
                    Err(DomainError::RoomDeleted.into())
                }
                _ => Ok(()),
            },
            Advanced::Taken => Err(FileError::Taken),
            Advanced::Ended => Err(self.why_ended(transfer).await?),
        }
    }
}
