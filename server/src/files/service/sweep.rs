//! What a stop, or a client that never came back, left behind: transfers that are too old or
//! stand between two steps, references that are neither confirmed nor released, blobs that
//! nothing refers to.

use rill_protocol::{Code, TransferId, UserId};
use rill_storage::{
    blobs::{Blob, BlobName, Finished},
    model::{ContentKey, FileState, PendingReference, Reference, SpentBlob, Transfer, TransferState},
    planted::{self, Bug},
    strays,
};
use std::{sync::Arc, time::Duration};

use super::{
    FileError, Files,
    error::kept,
    limits::{
        BUCKET_WALK_EVERY_MS, FINISHING_MS, STRAY_MS, STRAYS_EVERY_MS, SWEEP_AT_ONCE, SWEEP_EVERY_MS, SWEEP_ROUNDS_MAX,
        WALK_EVERY_MS,
    },
    settle::is_for_good,
    sight,
    writers::Writer,
};
use crate::files::render::Renderer;

/// Where the next look goes on: each looks at so many and no more.
#[derive(Default)]
pub struct Cursors {
    transfers: Option<(UserId, TransferId)>,
    contents: Option<ContentKey>,
    strays: Option<BlobName>,
    /// When the next way through the place begins.
    strays_from_ms: u64,
}

impl Files {
    /// Never returns.
    pub async fn keep(self: Arc<Self>) {
        let (mut at, mut until_walk_ms) = (Cursors::default(), 0);
        loop {
            if until_walk_ms == 0 {
                if let Err(error) = self.count().await {
                    tracing::error!(%error, "what the files come to cannot be told");
                }
                until_walk_ms = if self.blobs.is_folder() { WALK_EVERY_MS } else { BUCKET_WALK_EVERY_MS };
            }
            if let Err(error) = self.sweep(&mut at).await {
                tracing::error!(%error, "what is left of files cannot be tidied up");
            }
            tokio::time::sleep(Duration::from_millis(SWEEP_EVERY_MS)).await;
            until_walk_ms = until_walk_ms.saturating_sub(SWEEP_EVERY_MS);
        }
    }

    /// Goes on through what there is to do, to the end or until it was enough for once. What
    /// cannot be done now is left for the next time.
    ///
    /// # Errors
    /// The store cannot be asked what there is.
    pub async fn sweep(&self, at: &mut Cursors) -> Result<(), FileError> {
        for _ in 0..SWEEP_ROUNDS_MAX {
            at.transfers = self.transfers(at.transfers).await?;
            if at.transfers.is_none() {
                break;
            }
        }
        for _ in 0..SWEEP_ROUNDS_MAX {
            at.contents = self.contents(at.contents).await?;
            if at.contents.is_none() {
                break;
            }
        }
        self.strays(at).await
    }

    /// What nobody fills any more, of some of the place: in a bucket each page of it costs, so not
    /// more than a few are looked at, and it is gone through seldom.
    async fn strays(&self, at: &mut Cursors) -> Result<(), FileError> {
        let now_ms = self.clock.now_ms();
        if at.strays.is_none() && now_ms < at.strays_from_ms {
            return Ok(());
        }
        if at.strays.is_none() {
            at.strays_from_ms = now_ms + STRAYS_EVERY_MS;
        }
        let since_ms = now_ms.saturating_sub(STRAY_MS);
        at.strays = strays::sweep(&self.store, &self.blobs, since_ms, at.strays, SWEEP_AT_ONCE).await?.next;
        Ok(())
    }

    /// Counts what the place holds, and what is still to come of the uploads that go on: nothing
    /// if nobody asks.
    ///
    /// # Errors
    /// The store or the place fails.
    pub async fn count(&self) -> Result<(), FileError> {
        if self.rules.kept_bytes_max == u64::MAX {
            return Ok(());
        }
        let mut bytes = self.blobs.used_bytes().await?;
        let mut after = None;
        loop {
            let some = self.store.transfers.expired(u64::MAX, after, SWEEP_AT_ONCE).await?;
            for transfer in some.iter().filter(|transfer| transfer.state.is_under_way()) {
                bytes = bytes.saturating_add(transfer.size.saturating_sub(transfer.progress.durable));
            }
            match some.last() {
                Some(last) if some.len() >= SWEEP_AT_ONCE => after = Some((last.user, last.id)),
                _ => break,
            }
        }
        self.used.found(bytes);
        Ok(())
    }

