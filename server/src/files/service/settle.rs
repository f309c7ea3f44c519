//! What becomes of an upload. The order of a finished one: its blob is whole; what others get
//! is made of it; the content is claimed, with a reference that is pending; the room's log says
//! that the file is complete; the reference is confirmed; the transfer is done. Of one that has
//! failed: the transfer says so; its blob goes; the room's log says so. Each step can be
//! repeated, and whoever finds one missing, a client or the sweep, goes on from there.

use rill_protocol::{ClientId, Code, Epoch, RoomId, UserId};
use rill_storage::{
    StoreError,
    blobs::Blob,
    model::{
        AttachedFile, Change, CompleteFile, Content, ContentKey, FileState, Image, Mentions, NewEntry, Offer,
        Reference, SpentBlob, Target, Transfer, TransferState,
    },
    port::{AppendRefused, Claimed},
};
use std::sync::Arc;

use super::{FileError, Files, error::kept, limits::CLAIM_MS, sight};
use crate::{
    domain::{DomainError, messages},
    files::{FileName, render::Facts},
};

/// A file that is complete, and its message.
#[derive(Clone, Debug)]
pub struct Settled {
    pub epoch: Epoch,
    pub seq: u64,
    pub file: Arc<AttachedFile>,
}

/// Whether a transfer that this has happened to will never come to its end.
pub(super) fn is_for_good(why: &FileError) -> bool {
    let is_out = matches!(why, FileError::Domain(DomainError::NotAMember | DomainError::NoSuchRoom));
    is_out || why.ends_transfer()
}

impl Files {
    /// Says nothing of the bytes to who has not the store's secret.
    pub(super) fn content_key(&self, digest: &[u8; 32], size: u64) -> ContentKey {
        ContentKey(self.store.digest("content", &[digest, &size.to_le_bytes()]).0)
    }

    /// Of a blob that is whole: all the rest.
    pub(super) async fn complete(
        &self,
        transfer: &Transfer,
        (epoch, seq): (Epoch, u64),
        digest: [u8; 32],
    ) -> Result<Settled, FileError> {
        let Target::Message { room, .. } = transfer.target else { return Err(FileError::NoSuchFile) };
        let blob = Blob { name: transfer.blob, size: transfer.size };
        let key = self.content_key(&digest, blob.size);
        let facts = self.facts(transfer, blob, key).await?;
        let offer = Offer { blob: blob.name, size: blob.size, facts };
        let (reference, now_ms) = (Reference::Message { room, seq }, self.clock.now_ms());
        let (content, is_ours) =
            match self.store.contents.claim(key, offer, reference, now_ms + CLAIM_MS, now_ms).await? {
                Claimed::Ours(content) => (content, true),
                Claimed::Theirs(content) => (content, false),
                // It was given up before, by somebody who found it too late.
                Claimed::Spent => return Err(self.fail(transfer, Code::TransferEnded).await?),
            };
        match self.refer(transfer, (room, seq), epoch, &content).await? {
            Ok(settled) => {
                self.store.transfers.done(transfer.user, transfer.id, self.clock.now_ms()).await?;
                if !is_ours {
                    self.used.gone(transfer.size);
                }
                self.metrics.files.ended("done");
                Ok(settled)
            }
            Err(code) => Err(self.fail(transfer, code).await?),
        }
    }

    /// What others get of a blob that is whole, made unless it was: what was claimed with it says
    /// what lies there, and is true for as long as it does. That another blob holds the same bytes
    /// changes nothing: by how long it takes nobody learns what is stored.
    async fn facts(&self, transfer: &Transfer, blob: Blob, key: ContentKey) -> Result<Vec<u8>, FileError> {
        if let Some(claimed) = self.store.contents.get(key).await?.filter(|content| content.blob == blob.name) {
            return Ok(claimed.facts);
        }
        let name = FileName::from_declared(&transfer.name);
        Ok(self.renderer.render(blob, &name, &transfer.media_type).await?.encode())
    }

    /// A transfer whose message was completed by somebody else meanwhile: that, and the rest.
    pub(super) async fn completed(&self, transfer: &Transfer, epoch: Epoch) -> Result<Option<Settled>, FileError> {
        let Some((room, seq)) = transfer.message else { return Ok(None) };
        let Some(sight::Seen { file, .. }) = sight::unseen(&self.store, room, seq).await? else { return Ok(None) };
        let FileState::Complete(complete) = &file.state else { return Ok(None) };
        self.wrap_up(transfer, complete.content).await?;
        Ok(Some(Settled { epoch, seq, file }))
    }

