//! Beginning an upload, or going on with one. What is refused is refused here, before a byte
//! was sent. Every step can be repeated: a client that heard no answer asks again.

use rill_protocol::{ClientId, Epoch, RoomId, TransferId, UserId};
use rill_storage::{
    blobs::{Blob, BlobName},
    model::{
        Appended, AttachedFile, Body, Change, Fact, FileState, Mentions, NewEntry, NewTransfer, Target, Transfer,
        TransferState, Voice,
    },
    port::TransferRefused,
};
use std::sync::Arc;

use super::{FileError, Files, Settled, Upload, error, places::Place, sight, writers::Writer};
use crate::{
    domain::{DomainError, messages},
    files::FileName,
};

/// What somebody says of a file that they send.
#[derive(Clone, Debug)]
pub struct NewUpload {
    pub transfer: TransferId,
    pub room: RoomId,
    pub client_id: ClientId,
    pub name: String,
    pub media_type: String,
    pub size: u64,
    pub text: String,
    /// Whom that names.
    pub mentions: Mentions,
    pub voice: Option<Voice>,
    /// Of its bytes, where it is known ahead.
    pub digest: Option<[u8; 32]>,
}

/// How an upload begins.
pub enum Begun {
    /// Bytes are wanted.
    Going(Box<Upload>),
    /// All is done.
    Settled(Settled),
}

impl Files {
    /// Begins an upload, or goes on with the one of this id; who did so before stops.
    ///
    /// # Errors
    /// It is refused, or has failed before.
    pub async fn begin(self: &Arc<Self>, user: UserId, new: NewUpload) -> Result<Begun, FileError> {
        let writer = self.writers.take((user, new.transfer)).await?;
        let found = self.store.transfers.get(user, new.transfer).await?;
        // Before anybody is told of it: a message that waits for a place would wait in the open.
        let place = match &found {
            Some(transfer) if transfer.message.is_some() => None,
            _ => Some(self.places.take(user)?),
        };
        let (transfer, is_new) = match found {
            Some(transfer) => (transfer, false),
            None => (self.enter(user, &new).await?, true),
        };
        let Target::Message { room, client_id } = transfer.target else {
            return Err(DomainError::KeyReused.into());
        };
        // The rest may be said in other words by another device, and is not heard again.
        if (room, transfer.size) != (new.room, new.size) {
            return Err(DomainError::KeyReused.into());
        }
        // Whichever is said now: who began it may have stopped between the message and the note of
        // which one that is, and under another there would be a second, and that one pending for good.
        let new = NewUpload { client_id, ..new };
        if let TransferState::Failed { code, digest } = transfer.state {
            return Err(self.end_failed(&transfer, code, digest).await?);
        }
        let (transfer, epoch) = match transfer.message {
            Some(_) => {
                let head = self.store.log.head(room).await?.ok_or(DomainError::NoSuchRoom)?;
                if self.store.rooms.is_deleted(room).await? {
                    return Err(self.give_up(&transfer, DomainError::RoomDeleted.into()).await);
                }
                (transfer, head.epoch)
            }
            None => self.announce(transfer, &new, is_new).await?,
        };
        self.go_on(transfer, epoch, new.digest, (writer, place)).await
    }

    /// Checks all that can be checked, and notes the transfer.
    async fn enter(&self, user: UserId, new: &NewUpload) -> Result<Transfer, FileError> {
        self.rules.check(new)?;
        messages::member(&self.store, user, new.room).await?;
        self.used.must_hold(new.size, self.rules.kept_bytes_max)?;
        self.blobs.must_hold(new.size)?;
        let transfer = NewTransfer {
            user,
            id: new.transfer,
            blob: BlobName(self.store.digest("blob", &[&self.entropy.bytes::<32>()]).0),
            target: Target::Message { room: new.room, client_id: new.client_id },
            name: FileName::from_declared(&new.name).as_str().to_owned(),
            size: new.size,
            media_type: new.media_type.clone(),
            at_ms: self.clock.now_ms(),
        };
        let begun = self.store.transfers.begin(transfer, self.rules.of_user).await?;
        begun.map_err(|refused| match refused {
            TransferRefused::Different => DomainError::KeyReused.into(),
            TransferRefused::TooMany => FileError::TooManyTransfers,
            TransferRefused::TooManyBytes | TransferRefused::QuotaExceeded => FileError::QuotaExceeded,
            TransferRefused::TooLong => FileError::BadName { max: 255, media_type_max: 127 },
        })
    }

