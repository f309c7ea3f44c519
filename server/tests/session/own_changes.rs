//! A node's own changes of rooms and people in a store that it shares: it is told of them
//! before they are answered, and of nobody else's.

use async_trait::async_trait;
use parking_lot::Mutex;
use rill_protocol::{RoomId, SessionId, UserId};
use rill_storage::{
    Store, StoreError,
    model::{Appended, Avatar, Membership, NameKey, NewRoom, Pending, Picture, Profile, Remains, Role, Room, User},
    port::{ChangeObserver, Changed, Changes, Rooms, Users, log::Sight, users::Claim},
};
use std::sync::Arc;

/// See the module.
pub(crate) struct OwnChanges {
    rooms: Arc<dyn Rooms>,
    users: Arc<dyn Users>,
    observers: Mutex<Vec<Arc<dyn ChangeObserver>>>,
}

impl OwnChanges {
    pub(crate) fn of(store: &Store) -> Arc<Self> {
        Arc::new(Self { rooms: store.rooms.clone(), users: store.users.clone(), observers: Mutex::default() })
    }

    pub(crate) fn tell(&self, changed: Changed) {
        self.observers.lock().iter().for_each(|observer| observer.changed(changed));
    }

    /// A change of an account, and its answer.
    async fn of_user<T>(
        &self,
        user: UserId,
        change: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let outcome = change.await?;
        self.tell(Changed::User(user));
        Ok(outcome)
    }
}

impl Changes for OwnChanges {
    fn observe(&self, observer: Arc<dyn ChangeObserver>) {
        self.observers.lock().push(observer);
    }
}

#[async_trait]
impl Rooms for OwnChanges {
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError> {
        let id = room.id;
        let created = self.rooms.create(room).await?;
        self.tell(Changed::Room(id));
        Ok(created)
    }

    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.rooms.get(room).await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.rooms.membership(room, user).await
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError> {
        self.rooms.members(room, after, limit).await
    }

    async fn room_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<Room>>, StoreError> {
        self.rooms.room_for(user, room).await
    }

    async fn close(&self, room: RoomId, by: UserId, is_closed: bool) -> Result<bool, StoreError> {
        let done = self.rooms.close(room, by, is_closed).await?;
        self.tell(Changed::Room(room));
        Ok(done)
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.rooms.pending(limit).await
    }

    async fn remains(&self, room: RoomId, limit: usize) -> Result<Option<Remains>, StoreError> {
        self.rooms.remains(room, limit).await
    }

    async fn erase(&self, room: RoomId, remains: Remains) -> Result<(), StoreError> {
        self.rooms.erase(room, remains).await?;
        self.tell(Changed::Room(room));
        Ok(())
    }

    async fn is_deleted(&self, room: RoomId) -> Result<bool, StoreError> {
        self.rooms.is_deleted(room).await
    }

    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.rooms.settle(room, seq).await
    }
}

#[async_trait]
impl Users for OwnChanges {
    async fn claim_name(&self, name: NameKey, user: UserId, at_ms: u64) -> Result<Claim, StoreError> {
        self.users.claim_name(name, user, at_ms).await
    }

    async fn replace_claim(&self, name: NameKey, from: UserId, to: UserId, at_ms: u64) -> Result<Claim, StoreError> {
        self.users.replace_claim(name, from, to, at_ms).await
    }

    async fn by_name(&self, name: NameKey) -> Result<Option<Claim>, StoreError> {
        self.users.by_name(name).await
    }

    async fn create(&self, user: User) -> Result<bool, StoreError> {
        self.of_user(user.id, self.users.create(user)).await
    }

    async fn get(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.users.get(user).await
    }

    async fn profile(&self, user: UserId) -> Result<Option<Profile>, StoreError> {
        self.users.profile(user).await
    }

    async fn set_avatar(
        &self,
        user: UserId,
        picture: Option<Picture>,
        replaces: u64,
        at_ms: u64,
    ) -> Result<Option<Avatar>, StoreError> {
        self.of_user(user, self.users.set_avatar(user, picture, replaces, at_ms)).await
    }

    async fn set_password(
        &self,
        user: UserId,
        expected: Option<String>,
        hash: String,
        keep: Option<SessionId>,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.of_user(user, self.users.set_password(user, expected, hash, keep)).await
    }

    async fn set_role(&self, user: UserId, role: Role) -> Result<bool, StoreError> {
        self.of_user(user, self.users.set_role(user, role)).await
    }

    async fn set_disabled(&self, user: UserId, disabled_ms: Option<u64>) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.of_user(user, self.users.set_disabled(user, disabled_ms)).await
    }
}