    /// Lets a message have a content on which it has a pending reference; or says with which
    /// code it has failed before.
    pub(super) async fn refer(
        &self,
        transfer: &Transfer,
        (room, seq): (RoomId, u64),
        epoch: Epoch,
        content: &Content,
    ) -> Result<Result<Settled, Code>, FileError> {
        let reference = Reference::Message { room, seq };
        let complete = self.complete_file(transfer, content).await?;
        let file = self.settle(transfer.user, (room, seq), FileState::Complete(complete)).await?;
        match file.as_ref().map(|file| &file.state) {
            Some(FileState::Complete(complete)) if complete.content == content.key => {
                self.store.contents.confirm(content.key, reference).await?;
                Ok(file.map(|file| Settled { epoch, seq, file }).ok_or(Code::NoSuchFile))
            }
            Some(FileState::Failed { code }) => {
                self.store.contents.release(content.key, reference).await?;
                Ok(Err(kept(*code)))
            }
            _ => {
                self.store.contents.release(content.key, reference).await?;
                let why = self.gone((room, seq)).await?.map_or(FileError::NoSuchFile, FileError::from);
                Ok(Err(why.code()))
            }
        }
    }

    /// Says in the room's log what became of a file; returns what it says now, which is what
    /// was said first.
    pub(super) async fn settle(
        &self,
        author: UserId,
        (room, seq): (RoomId, u64),
        state: FileState,
    ) -> Result<Option<Arc<AttachedFile>>, FileError> {
        let once = self.store.digest("file settled", &[&author.0, &room.0, &seq.to_le_bytes()]);
        let mut client_id = ClientId::default();
        client_id.0.copy_from_slice(&once.0[..16]);
        let entry = NewEntry {
            author,
            client_id,
            at_ms: self.clock.now_ms(),
            digest: once,
            change: Change::SettleFile { target: seq, state },
            mentions: Mentions::default(),
        };
        match self.store.log.append(room, entry).await? {
            Ok(appended) => Ok(appended.entry.file.clone()),
            Err(AppendRefused::Unchanged) => Ok(sight::unseen(&self.store, room, seq)
                .await?
                .filter(|seen| seen.author == author)
                .map(|seen| seen.file)),
            Err(AppendRefused::NoSuchRoom | AppendRefused::Deleted) => Ok(None),
            Err(refused) => Err(messages::refusal(refused).into()),
        }
    }

    /// Of a transfer whose message is complete already: the rest.
    pub(super) async fn wrap_up(&self, transfer: &Transfer, content: ContentKey) -> Result<(), FileError> {
        let (user, id) = (transfer.user, transfer.id);
        if let Some((room, seq)) = transfer.message {
            self.store.contents.confirm(content, Reference::Message { room, seq }).await?;
        }
        // The row decides, not what was read of it a while ago: one that is finishing with a digest
        // of its own may have claimed its blob. No bytes have this one, so nobody claims with it.
        match self.store.transfers.finish(user, id, content.0, self.clock.now_ms()).await? {
            Some(TransferState::Finishing { digest }) if digest == content.0 => {
                // Its bytes came from elsewhere.
                self.remove(transfer.blob).await?;
                self.used.gone(transfer.size);
            }
            // It may be whole, and who was to claim it may have stopped before: then nobody does.
            Some(TransferState::Finishing { digest }) => self.spend(transfer, &digest).await?,
            _ => {}
        }
        self.store.transfers.done(user, id, self.clock.now_ms()).await?;
        Ok(())
    }

    /// Lets go of a blob that was finishing, unless it is a content's.
    async fn spend(&self, transfer: &Transfer, digest: &[u8; 32]) -> Result<(), FileError> {
        let content = self.content_key(digest, transfer.size);
        let offer = Offer { blob: transfer.blob, size: transfer.size, facts: Vec::new() };
        if self.store.contents.spend(content, offer).await? {
            // Nobody has to wait for the sweep to have the room again.
            self.collect(&SpentBlob { content, blob: transfer.blob, facts: Vec::new() }).await?;
        }
        Ok(())
    }

    /// As [`Self::fail`], for one who says why; returns that, or why it could not be done.
    pub(super) async fn give_up(&self, transfer: &Transfer, why: FileError) -> FileError {
        match self.fail(transfer, why.code()).await {
            Ok(_) => {
                self.metrics.files.failed(why.code());
                why
            }
            Err(failed) => failed,
        }
    }

    /// Gives a transfer up if this is why it will never come to its end; returns what is to be
    /// answered.
    pub(super) async fn ended_by(&self, transfer: &Transfer, why: FileError) -> FileError {
        if is_for_good(&why) { self.give_up(transfer, why).await } else { why }
    }

