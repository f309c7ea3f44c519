//! Messages that go, at the wish of a session or of an administrator.

use bytes::Bytes;
use rill_protocol::{
    RoomId, codec,
    message::{Done, RemoveMessage},
};
use rill_storage::model::{Erased, Pending};
use std::sync::Arc;

use super::{Services, Session, dispatch::failed};
use crate::domain::{
    DomainError,
    removing::{self, Remover},
};

impl Services {
    /// Removes a message, and all that lies elsewhere of it, also when whoever asked goes
    /// meanwhile.
    pub async fn remove_message(self: &Arc<Self>, remover: Remover, at: (RoomId, u64)) -> Result<(), DomainError> {
        let services = self.clone();
        let removing = self.tasks.spawn(async move {
            let Some(due) = services.domain.messages.remove(&remover, at).await? else { return Ok(()) };
            services.forget_file(&due).await;
            services.domain.messages.removed(&due).await
        });
        removing.await.unwrap_or_else(|_| Err(DomainError::cut_short()))
    }

    /// The bytes of its file go at once. Where that fails they go with the sweep.
    async fn forget_file(&self, due: &Pending) {
        let (Some(files), Some(seq)) = (&self.files, removing::target(due)) else { return };
        let outcome = async {
            match self.store.log.erased(due.room, seq).await? {
                Some(Erased { author, file: Some(file) }) => files.forget(author, (due.room, seq), &file).await,
                _ => Ok(()),
            }
        };
        if let Err(error) = outcome.await {
            tracing::warn!(%error, "the file of a message that was removed is left for later");
        }
    }
}

pub(super) async fn remove(session: Arc<Session>, body: RemoveMessage) -> Bytes {
    let RemoveMessage { request, client_id, room, seq } = body;
    let remover = Remover::Member(session.identity.user, client_id);
    match session.services.remove_message(remover, (room, seq.get())).await {
        Ok(()) => codec::frame(&Done { request }),
        Err(error) => failed(request, error),
    }
}
