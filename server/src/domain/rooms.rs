//! Rooms: created, listed, joined, left.

use rill_protocol::{ClientId, Epoch, RoomId, UserId, limits};
use rill_storage::{
    Store, StoreError,
    model::{Avatar, Change, Entry, Membership, Mentions, NewEntry, NewRoom, Replay, Room, UserFact},
    port::AppendRefused,
};
use std::{future::Future, sync::Arc};

use super::{
    DomainError, World,
    messages::{member, refusal},
    names,
    people::People,
};

/// The second call of a change: the user's own log, then the mark that it is done.
async fn tell(store: &Store, user: UserId, room: RoomId, fact: UserFact, entry: &Entry) -> Result<(), DomainError> {
    store.user_log.append(user, (room, entry.seq), fact, entry.at_ms).await?;
    store.rooms.settle(room, entry.seq).await?;
    Ok(())
}

/// What anybody logged in may know of a room.
#[derive(Clone, Debug)]
pub struct RoomView {
    pub room: Room,
    pub creator_name: String,
    /// Whether the asking user is a member.
    pub joined: bool,
}

/// One member by name.
#[derive(Clone, Debug)]
pub struct MemberView {
    pub user: UserId,
    pub name: String,
    pub avatar: Avatar,
    pub joined_ms: u64,
}

/// A part of a list, and whether more follows.
pub struct Part<T> {
    pub items: Vec<T>,
    pub more: bool,
}

impl<T> Part<T> {
    /// Cuts a list that was read one longer than asked.
    fn cut(mut items: Vec<T>, limit: usize) -> Self {
        let more = items.len() > limit;
        items.truncate(limit);
        Self { items, more }
    }
}

/// See the module.
pub struct Rooms {
    world: World,
    people: Arc<People>,
}

impl Rooms {
    pub(super) fn new(world: World, people: Arc<People>) -> Self {
        Self { world, people }
    }

    /// Makes a room. Its id follows from the user and the client id, so that a retry
    /// after a lost answer, or a crash between the calls, makes no second room.
    pub async fn create(&self, user: UserId, client_id: ClientId, name: &str) -> Result<RoomView, DomainError> {
        let name = names::room_name(name).map_err(DomainError::BadRoomName)?;
        let World { store, clock, entropy, .. } = &self.world;
        let mut id = [0; 16];
        id.copy_from_slice(&store.digest("room", &[&user.0, &client_id.0]).0[..16]);
        let id = RoomId(id);
        if store.rooms.get(id).await?.is_none() {
            self.check_room_count(user).await?;
        }
        let at_ms = clock.now_ms();
        let digest = store.digest("create-room", &[name.as_bytes()]);
        let epoch = Epoch::v7(at_ms, entropy.bytes());
        let new = NewRoom { id, name, creator: user, client_id, at_ms, epoch, digest };
        let store = store.clone();
        self.to_the_end(async move {
            let created = store.rooms.create(new).await?;
            if created.replay == Replay::Different {
                return Err(DomainError::KeyReused);
            }
            store.directory.announce(id, created.entry.at_ms).await?;
            tell(&store, user, id, UserFact::RoomAdded(id), &created.entry).await
        })
        .await?;
        self.view(user, id).await
    }

    /// Joins a room; joining twice changes nothing.
    pub async fn join(&self, user: UserId, client_id: ClientId, room: RoomId) -> Result<RoomView, DomainError> {
        let membership = self.world.store.rooms.membership(room, user).await?;
        if !membership.is_some_and(|membership| membership.is_active()) {
            self.check_room_count(user).await?;
        }
        self.change(user, client_id, room, Change::Join).await?;
        self.view(user, room).await
    }

    /// Leaves a room; leaving twice changes nothing.
    pub async fn leave(&self, user: UserId, client_id: ClientId, room: RoomId) -> Result<(), DomainError> {
        match self.change(user, client_id, room, Change::Leave).await {
            Err(DomainError::NotAMember) => Ok(()),
            other => other,
        }
    }