    /// Why the message of a file is there no more, if somebody has removed it, or its room.
    pub(super) async fn gone(&self, (room, seq): (RoomId, u64)) -> Result<Option<DomainError>, FileError> {
        if self.store.log.erased(room, seq).await?.is_some() {
            return Ok(Some(DomainError::MessageRemoved));
        }
        Ok(self.store.rooms.is_deleted(room).await?.then_some(DomainError::RoomDeleted))
    }

    /// Why a transfer is not under way any more, for who still sends it.
    pub(super) async fn why_ended(&self, transfer: &Transfer) -> Result<FileError, FileError> {
        if let Some(message) = transfer.message
            && let Some(gone) = self.gone(message).await?
        {
            return Ok(gone.into());
        }
        let row = self.store.transfers.get(transfer.user, transfer.id).await?;
        Ok(FileError::Ended(match row.map(|row| row.state) {
            Some(TransferState::Failed { code, .. }) => kept(code),
            _ => Code::TransferEnded,
        }))
    }

    /// Ends a transfer that will not come to its end; returns what is to be answered.
    pub(super) async fn fail(&self, transfer: &Transfer, code: Code) -> Result<FileError, FileError> {
        // Who completed its message may have stopped before the rest: then its user keeps the bytes.
        if self.was_complete(transfer).await? {
            return Ok(FileError::Ended(Code::TransferEnded));
        }
        match self.store.transfers.fail(transfer.user, transfer.id, code.number(), None).await? {
            Some(TransferState::Failed { code, digest }) => self.end_failed(transfer, code, digest).await,
            _ => Ok(FileError::Ended(Code::TransferEnded)),
        }
    }

    /// Of a transfer that says that it has failed: the rest. It is remembered by its message.
    pub(super) async fn end_failed(
        &self,
        transfer: &Transfer,
        code: u32,
        digest: Option<[u8; 32]>,
    ) -> Result<FileError, FileError> {
        match digest {
            None => self.remove(transfer.blob).await?,
            Some(digest) => self.spend(transfer, &digest).await?,
        }
        if let Some(message) = self.message_of(transfer).await? {
            self.settle(transfer.user, message, FileState::Failed { code }).await?;
        }
        // Once, whoever else is at it.
        if self.store.transfers.remove(transfer.user, transfer.id).await? && transfer.message.is_some() {
            self.used.gone(transfer.size);
        }
        Ok(FileError::Ended(kept(code)))
    }

    /// The message of a transfer. It may have been posted and not be noted: then its client id
    /// tells, under which nothing new can be made in this way.
    async fn message_of(&self, transfer: &Transfer) -> Result<Option<(RoomId, u64)>, FileError> {
        if transfer.message.is_some() {
            return Ok(transfer.message);
        }
        let Target::Message { room, client_id } = transfer.target else { return Ok(None) };
        let nothing = Change::SettleFile { target: 0, state: FileState::Failed { code: 0 } };
        let entry = NewEntry {
            author: transfer.user,
            client_id,
            at_ms: self.clock.now_ms(),
            digest: self.store.digest("file sought", &[&transfer.id.0]),
            change: nothing,
            mentions: Mentions::default(),
        };
        let is_of = |file: &AttachedFile| file.transfer == transfer.id;
        match self.store.log.append(room, entry).await? {
            Ok(found) => Ok(found.entry.file.as_deref().is_some_and(is_of).then_some((room, found.entry.seq))),
            Err(AppendRefused::Unchanged | AppendRefused::NoSuchRoom | AppendRefused::Deleted) => Ok(None),
            Err(AppendRefused::TooManyKeys | AppendRefused::KeysMixed) => Err(DomainError::Busy.into()),
            // What says what became of a file is refused for nothing else.
            Err(_) => Ok(None),
        }
    }

    /// What members get of a content, as its sender calls it.
    async fn complete_file(&self, transfer: &Transfer, content: &Content) -> Result<CompleteFile, FileError> {
        let facts = Facts::decode(&content.facts).map_err(FileError::facts)?;
        let name = FileName::from_declared(&transfer.name);
        let read = async |blob| {
            let blob = Blob { name: blob, size: content.size };
            self.renderer.media_type(&facts, blob, &name, &transfer.media_type).await
        };
        let media_type = match read(content.blob).await {
            // What has just come begins alike, and is whole.
            Err(StoreError::BlobMissing { .. } | StoreError::BlobDamaged { .. }) if content.blob != transfer.blob => {
                read(transfer.blob).await?
            }
            found => found?,
        };
        let image = facts.image.map(|image| Image {
            width: image.width,
            height: image.height,
            animated: image.animated,
            blur_hash: image.blur_hash,
        });
        let media_type = media_type.content_type().to_owned();
        Ok(CompleteFile { content: content.key, size: facts.size, media_type, image })
    }
}
