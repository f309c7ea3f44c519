//! Chats of two. The room's id follows from who they are, so there is one for a pair, whoever of
//! them opens it and however often at once. Both are members from its first batch on, and stay.
//!
//! While one of them blocks the other nobody posts there. What is true is the row of the block:
//! whoever closes or opens the chat looks at it again behind that, so of several who do it at
//! once the last sees what is true. A chat is made closed, and opened by who looked.

use rill_protocol::{ClientId, Epoch, RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{Access, Digest, Fact, HistoryFrom, NewRoom, Pending, RoomKind, RoomSetup},
    planted::{self, Bug},
};

use super::{RoomView, Rooms, tell};
use crate::domain::{DomainError, World};

/// `Created` is 1, then both come in: whoever opened it first.
const OPENED_SEQ: u64 = 2;
const OTHER_JOINED_SEQ: u64 = 3;

/// Two people in the order of their ids.
fn pair(one: UserId, other: UserId) -> (UserId, UserId) {
    if one <= other { (one, other) } else { (other, one) }
}

/// The room of two people.
pub(in crate::domain) fn room_of(store: &Store, one: UserId, other: UserId) -> RoomId {
    let (a, b) = pair(one, other);
    let Digest(digest) = store.digest("private-chat", &[&a.0, &b.0]);
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    RoomId(id)
}

/// Closes the chat of two for `by`, or opens it, as their block of the other one says. Repeatable; where
/// there is no chat there is nothing to do.
pub(in crate::domain) async fn settle(store: &Store, by: UserId, other: UserId) -> Result<(), StoreError> {
    let room = room_of(store, by, other);
    loop {
        let is_closed = store.people.blocks(by, other).await?;
        if !store.rooms.close(room, by, is_closed).await? || store.people.blocks(by, other).await? == is_closed {
            return Ok(());
        }
    }
}

/// The same for both. Of a chat nobody hears before this, and it takes no posts, not even of somebody
/// who knows it from a store that was put back: a block may have come while it was made, and have found
/// nothing to close.
pub(super) async fn settle_both(store: &Store, one: UserId, other: UserId) -> Result<(), StoreError> {
    if planted::is(Bug::BlockMissedAtOpening) {
        reopen(store, one, other).await?;
        return reopen(store, other, one).await;
    }
    settle(store, one, other).await?;
    settle(store, other, one).await
}

/// Opens the chat for `by` who is about to block no more: until then the block is to be followed
/// again.
pub(in crate::domain) async fn reopen(store: &Store, by: UserId, other: UserId) -> Result<(), StoreError> {
    store.rooms.close(room_of(store, by, other), by, false).await.map(drop)
}

impl Rooms {
    /// The chat of a user with somebody else, made if there is none.
    pub async fn open_private(&self, user: UserId, other: UserId) -> Result<RoomView, DomainError> {
        if user == other {
            return Err(DomainError::Oneself);
        }
        let store = self.world.store.clone();
        let id = room_of(&store, user, other);
        if store.rooms.get(id).await?.is_some() {
            // What a crash left of a block, or whoever makes the chat at this moment has not come to yet.
            settle_both(&store, user, other).await?;
            return self.view(user, id).await;
        }
        let profile = store.users.profile(other).await?.ok_or(DomainError::NoSuchPerson)?;
        let is_blocked = store.people.blocks(other, user).await? || store.people.blocks(user, other).await?;
        // Which of these it is nobody is told.
        if profile.is_disabled || is_blocked {
            return Err(DomainError::CannotBeReached);
        }
        self.check_room_count(user).await?;
        let new = self.new_private(id, user, other);
        self.to_the_end(async move {
            let created = store.rooms.create(new).await?;
            // The other one may have been first.
            let (at_ms, opener) = (created.entry.at_ms, created.entry.author);
            let joined = if opener == user { other } else { user };
            tell(&store, &Pending { room: id, seq: OPENED_SEQ, user: opener, fact: Fact::Created, at_ms }).await?;
            tell(&store, &Pending { room: id, seq: OTHER_JOINED_SEQ, user: joined, fact: Fact::Joined, at_ms }).await?;
            Ok(())
        })
        .await?;
        self.view(user, id).await
    }

    fn new_private(&self, id: RoomId, user: UserId, other: UserId) -> NewRoom {
        let World { store, clock, entropy, .. } = &self.world;
        let (a, b) = pair(user, other);
        let at_ms = clock.now_ms();
        let setup = RoomSetup {
            kind: RoomKind::Private { a, b },
            access: Access::Invited,
            history: HistoryFrom::Start,
            topic: String::new(),
            members: vec![other],
        };
        NewRoom {
            id,
            name: String::new(),
            creator: user,
            client_id: ClientId(id.0),
            at_ms,
            epoch: Epoch::v7(at_ms, entropy.bytes()),
            // The same, whoever of them opens it.
            digest: store.digest("open-private-chat", &[&a.0, &b.0]),
            setup,
        }
    }

    /// Nobody runs or leaves a chat of two; to everybody else there is no such room.
    pub(super) async fn must_be_a_group(&self, user: UserId, room: RoomId) -> Result<(), DomainError> {
        match self.world.memory.room(room).await?.map(|room| room.kind) {
            Some(kind @ RoomKind::Private { .. }) if kind.other(user).is_some() => Err(DomainError::PrivateChat),
            Some(RoomKind::Private { .. }) => Err(DomainError::NoSuchRoom),
            Some(RoomKind::Group) | None => Ok(()),
        }
    }
}