    /// Transfers that nobody has touched for a while. Those that only wait are left alone, but for
    /// those whose message is gone.
    async fn transfers(&self, after: Option<(UserId, TransferId)>) -> Result<Option<(UserId, TransferId)>, FileError> {
        let now_ms = self.clock.now_ms();
        let (expired_ms, stopped_ms) =
            (now_ms.saturating_sub(self.rules.expire_ms), now_ms.saturating_sub(FINISHING_MS));
        let found = self.store.transfers.expired(stopped_ms, after, SWEEP_AT_ONCE).await?;
        for transfer in &found {
            match transfer.state {
                _ if transfer.touched_ms < expired_ms => tried(self.expired(transfer, expired_ms).await),
                // Nobody goes on with one that only has to be finished.
                TransferState::Finishing { digest } => tried(self.stopped(transfer, digest, stopped_ms).await),
                // Its message may not say so yet.
                TransferState::Failed { .. } => tried(self.failed(transfer, stopped_ms).await),
                TransferState::Open => tried(self.waiting(transfer, stopped_ms).await),
                TransferState::Done => {}
            }
        }
        let last = found.last().filter(|_| found.len() >= SWEEP_AT_ONCE);
        Ok(last.map(|last| (last.user, last.id)))
    }

    /// The transfer as it is now, to be alone with, if still nobody has touched it since then.
    /// Whoever writes it is not waited for; who comes back meanwhile waits, and finds what
    /// became of it.
    async fn alone(&self, found: &Transfer, since_ms: u64) -> Result<Option<(Transfer, Writer)>, FileError> {
        let (user, id) = (found.user, found.id);
        let Some(writer) = self.writers.try_take((user, id)) else { return Ok(None) };
        let row = self.store.transfers.get(user, id).await?;
        Ok(row.filter(|row| row.touched_ms < since_ms).map(|row| (row, writer)))
    }

    /// Whether the message of one that is under way is complete: then so is the transfer.
    pub(super) async fn was_complete(&self, transfer: &Transfer) -> Result<bool, FileError> {
        if let Some((room, seq)) = transfer.message
            && transfer.state.is_under_way()
            && let Some(seen) = sight::unseen(&self.store, room, seq).await?
            && let FileState::Complete(complete) = &seen.file.state
        {
            self.wrap_up(transfer, complete.content).await?;
            return Ok(true);
        }
        Ok(false)
    }

    async fn expired(&self, found: &Transfer, since_ms: u64) -> Result<(), FileError> {
        let (user, id) = (found.user, found.id);
        let Some((transfer, _writer)) = self.alone(found, since_ms).await? else { return Ok(()) };
        let transfer = &transfer;
        self.was_complete(transfer).await?;
        match self.store.transfers.fail(user, id, Code::TransferEnded.number(), Some(since_ms)).await? {
            Some(TransferState::Failed { code, digest }) => {
                self.end_failed(transfer, code, digest).await?;
                self.metrics.files.failed(kept(code));
            }
            Some(TransferState::Done) => drop(self.store.transfers.remove(user, id).await?),
            // Somebody goes on with it.
            Some(TransferState::Open | TransferState::Finishing { .. }) | None => {}
        }
        Ok(())
    }

    /// One that has failed, of which some of the rest was not done.
    async fn failed(&self, found: &Transfer, since_ms: u64) -> Result<(), FileError> {
        let Some((transfer, _writer)) = self.alone(found, since_ms).await? else { return Ok(()) };
        if let TransferState::Failed { code, digest } = transfer.state {
            self.end_failed(&transfer, code, digest).await?;
        }
        Ok(())
    }

    /// Ends one whose message is gone: its client need not come back to hear of it. Returns whether
    /// that was so.
    async fn aimless(&self, transfer: &Transfer) -> Result<bool, FileError> {
        let Some(message) = transfer.message else { return Ok(false) };
        let Some(why) = self.gone(message).await? else { return Ok(false) };
        drop(self.give_up(transfer, why.into()).await);
        Ok(true)
    }

    /// One whose bytes are still to come.
    async fn waiting(&self, found: &Transfer, since_ms: u64) -> Result<(), FileError> {
        if let Some((transfer, _writer)) = self.alone(found, since_ms).await? {
            self.aimless(&transfer).await?;
        }
        Ok(())
    }

