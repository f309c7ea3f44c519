//! Rooms: created, listed, joined, left, and run.

pub(in crate::domain) mod deleting;
mod governing;
mod links;
pub(in crate::domain) mod private;
pub mod rules;
mod telling;

use rill_protocol::{ClientId, Epoch, RoomId, UserId, limits};
use rill_storage::{
    model::{
        Access, Avatar, Change, Digest, Entry, Fact, HistoryFrom, Membership, Mentions, NewEntry, NewRoom, Pending,
        Replay, Room, RoomRole, RoomSetup, UserFact,
    },
    port::{AppendRefused, log::Sight},
};
use std::{future::Future, sync::Arc};

use super::{
    DomainError, World,
    messages::{absent, member, refusal, shut},
    names,
    people::People,
};
use telling::told;

pub use governing::{NotedView, OutsideKind};
pub use links::{LinkTerms, LinkText, LinkView};
pub(super) use telling::tell;

/// A room as somebody sees it.
#[derive(Clone, Debug)]
pub struct RoomView {
    pub room: Room,
    pub creator_name: String,
    /// Whether the asking user is a member.
    pub joined: bool,
    /// What they are then.
    pub role: Option<RoomRole>,
}

/// What a group is to begin with.
#[derive(Clone, Copy, Debug)]
pub struct NewGroup<'a> {
    pub name: &'a str,
    pub topic: &'a str,
    pub access: Access,
    pub history: HistoryFrom,
}

/// One member by name.
#[derive(Clone, Debug)]
pub struct MemberView {
    pub user: UserId,
    pub name: String,
    pub avatar: Avatar,
    pub joined_ms: u64,
    pub role: RoomRole,
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

    /// Makes a room that is open to everybody. Its id follows from the user and the client id,
    /// so that a retry after a lost answer, or a crash between the calls, makes no second room.
    pub async fn create(&self, user: UserId, client_id: ClientId, name: &str) -> Result<RoomView, DomainError> {
        let name = names::room_name(name).map_err(DomainError::BadRoomName)?;
        let digest = self.world.store.digest("create-room", &[name.as_bytes()]);
        self.make(user, client_id, name, RoomSetup::default(), digest).await
    }

    /// The same with all that a group can begin with.
    pub async fn create_group(
        &self,
        user: UserId,
        client_id: ClientId,
        group: &NewGroup<'_>,
    ) -> Result<RoomView, DomainError> {
        let NewGroup { name, topic, access, history } = *group;
        let name = names::room_name(name).map_err(DomainError::BadRoomName)?;
        let topic = names::topic(topic).map_err(DomainError::BadTopic)?;
        let setup = RoomSetup { access, history, topic, ..RoomSetup::default() };
        let what = format!("{access:?} {history:?} {} {}", name.len(), setup.topic);
        let digest = self.world.store.digest("create-group", &[name.as_bytes(), what.as_bytes()]);
        self.make(user, client_id, name, setup, digest).await
    }

    async fn make(
        &self,
        user: UserId,
        client_id: ClientId,
        name: String,
        setup: RoomSetup,
        digest: Digest,
    ) -> Result<RoomView, DomainError> {
        let World { store, clock, entropy, .. } = &self.world;
        let mut id = [0; 16];
        id.copy_from_slice(&store.digest("room", &[&user.0, &client_id.0]).0[..16]);
        let id = RoomId(id);
        if store.rooms.get(id).await?.is_none() {
            self.check_room_count(user).await?;
        }
        let at_ms = clock.now_ms();
        let epoch = Epoch::v7(at_ms, entropy.bytes());
        let new = NewRoom { id, name, creator: user, client_id, at_ms, epoch, digest, setup };
        let store = store.clone();
        self.to_the_end(async move {
            let created = store.rooms.create(new).await?;
            if created.replay == Replay::Different {
                return Err(DomainError::KeyReused);
            }
            let Entry { seq, at_ms, fact, .. } = *created.entry;
            if fact == Fact::RoomDeleted {
                return Err(DomainError::RoomDeleted);
            }
            Ok(tell(&store, &Pending { room: id, seq, user, fact: Fact::Created, at_ms }).await?)
        })
        .await?;
        self.view(user, id).await
    }

