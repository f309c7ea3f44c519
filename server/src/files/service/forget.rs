//! What becomes of a file whose message is gone.

use rill_protocol::{Code, RoomId, UserId};
use rill_storage::model::{AttachedFile, FileState, Reference, SpentBlob};

use super::{FileError, Files};

impl Files {
    /// A message is gone, which had this file at that moment: the file's bytes go too, unless
    /// something else refers to them, and its author keeps them no more. The log says first that
    /// it is gone, so that nobody completes it or reads it any more; after a stop this is done
    /// again, which is harmless.
    ///
    /// # Errors
    /// The store or the place fails.
    pub async fn forget(
        &self,
        author: UserId,
        (room, seq): (RoomId, u64),
        file: &AttachedFile,
    ) -> Result<(), FileError> {
        match &file.state {
            FileState::Pending => {
                if let Some(transfer) = self.store.transfers.get(author, file.transfer).await? {
                    self.fail(&transfer, Code::MessageRemoved).await?;
                }
            }
            FileState::Complete(complete) => {
                let (contents, content) = (&self.store.contents, complete.content);
                let held = contents.get(content).await?;
                contents.release(content, Reference::Message { room, seq }).await?;
                let holds = contents.get(content).await?.map(|content| content.blob);
                if let Some(blob) = held.map(|held| held.blob).filter(|blob| holds != Some(*blob)) {
                    // Nobody has to wait for the sweep.
                    self.collect(&SpentBlob { content, blob, facts: Vec::new() }).await?;
                }
            }
            FileState::Failed { .. } => {}
        }
        self.store.transfers.forget(author, room, seq).await?;
        Ok(())
    }
}