    /// Posts the message that the file fills, and notes which one that is.
    async fn announce(
        &self,
        mut transfer: Transfer,
        new: &NewUpload,
        is_new: bool,
    ) -> Result<(Transfer, Epoch), FileError> {
        // Where the store could not be asked, it may be written all the same: the row stays.
        let (epoch, seq) = match self.post(&transfer, new).await? {
            Ok(place) => place,
            // Nobody has heard of it, and nothing was written.
            Err(refused) if is_new => {
                self.store.transfers.remove(transfer.user, transfer.id).await?;
                return Err(refused.into());
            }
            Err(refused) => return Err(self.ended_by(&transfer, refused.into()).await),
        };
        let message = (new.room, seq);
        transfer.message = Some(message);
        if !self.store.transfers.announce(transfer.user, transfer.id, message, self.clock.now_ms()).await? {
            return Err(self.why_ended(&transfer).await?);
        }
        self.used.add(transfer.size);
        Ok((transfer, epoch))
    }

    /// Where it stands, or why the log does not take it.
    async fn post(&self, transfer: &Transfer, new: &NewUpload) -> Result<Result<(Epoch, u64), DomainError>, FileError> {
        let file = AttachedFile {
            transfer: transfer.id,
            name: transfer.name.clone(),
            size: transfer.size,
            voice: new.voice.clone(),
            state: FileState::Pending,
        };
        let digest = self.store.digest("file", &[&transfer.id.0, new.text.as_bytes()]);
        let entry = NewEntry {
            author: transfer.user,
            client_id: new.client_id,
            at_ms: self.clock.now_ms(),
            digest,
            change: Change::File { text: new.text.as_str().into(), file: Arc::new(file) },
            mentions: new.mentions.clone(),
        };
        let Appended { epoch, entry, .. } = match self.store.log.append(new.room, entry).await? {
            Ok(appended) => appended,
            Err(refused) => return Ok(Err(messages::refusal(refused))),
        };
        // Said before, perhaps in other words; or something else under this client id.
        Ok(match &entry.file {
            Some(file) if file.transfer == transfer.id && entry.target_seq() == entry.seq => Ok((epoch, entry.seq)),
            // Of what was removed nothing is known, but that this client id has brought a file.
            None if entry.fact == Fact::File && entry.body == Body::Erased => Err(DomainError::MessageRemoved),
            _ => Err(DomainError::KeyReused),
        })
    }

    /// Of a transfer that has its message.
    async fn go_on(
        self: &Arc<Self>,
        mut transfer: Transfer,
        epoch: Epoch,
        digest: Option<[u8; 32]>,
        (writer, place): (Writer, Option<Place>),
    ) -> Result<Begun, FileError> {
        let Some((room, seq)) = transfer.message else { return Err(FileError::NoSuchFile) };
        let Some(sight::Seen { file, .. }) = sight::unseen(&self.store, room, seq).await? else {
            let why = self.gone((room, seq)).await?.map_or(FileError::NoSuchFile, FileError::from);
            return Err(self.give_up(&transfer, why).await);
        };
        match &file.state {
            FileState::Pending => {}
            FileState::Complete(complete) => {
                self.wrap_up(&transfer, complete.content).await?;
                return Ok(Begun::Settled(Settled { epoch, seq, file }));
            }
            FileState::Failed { code } => return Err(self.fail(&transfer, error::kept(*code)).await?),
        }
        if let Err(error) = messages::member(&self.store, transfer.user, room).await {
            return Err(self.ended_by(&transfer, error.into()).await);
        }
        // However long it was left alone, from here on no sweep takes it for forgotten; and who
        // writes it at another server is told.
        match self.store.transfers.take(transfer.user, transfer.id, self.clock.now_ms()).await? {
            Some(writer) => transfer.writer = writer,
            // Another server has just ended it: who asks again hears how.
            None => return Err(DomainError::Busy.into()),
        }
        if let Some(digest) = digest.filter(|_| transfer.state == TransferState::Open)
            && let Some(settled) = self.instant(&transfer, epoch, digest).await?
        {
            return Ok(Begun::Settled(settled));
        }
        let place = match place {
            Some(place) => place,
            None => self.places.take(transfer.user)?,
        };
        let blob = Blob { name: transfer.blob, size: transfer.size };
        let staged = match self.blobs.stage(blob, &transfer.progress).await {
            Ok(staged) => staged,
            Err(error) => return Err(self.ended_by(&transfer, error.into()).await),
        };
        let upload = Upload::new(self.clone(), transfer, (epoch, seq), staged, writer, place);
        match upload.finishing() {
            // It was stopped behind its last byte.
            Some(digest) if upload.offset() == upload.size() => upload.finish(digest).await.map(Begun::Settled),
            _ => Ok(Begun::Going(Box::new(upload))),
        }
    }
}
