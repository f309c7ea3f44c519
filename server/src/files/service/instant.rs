//! A file of which no byte needs to travel, because its sender may read the same bytes already.
//! Whether others may is nobody's to find out: to them it is as if it were not there.

use rill_protocol::UserId;
use rill_storage::model::{ContentKey, FileState, Reference, Transfer};
use std::time::Duration;
use tokio::time::{Instant, sleep_until, timeout_at};

use super::{
    FileError, Files, Settled,
    error::kept,
    limits::{CLAIM_MS, INSTANT_LOOK_MS, INSTANT_REFERENCES_MAX},
    sight,
};

impl Files {
    /// Settles a transfer's message at once, if that may be.
    pub(super) async fn instant(
        &self,
        transfer: &Transfer,
        epoch: rill_protocol::Epoch,
        digest: [u8; 32],
    ) -> Result<Option<Settled>, FileError> {
        let Some(message) = transfer.message else { return Ok(None) };
        let key = self.content_key(&digest, transfer.size);
        let answer_at = Instant::now() + Duration::from_millis(INSTANT_LOOK_MS);
        let look = timeout_at(answer_at, self.may_read(transfer.user, key)).await;
        if !matches!(look, Ok(Ok(true))) {
            // Nobody learns by how long it takes how much there was to look at.
            sleep_until(answer_at).await;
            return Ok(None);
        }
        let (room, seq) = message;
        let until_ms = self.clock.now_ms() + CLAIM_MS;
        let reference = Reference::Message { room, seq };
        let Some(content) = self.store.contents.refer(key, reference, until_ms).await? else { return Ok(None) };
        match self.refer(transfer, message, epoch, &content).await {
            // Its own bytes may be better.
            Err(FileError::Damaged(_)) => Ok(None),
            Err(error) => Err(error),
            Ok(Ok(settled)) => {
                self.wrap_up(transfer, key).await?;
                self.metrics.files.ended("instant");
                Ok(Some(settled))
            }
            Ok(Err(code)) => Err(self.fail(transfer, kept(code.number())).await?),
        }
    }

    async fn may_read(&self, user: UserId, key: ContentKey) -> Result<bool, FileError> {
        for reference in self.store.contents.references(key, INSTANT_REFERENCES_MAX).await? {
            let Reference::Message { room, seq } = reference else { continue };
            match sight::seen(&self.store, user, room, seq).await {
                Ok(seen) => {
                    if matches!(&seen.file.state, FileState::Complete(complete) if complete.content == key) {
                        return Ok(true);
                    }
                }
                Err(FileError::NoSuchFile) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }
}
