//! Removing messages: by who wrote them, who runs the room, and the server's administrators.
//!
//! It is two calls. The room's log is the truth: with its entry nobody reads the message any
//! more. What lies elsewhere follows, can be repeated, and is, by the sweep: the bytes of its
//! file, and parts of the log that are sealed.

use rill_protocol::{ClientId, RoomId, UserId, limits};
use rill_storage::{
    Store, StoreError,
    model::{Anchor, Body, Change, Erased, Fact, FileState, Mentions, NewEntry, Pending, Reach, Reference, Replay},
    port::AppendRefused,
};

use super::{
    DomainError,
    accounts::Actor,
    mentions,
    messages::{Messages, absent, refusal, shut},
    rooms::{
        self,
        rules::{self, Act},
    },
};

/// Who wants a message, or a room, to be gone.
#[derive(Clone, Debug)]
pub enum Remover {
    /// Under a client id of theirs.
    Member(UserId, ClientId),
    /// Of the server.
    Administrator(Actor),
}

impl Messages {
    /// Removes a message; what is removed already is no error. Returns what has to be done then,
    /// for [`Self::removed`].
    pub async fn remove(&self, remover: &Remover, (room, seq): (RoomId, u64)) -> Result<Option<Pending>, DomainError> {
        let store = &self.world.store;
        let digest = store.digest("remove-message", &[&seq.to_le_bytes()]);
        let (author, client_id, act, reach) = match remover {
            Remover::Member(user, client_id) => (*user, *client_id, Act::Erase, Reach::Seen),
            Remover::Administrator(actor) => {
                // The same of the same message, whoever of them asks and how often.
                let mut client_id = ClientId::default();
                let once = store.digest("remove-message-administrator", &[&room.0, &seq.to_le_bytes()]);
                client_id.0.copy_from_slice(&once.0[..16]);
                (actor.id(), client_id, Act::Moderate, Reach::All)
            }
        };
        let named = self.named_by(room, seq).await?;
        let change = Change::Remove { target: seq, named, rule: rules::rule(act), reach };
        let at_ms = self.world.clock.now_ms();
        let entry = NewEntry { author, client_id, at_ms, digest, change, mentions: Mentions::default() };
        match store.log.append(room, entry).await? {
            Ok(appended) if appended.replay == Replay::Different => Err(DomainError::KeyReused),
            Ok(appended) => {
                let entry = &appended.entry;
                Ok(Some(Pending { room, seq: entry.seq, user: author, fact: entry.fact, at_ms: entry.at_ms }))
            }
            Err(AppendRefused::Unchanged) => Ok(None),
            Err(AppendRefused::NotAMember) => Err(shut(store, author, room).await?),
            Err(refused) => Err(refusal(refused)),
        }
    }

    /// Who wrote a message.
    pub async fn author_of(&self, (room, seq): (RoomId, u64)) -> Result<UserId, DomainError> {
        let page = self.world.store.log.messages(room, Anchor::Before(seq.saturating_add(1)), 1, 0).await?;
        let Some(page) = page else { return Err(absent(&self.world.store, room).await?) };
        let found = page.messages.into_iter().find(|message| message.seq == seq && message.fact.is_post());
        Ok(found.ok_or(DomainError::NoSuchMessage)?.author)
    }

    /// The second call of a removal.
    pub async fn removed(&self, due: &Pending) -> Result<(), DomainError> {
        Ok(rooms::tell(&self.world.store, due).await?)
    }

    /// All whom a message may name.
    async fn named_by(&self, room: RoomId, seq: u64) -> Result<Vec<UserId>, DomainError> {
        let anchor = Anchor::Before(seq.saturating_add(1));
        let page = self.world.store.log.messages(room, anchor, 1, limits::TEXT_BYTES_MAX).await?;
        let Some(page) = page else { return Err(absent(&self.world.store, room).await?) };
        match page.messages.into_iter().find(|message| message.seq == seq).map(|message| message.body) {
            Some(Body::Text(text)) => mentions::perhaps(&self.world, &text).await,
            _ => Ok(Vec::new()),
        }
    }
}

/// What lies elsewhere of a message that its log says is removed.
pub(super) async fn forget(store: &Store, room: RoomId, seq: u64) -> Result<(), StoreError> {
    let Some(Erased { author, file }) = store.log.erased(room, seq).await? else { return Ok(()) };
    if let Some(file) = file {
        // One that is still on its way ends where it finds no message.
        if let FileState::Complete(complete) = &file.state {
            store.contents.release(complete.content, Reference::Message { room, seq }).await?;
        }
        store.transfers.forget(author, room, seq).await?;
    }
    store.log.scrub(room, seq).await
}

/// The message that a due call is about, if it is about one that was removed.
pub fn target(due: &Pending) -> Option<u64> {
    match due.fact {
        Fact::Deleted { target } => Some(target),
        _ => None,
    }
}