    /// One that was to be finished, and was not.
    async fn stopped(&self, found: &Transfer, digest: [u8; 32], since_ms: u64) -> Result<(), FileError> {
        let Some((transfer, _writer)) = self.alone(found, since_ms).await? else { return Ok(()) };
        let transfer = &transfer;
        let is_to_finish = transfer.state == TransferState::Finishing { digest };
        if !is_to_finish || self.was_complete(transfer).await? || self.aimless(transfer).await? {
            return Ok(());
        }
        let Some((room, seq)) = transfer.message else { return Ok(()) };
        let Some(head) = self.store.log.head(room).await? else { return Ok(()) };
        let at = (head.epoch, seq);
        let blob = Blob { name: transfer.blob, size: transfer.size };
        let finished = async {
            let staged = self.blobs.stage(blob, &transfer.progress).await?;
            if staged.offset() < blob.size {
                // Its client may come back with the rest, until its time is over.
                return Ok(());
            }
            match staged.finish(blake3::Hash::from_bytes(digest)).await? {
                Finished::Whole => self.complete(transfer, at, digest).await.map(drop),
                Finished::Other(_) => Err(FileError::DigestWrong),
            }
        };
        match finished.await {
            // Nobody is told to wait for what never comes.
            Err(why) if is_for_good(&why) => {
                tracing::warn!(%why, "a file that was to be finished has failed");
                self.fail(transfer, why.code()).await?;
                self.metrics.files.failed(why.code());
                Ok(())
            }
            outcome => outcome,
        }
    }

    async fn contents(&self, after: Option<ContentKey>) -> Result<Option<ContentKey>, FileError> {
        let due = self.store.contents.due(self.clock.now_ms(), after, SWEEP_AT_ONCE).await?;
        for pending in due.pending {
            tried(self.due(pending).await);
        }
        for spent in due.spent {
            tried(self.collect(&spent).await);
        }
        Ok(due.next)
    }

    /// A reference whose message was to become true by now: by the message it is confirmed or
    /// released. Of one that is still on its way neither is sure.
    async fn due(&self, pending: PendingReference) -> Result<(), FileError> {
        let PendingReference { content, reference, .. } = pending;
        let Reference::Message { room, seq } = reference else { return self.due_picture(pending).await };
        let seen = sight::unseen(&self.store, room, seq).await?;
        let is_of = |state: &FileState| matches!(state, FileState::Complete(complete) if complete.content == content);
        let is_true = match &seen {
            None => false,
            Some(seen) => match &seen.file.state {
                FileState::Complete(_) | FileState::Failed { .. } => is_of(&seen.file.state),
                FileState::Pending => {
                    let transfer = self.store.transfers.get(seen.author, seen.file.transfer).await?;
                    let code = match transfer.map(|transfer| transfer.state) {
                        Some(state) if state.is_under_way() => return Ok(()),
                        Some(TransferState::Failed { code, .. }) => code,
                        _ => Code::TransferEnded.number(),
                    };
                    // It may have become complete between the two looks: what was said first is so.
                    let settled = self.settle(seen.author, (room, seq), FileState::Failed { code }).await?;
                    settled.is_some_and(|file| is_of(&file.state))
                }
            },
        };
        let contents = &self.store.contents;
        if is_true {
            contents.confirm(content, reference).await?
        } else {
            contents.release(content, reference).await?
        };
        Ok(())
    }

    /// Removes a blob, and before it all that may have been made of it.
    pub(super) async fn remove(&self, blob: BlobName) -> Result<(), FileError> {
        for made in Renderer::possible_blobs(blob) {
            self.blobs.remove(&made).await?;
        }
        Ok(self.blobs.remove(&blob).await?)
    }

    /// Removes a blob that nothing refers to.
    pub(super) async fn collect(&self, spent: &SpentBlob) -> Result<(), FileError> {
        if !planted::is(Bug::CollectedBeforeGone) {
            self.remove(spent.blob).await?;
        }
        self.store.contents.collected(spent.content, spent.blob, self.clock.now_ms()).await?;
        if planted::is(Bug::CollectedBeforeGone) {
            self.remove(spent.blob).await?;
        }
        Ok(())
    }
}

/// What fails is done another time, and holds up nothing else.
fn tried(outcome: Result<(), FileError>) {
    match outcome {
        Ok(()) | Err(FileError::Ended(_) | FileError::Taken) => {}
        Err(error) => tracing::warn!(%error, "something of a file is left as it is for now"),
    }
}