    async fn change(&self, user: UserId, client_id: ClientId, room: RoomId, change: Change) -> Result<(), DomainError> {
        let World { store, clock, .. } = &self.world;
        let (digest, fact) = match change {
            Change::Leave => (store.digest("leave", &[]), UserFact::RoomRemoved(room)),
            _ => (store.digest("join", &[]), UserFact::RoomAdded(room)),
        };
        let entry =
            NewEntry { author: user, client_id, at_ms: clock.now_ms(), digest, change, mentions: Mentions::default() };
        let append = store.log.append(room, entry);
        let store = store.clone();
        self.to_the_end(async move {
            match append.await? {
                Ok(appended) if appended.replay == Replay::Different => Err(DomainError::KeyReused),
                Ok(appended) => tell(&store, user, room, fact, &appended.entry).await,
                Err(AppendRefused::Unchanged) => Ok(()),
                Err(refused) => Err(refusal(refused)),
            }
        })
        .await
    }

    /// Makes the calls of a change, all of them, also when whoever asked goes meanwhile.
    async fn to_the_end(
        &self,
        calls: impl Future<Output = Result<(), DomainError>> + Send + 'static,
    ) -> Result<(), DomainError> {
        let cut_short = |_| StoreError::Engine("the task of a change panicked".into());
        self.world.tasks.spawn(calls).await.map_err(cut_short)?
    }

    async fn check_room_count(&self, user: UserId) -> Result<(), DomainError> {
        let rooms = self.world.store.user_log.snapshot(user).await?.map_or(0, |(_, entries)| {
            entries.iter().filter(|entry| matches!(entry.fact, UserFact::RoomAdded(_))).count()
        });
        if rooms >= limits::ROOMS_PER_USER_MAX { Err(DomainError::TooManyRooms(rooms)) } else { Ok(()) }
    }

    /// A room as `user` sees it.
    pub async fn view(&self, user: UserId, room: RoomId) -> Result<RoomView, DomainError> {
        let memory = &self.world.memory;
        let room = memory.room(room).await?.ok_or(DomainError::NoSuchRoom)?;
        let membership = memory.membership(room.id, user).await?;
        Ok(RoomView {
            creator_name: self.people.name_or_empty(room.creator).await?,
            joined: membership.is_some_and(|membership| membership.is_active()),
            room: (*room).clone(),
        })
    }

    /// Whether somebody is in a room so small that its members are told who of them writes.
    /// Remembered: it speaks of the moment.
    pub async fn shows_typing(&self, user: UserId, room: RoomId, members_max: usize) -> Result<bool, DomainError> {
        let memory = &self.world.memory;
        let membership = memory.membership(room, user).await?;
        if !membership.is_some_and(|membership| membership.is_active()) {
            return Ok(false);
        }
        Ok(memory.room(room).await?.is_some_and(|room| room.members as usize <= members_max))
    }

    /// A room's avatar; one that was never set where there is no room.
    pub async fn avatar(&self, room: RoomId) -> Result<Avatar, DomainError> {
        Ok(self.world.memory.room(room).await?.map(|room| room.avatar).unwrap_or_default())
    }

    /// Rooms, newest first.
    pub async fn list(&self, user: UserId, after: Option<RoomId>, limit: usize) -> Result<Part<RoomView>, DomainError> {
        let limit = limit.clamp(1, limits::ROOM_PAGE_MAX);
        let ids = Part::cut(self.world.store.directory.page(after, limit + 1).await?, limit);
        let mut items = Vec::with_capacity(ids.items.len());
        for id in ids.items {
            match self.view(user, id).await {
                Ok(view) => items.push(view),
                // Listed, and gone since.
                Err(DomainError::NoSuchRoom) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Part { items, more: ids.more })
    }

    /// Members of a room, for members.
    pub async fn members(
        &self,
        user: UserId,
        room: RoomId,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Part<MemberView>, DomainError> {
        let store = &self.world.store;
        self.membership(user, room).await?;
        let limit = limit.clamp(1, limits::MEMBER_PAGE_MAX);
        let found = Part::cut(store.rooms.members(room, after, limit + 1).await?, limit);
        let mut items = Vec::with_capacity(found.items.len());
        for Membership { user, joined_ms, .. } in found.items {
            let profile = self.people.profile(user).await?;
            let (name, avatar) = profile.map(|profile| (profile.name.clone(), profile.avatar)).unwrap_or_default();
            items.push(MemberView { user, name, avatar, joined_ms });
        }
        Ok(Part { items, more: found.more })
    }

    /// What `user` may see of a room, if they are a member.
    pub async fn membership(&self, user: UserId, room: RoomId) -> Result<Membership, DomainError> {
        member(&self.world.store, user, room).await
    }
}
