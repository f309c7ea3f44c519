//! Messages and rooms that go, at the wish of a session or of an administrator, and what administrators are
//! told of.

use bytes::Bytes;
use rill_protocol::{
    RoomId, codec,
    message::{DeleteRoom, Done, RemoveMessage, Report},
};
use rill_storage::model::{Act, Erased, Pending};
use std::sync::Arc;

use super::{Services, Session, dispatch::failed};
use crate::domain::{
    DomainError,
    accounts::Actor,
    audit::Draft,
    removing::{self, Remover},
    reports::Complaint,
};

impl Services {
    /// Removes a message for an administrator of the server, which is written down.
    pub async fn moderate(self: &Arc<Self>, actor: Actor, at: (RoomId, u64)) -> Result<(), DomainError> {
        // What is no message is no act.
        let user = self.domain.messages.author_of(at).await?;
        let (act, user, message) = (Act::MessageRemoved, Some(user), Some(at));
        let draft = Draft { act, user, message, room: None, detail: String::new() };
        let removing = self.remove_message(Remover::Administrator(actor.clone()), at);
        self.domain.audit.noted(&actor, draft, removing).await
    }

    /// Removes a message, and all that lies elsewhere of it, also when whoever asked goes
    /// meanwhile.
    pub async fn remove_message(self: &Arc<Self>, remover: Remover, at: (RoomId, u64)) -> Result<(), DomainError> {
        let services = self.clone();
        let removing = self.tasks.spawn(async move {
            let Some(due) = services.domain.messages.remove(&remover, at).await? else { return Ok(()) };
            services.forget_file(&due).await;
            if let Err(error) = services.domain.messages.removed(&due).await {
                tracing::warn!(%error, "what is left of a message that was removed is left for later");
            }
            Ok(())
        });
        removing.await.unwrap_or_else(|_| Err(DomainError::cut_short()))
    }

    /// Deletes a room for an administrator of the server, which is written down with what it was
    /// called.
    pub async fn delete_room_as(self: &Arc<Self>, actor: Actor, room: RoomId) -> Result<(), DomainError> {
        let detail = self.domain.rooms.to_be_deleted(room).await?;
        let draft = Draft { act: Act::RoomDeleted, user: None, message: None, room: Some(room), detail };
        let deleting = self.delete_room(Remover::Administrator(actor.clone()), room);
        self.domain.audit.noted(&actor, draft, deleting).await
    }

    /// Deletes a room. With that nobody reads it; all that it held is erased afterwards, for that
    /// may take long, also when whoever asked goes meanwhile.
    pub async fn delete_room(self: &Arc<Self>, remover: Remover, room: RoomId) -> Result<(), DomainError> {
        let services = self.clone();
        let deleting = self.tasks.spawn(async move {
            let Some(due) = services.domain.rooms.delete(&remover, room).await? else { return Ok(()) };
            let erasing = services.clone();
            services.tasks.spawn(async move {
                if let Err(error) = erasing.domain.rooms.deleted(&due).await {
                    tracing::warn!(%error, "what a deleted room held is left for later");
                }
            });
            Ok(())
        });
        deleting.await.unwrap_or_else(|_| Err(DomainError::cut_short()))
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

pub(super) async fn delete(session: Arc<Session>, body: DeleteRoom) -> Bytes {
    let DeleteRoom { request, client_id, room } = body;
    let remover = Remover::Member(session.identity.user, client_id);
    match session.services.delete_room(remover, room).await {
        Ok(()) => codec::frame(&Done { request }),
        Err(error) => failed(request, error),
    }
}

pub(super) async fn report(session: Arc<Session>, body: Report) -> Bytes {
    let Report { request, client_id, user, message, reason } = body;
    let message = message.map(|message| (message.room, message.seq.get()));
    let complaint = Complaint { user, message, reason: &reason };
    match session.services.domain.reports.report(session.identity.user, client_id, &complaint).await {
        Ok(()) => codec::frame(&Done { request }),
        Err(error) => failed(request, error),
    }
}
