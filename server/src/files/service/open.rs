//! Reading the file of a message.

use rill_protocol::{RoomId, UserId, message::FileVariant};
use rill_storage::{
    StoreError,
    blobs::Blob,
    model::{CompleteFile, FileState, Transfer},
};

use super::{FileError, Files, Readable, previewable::is_previewable, readable::Shown, sight};
use crate::files::{
    FileName, HEAD_BYTES, MediaType,
    render::{Facts, Variant},
};

impl Files {
    /// What somebody may read of the file of a message. While it is on its way that is what
    /// is safely there, as a plain file; but nothing of what pages show, before it was checked.
    ///
    /// # Errors
    /// There is no such file or it is not theirs to see, it is not ready, or it is damaged.
    pub async fn open(
        &self,
        user: UserId,
        room: RoomId,
        seq: u64,
        variant: FileVariant,
    ) -> Result<Readable, FileError> {
        let sight::Seen { author, file } = sight::seen(&self.store, user, room, seq).await?;
        let name = FileName::from_declared(&file.name);
        let shown = match &file.state {
            FileState::Failed { .. } => return Err(FileError::NoSuchFile),
            FileState::Complete(complete) => match self.of_complete(complete, variant, name).await {
                Err(damaged @ FileError::Damaged(_)) => {
                    // Bytes go with their message: then that is why.
                    sight::seen(&self.store, user, room, seq).await?;
                    return Err(damaged);
                }
                shown => shown?,
            },
            FileState::Pending => {
                let transfer = self.store.transfers.get(author, file.transfer).await?;
                let transfer = transfer.filter(|_| variant == FileVariant::Original).ok_or(FileError::NotReady)?;
                self.of_pending(&transfer, name).await?
            }
        };
        Ok(Readable::new(self, (user, room, seq), (file.transfer, variant), shown))
    }

    async fn of_complete(
        &self,
        complete: &CompleteFile,
        variant: FileVariant,
        name: FileName,
    ) -> Result<Shown, FileError> {
        let content = self.store.contents.get(complete.content).await?.ok_or_else(|| {
            let why = format!("a content of {} bytes that a message names is not stored", complete.size);
            FileError::Damaged(StoreError::Blobs(why))
        })?;
        let facts = Facts::decode(&content.facts).map_err(FileError::facts)?;
        let sent = Blob { name: content.blob, size: content.size };
        let Variant { blob, media_type } = facts.variant(sent, variant).ok_or(FileError::NoSuchFile)?;
        // Others have sent these bytes as something else perhaps, which is not to be told here.
        let is_as_sent = variant == FileVariant::Original && facts.image.is_none();
        let media_type = if is_as_sent { MediaType::from_content_type(&complete.media_type) } else { media_type };
        Ok(Shown { blob, available: blob.size, media_type, name: facts.name(&name), is_complete: true })
    }

    async fn of_pending(&self, transfer: &Transfer, name: FileName) -> Result<Shown, FileError> {
        let blob = Blob { name: transfer.blob, size: transfer.size };
        let available = transfer.progress.durable.min(blob.size);
        let head_bytes = (HEAD_BYTES as u64).min(blob.size);
        if !transfer.state.is_under_way() || available < head_bytes || available == 0 {
            return Err(FileError::NotReady);
        }
        let head = match self.head(blob, available, head_bytes).await {
            // It has just ended.
            Err(StoreError::BlobMissing { .. }) => return Err(FileError::NotReady),
            head => head?,
        };
        if is_previewable(&name, &transfer.media_type, &head) {
            return Err(FileError::NotReady);
        }
        Ok(Shown { blob, available, media_type: MediaType::Unknown, name, is_complete: false })
    }

    async fn head(&self, blob: Blob, available: u64, bytes: u64) -> Result<Vec<u8>, StoreError> {
        let mut stream = self.blobs.read(blob, available, 0..bytes).await?;
        let mut head = Vec::new();
        while let Some(piece) = stream.next().await? {
            head.extend_from_slice(&piece);
        }
        Ok(head)
    }
}