    /// Joins a room, by an invitation where it takes one; joining twice changes nothing.
    pub async fn join(&self, user: UserId, client_id: ClientId, room: RoomId) -> Result<RoomView, DomainError> {
        self.enter(user, client_id, room, Change::Join).await
    }

    async fn enter(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        change: Change,
    ) -> Result<RoomView, DomainError> {
        let membership = self.world.store.rooms.membership(room, user).await?;
        if !membership.is_some_and(|membership| membership.is_active()) {
            self.check_room_count(user).await?;
        }
        self.change(user, client_id, room, change).await?;
        self.view(user, room).await
    }

    /// Leaves a room; leaving twice changes nothing.
    pub async fn leave(&self, user: UserId, client_id: ClientId, room: RoomId) -> Result<(), DomainError> {
        self.must_be_a_group(user, room).await?;
        match self.change(user, client_id, room, Change::Leave).await {
            Err(DomainError::NotAMember) => Ok(()),
            other => other,
        }
    }

    /// Makes a change, and the call that follows it. What is so already is no error.
    async fn change(&self, user: UserId, client_id: ClientId, room: RoomId, change: Change) -> Result<(), DomainError> {
        let store = &self.world.store;
        let digest = match &change {
            Change::Leave => store.digest("leave", &[]),
            Change::Join => store.digest("join", &[]),
            // What somebody was called stands in the entry; they may be called otherwise at a retry.
            Change::Member { user, act, .. } => store.digest("room-member", &[&user.0, format!("{act:?}").as_bytes()]),
            Change::Decline { .. } => store.digest("room-decline", &[]),
            // It prints all that it says.
            other => store.digest("room-change", &[format!("{other:?}").as_bytes()]),
        };
        self.change_as(user, client_id, room, (change, digest)).await
    }

