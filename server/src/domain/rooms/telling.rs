//! What follows a change of a room: the own log of whom it is about, and the list of rooms. All
//! of it can be repeated, and is, by the sweep, where a crash or a full queue came between.

use rill_protocol::{RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{Access, Fact, Pending, RoomKind, UserFact, UserKey},
    planted::{self, Bug},
};

use super::{deleting, private};
use crate::domain::removing;

/// Whose own log hears of an entry, if somebody's; where it is about the list alone, the author's
/// stands for it.
pub(super) fn told(fact: Fact, author: UserId) -> Option<UserId> {
    match fact {
        Fact::Created | Fact::Joined | Fact::Left | Fact::Access(_) => Some(author),
        Fact::Removed { user } | Fact::Banned { user } => Some(user),
        Fact::Invited { user } | Fact::Uninvited { user } => Some(user),
        _ => None,
    }
}

/// Makes the second call of a change, and notes that it is done.
pub(in crate::domain) async fn tell(store: &Store, due: &Pending) -> Result<(), StoreError> {
    let Pending { room, seq, user, fact, at_ms } = *due;
    let own = async |fact| store.user_log.append(user, (room, seq), fact, at_ms).await.map(drop);
    match fact {
        Fact::Created => {
            if let Some(RoomKind::Private { a, b }) = list(store, room).await? {
                private::settle_both(store, a, b).await?;
            }
            own(UserFact::RoomAdded(room)).await?;
        }
        Fact::Joined => {
            uninvite(store, due).await?;
            own(UserFact::RoomAdded(room)).await?;
        }
        Fact::Access(_) => drop(list(store, room).await?),
        // What was taken back since is not told: that has an entry of its own.
        Fact::Invited { .. } => {
            if let Some(invitation) = store.doors.invitation(room, user).await? {
                own(UserFact::Invited { room, by: invitation.by }).await?;
            }
        }
        Fact::Uninvited { .. } => uninvite(store, due).await?,
        // Somebody who was banned may have been no member, and have had an invitation or nothing.
        Fact::Banned { .. } => {
            uninvite(store, due).await?;
            if store.rooms.membership(room, user).await?.is_some() {
                own(UserFact::RoomRemoved(room)).await?;
            }
        }
        Fact::Deleted { .. } if planted::is(Bug::RemovalNotFollowed) => {}
        Fact::Deleted { target } => removing::forget(store, room, target).await?,
        Fact::RoomDeleted => deleting::erase(store, due).await?,
        _ => own(UserFact::RoomRemoved(room)).await?,
    }
    store.rooms.settle(room, seq).await?;
    Ok(())
}

/// An invitation that the user's own log knows of is gone.
async fn uninvite(store: &Store, due: &Pending) -> Result<(), StoreError> {
    let Pending { room, seq, user, at_ms, .. } = *due;
    let known = store.user_log.get(user, UserKey::Invitation(room)).await?;
    if matches!(known, Some(UserFact::Invited { .. })) {
        store.user_log.append(user, (room, seq), UserFact::InvitationGone(room), at_ms).await?;
    }
    Ok(())
}

/// Lists a room or does not, as it is now. Of several who do this at once the last to write
/// sees what is true. Whose room it is, if it is there.
async fn list(store: &Store, room: RoomId) -> Result<Option<RoomKind>, StoreError> {
    let mut done = None;
    loop {
        // What is deleted is not listed, also where that was meanwhile.
        let Some(found) = store.rooms.get(room).await? else {
            store.directory.withdraw(room).await?;
            return Ok(None);
        };
        let is_listed = found.access == Access::Public && found.kind == RoomKind::Group;
        if done == Some(is_listed) {
            return Ok(Some(found.kind));
        }
        match is_listed {
            true => store.directory.announce(room, found.created_ms).await?,
            false => store.directory.withdraw(room).await?,
        }
        done = Some(is_listed);
    }
}
