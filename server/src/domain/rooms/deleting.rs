//! Deleting a room: by who owns it, and by the server's administrators. A chat of two is nobody's
//! to delete.
//!
//! It is two calls. The room's log is the truth: with its last entry nobody reads anything of the
//! room any more. All that it held follows, in parts: what else knows of a part is told first, then it is
//! erased. So it can be repeated from wherever it stopped, and is, by the sweep.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rill_protocol::{ClientId, RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{
        Change, Fact, FileState, Mentions, NewEntry, Pending, Reach, Reference, Remains, Replay, RoomKind, UserFact,
    },
    port::AppendRefused,
};

use super::{
    Rooms,
    rules::{self, Act},
    tell,
};
use crate::domain::{
    DomainError,
    messages::{absent, refusal, shut},
    removing::Remover,
};

/// Members, files or invitations of one part.
const PART: usize = 200;
/// Of those, told at once.
const AT_ONCE: usize = 32;

impl Rooms {
    /// Deletes a room; what is deleted already is no error. Returns what has to be done then, for
    /// [`Self::deleted`].
    pub async fn delete(&self, remover: &Remover, room: RoomId) -> Result<Option<Pending>, DomainError> {
        let store = &self.world.store;
        let digest = store.digest("delete-room", &[&room.0]);
        let (author, client_id, act, reach) = match remover {
            Remover::Member(user, client_id) => {
                self.must_be_a_group(*user, room).await?;
                (*user, *client_id, Act::Delete, Reach::Seen)
            }
            // The same, whoever of them asks and how often.
            Remover::Administrator(actor) => {
                let mut client_id = ClientId::default();
                client_id.0.copy_from_slice(&digest.0[..16]);
                (actor.id(), client_id, Act::Dissolve, Reach::All)
            }
        };
        let change = Change::Delete { rule: rules::rule(act), reach };
        let at_ms = self.world.clock.now_ms();
        let entry = NewEntry { author, client_id, at_ms, digest, change, mentions: Mentions::default() };
        match store.log.append(room, entry).await? {
            Ok(appended) if appended.replay == Replay::Different => Err(DomainError::KeyReused),
            Ok(appended) => {
                let entry = &appended.entry;
                Ok(Some(Pending { room, seq: entry.seq, user: author, fact: entry.fact, at_ms: entry.at_ms }))
            }
            Err(AppendRefused::Deleted) => Ok(None),
            Err(AppendRefused::NotAMember) => Err(shut(store, author, room).await?),
            Err(refused) => Err(refusal(refused)),
        }
    }

    /// What a room is called that an administrator wants to delete.
    pub async fn to_be_deleted(&self, room: RoomId) -> Result<String, DomainError> {
        let store = &self.world.store;
        match store.rooms.get(room).await? {
            Some(found) if found.kind != RoomKind::Group => Err(DomainError::PrivateChat),
            Some(found) => Ok(found.name),
            None => Err(absent(store, room).await?),
        }
    }

    /// The second call of a deletion.
    pub async fn deleted(&self, due: &Pending) -> Result<(), DomainError> {
        Ok(tell(&self.world.store, due).await?)
    }
}

/// Whether a due call is about a room that is deleted.
pub(in crate::domain) fn is_deletion(due: &Pending) -> bool {
    due.fact == Fact::RoomDeleted
}

/// Erases all that a room held whose log says that it is deleted.
pub(super) async fn erase(store: &Store, due: &Pending) -> Result<(), StoreError> {
    let room = due.room;
    store.directory.withdraw(room).await?;
    while let Some(remains) = store.rooms.remains(room, PART).await? {
        match &remains {
            Remains::Members(users) => own(store, due, users, UserFact::RoomRemoved(room)).await?,
            Remains::Invited(users) => own(store, due, users, UserFact::InvitationGone(room)).await?,
            Remains::Files(files) => files_of(store, room, files).await?,
            Remains::Avatar(picture) => {
                store.contents.release(picture.content, Reference::RoomAvatar(room)).await?;
            }
            Remains::Rows => {}
        }
        store.rooms.erase(room, remains).await?;
    }
    Ok(())
}

/// The own logs of some say so.
async fn own(store: &Store, due: &Pending, users: &[UserId], fact: UserFact) -> Result<(), StoreError> {
    let Pending { room, seq, at_ms, .. } = *due;
    let say = |user: UserId| store.user_log.append(user, (room, seq), fact.clone(), at_ms);
    stream::iter(users.to_vec()).map(say).buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await
}

/// Nothing refers to them from here, and nobody keeps them for it.
async fn files_of(store: &Store, room: RoomId, files: &[(u64, UserId, FileState)]) -> Result<(), StoreError> {
    for (seq, author, state) in files {
        // One that is still on its way ends where it finds no room.
        if let FileState::Complete(complete) = state {
            store.contents.release(complete.content, Reference::Message { room, seq: *seq }).await?;
        }
        store.transfers.forget(*author, room, *seq).await?;
    }
    Ok(())
}