    /// The same, with what tells it from another under the client id.
    async fn change_as(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        (change, digest): (Change, Digest),
    ) -> Result<(), DomainError> {
        let World { store, clock, .. } = &self.world;
        let entry =
            NewEntry { author: user, client_id, at_ms: clock.now_ms(), digest, change, mentions: Mentions::default() };
        let append = store.log.append(room, entry);
        let store = store.clone();
        self.to_the_end(async move {
            match append.await? {
                Ok(appended) if appended.replay == Replay::Different => Err(DomainError::KeyReused),
                Ok(appended) => {
                    let Entry { seq, at_ms, author, fact, .. } = *appended.entry;
                    match told(fact, author) {
                        Some(user) => Ok(tell(&store, &Pending { room, seq, user, fact, at_ms }).await?),
                        None => Ok(()),
                    }
                }
                Err(AppendRefused::Unchanged) => Ok(()),
                Err(AppendRefused::NotAMember) => Err(shut(&store, user, room).await?),
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
        self.world.tasks.spawn(calls).await.unwrap_or_else(|_| Err(DomainError::cut_short()))
    }

    async fn check_room_count(&self, user: UserId) -> Result<(), DomainError> {
        let rooms = self.world.store.user_log.snapshot(user).await?.map_or(0, |(_, entries)| {
            entries.iter().filter(|entry| matches!(entry.fact, UserFact::RoomAdded(_))).count()
        });
        if rooms >= limits::ROOMS_PER_USER_MAX { Err(DomainError::TooManyRooms(rooms)) } else { Ok(()) }
    }

    /// A room as `user` sees it, to whom it is open or was.
    pub async fn view(&self, user: UserId, room: RoomId) -> Result<RoomView, DomainError> {
        let memory = &self.world.memory;
        let Some(room) = memory.room(room).await? else { return Err(absent(&self.world.store, room).await?) };
        let membership = memory.membership(room.id, user).await?;
        if membership.is_none() && room.access == Access::Invited && !self.is_invited(user, room.id).await? {
            return Err(DomainError::NoSuchRoom);
        }
        self.seen_by(membership.as_deref(), &room).await
    }

    async fn seen_by(&self, membership: Option<&Membership>, room: &Room) -> Result<RoomView, DomainError> {
        let role = membership.and_then(|membership| room.role_of(membership));
        let mut view = RoomView {
            creator_name: self.people.name_or_empty(room.creator).await?,
            joined: role.is_some(),
            role,
            room: room.clone(),
        };
        if let Some(other) = membership.and_then(|membership| room.kind.other(membership.user)) {
            view.room.name = self.people.name_or_empty(other).await?;
        }
        Ok(view)
    }

    async fn is_invited(&self, user: UserId, room: RoomId) -> Result<bool, DomainError> {
        Ok(self.world.store.doors.invitation(room, user).await?.is_some())
    }

    /// Whether somebody is in a room so small that its members are told who of them writes.
    /// Remembered: it speaks of the moment.
    pub async fn shows_typing(&self, user: UserId, room: RoomId, members_max: usize) -> Result<bool, DomainError> {
        Ok(self.members_for(user, room).await?.is_some_and(|members| members <= members_max))
    }

    /// Whether somebody is in a room so large that its members are told how many are online
    /// rather than who. Remembered likewise.
    pub async fn is_crowd(&self, user: UserId, room: RoomId) -> Result<bool, DomainError> {
        Ok(self.members_for(user, room).await?.is_some_and(|members| members > limits::PRESENCE_WATCH_MAX))
    }

    /// How many members a room has, for one of them.
    async fn members_for(&self, user: UserId, room: RoomId) -> Result<Option<usize>, DomainError> {
        let memory = &self.world.memory;
        let membership = memory.membership(room, user).await?;
        if !membership.is_some_and(|membership| membership.is_active()) {
            return Ok(None);
        }
        Ok(memory.room(room).await?.map(|room| room.members as usize))
    }

    /// A room's avatar; one that was never set where there is no room for the user.
    pub async fn avatar(&self, user: UserId, room: RoomId) -> Result<Avatar, DomainError> {
        match self.view(user, room).await {
            Ok(view) => Ok(view.room.avatar),
            Err(DomainError::NoSuchRoom | DomainError::RoomDeleted) => Ok(Avatar::default()),
            Err(error) => Err(error),
        }
    }

    /// Rooms that are open to everybody, newest first.
    pub async fn list(&self, user: UserId, after: Option<RoomId>, limit: usize) -> Result<Part<RoomView>, DomainError> {
        let limit = limit.clamp(1, limits::ROOM_PAGE_MAX);
        let mut after = after;
        loop {
            let ids = Part::cut(self.world.store.directory.page(after, limit + 1).await?, limit);
            let mut items = Vec::with_capacity(ids.items.len());
            after = ids.items.last().copied();
            for id in ids.items {
                match self.view(user, id).await {
                    // A room that was closed stands in the list until that is mended.
                    Ok(view) if view.room.access == Access::Public => items.push(view),
                    Ok(_) => {}
                    // Listed, and gone since.
                    Err(DomainError::NoSuchRoom | DomainError::RoomDeleted) => {}
                    Err(error) => return Err(error),
                }
            }
            // A page of none could not be gone on from.
            if !items.is_empty() || !ids.more {
                return Ok(Part { items, more: ids.more });
            }
        }
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
        // Of one moment, and asked for once.
        let sight = store.rooms.room_for(user, room).await?;
        let Some(Sight { membership, part: of }) = sight else { return Err(absent(store, room).await?) };
        if !membership.is_some_and(|membership| membership.is_active()) {
            return Err(shut(store, user, room).await?);
        }
        let limit = limit.clamp(1, limits::MEMBER_PAGE_MAX);
        let found = Part::cut(store.rooms.members(room, after, limit + 1).await?, limit);
        let mut items = Vec::with_capacity(found.items.len());
        for member in found.items {
            let role = of.role_of(&member).unwrap_or(RoomRole::Member);
            let Membership { user, joined_ms, .. } = member;
            let profile = self.people.profile(user).await?;
            let (name, avatar) = profile.map(|profile| (profile.name.clone(), profile.avatar)).unwrap_or_default();
            items.push(MemberView { user, name, avatar, joined_ms, role });
        }
        Ok(Part { items, more: found.more })
    }

    /// What `user` may see of a room, if they are a member.
    pub async fn membership(&self, user: UserId, room: RoomId) -> Result<Membership, DomainError> {
        member(&self.world.store, user, room).await
    }
}
