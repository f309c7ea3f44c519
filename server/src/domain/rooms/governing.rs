//! What those do who run a room. Whether they may is in [`super::rules`].

use rill_protocol::{ClientId, RoomId, UserId, limits};
use rill_storage::model::{Change, MemberAct, Noted, Role, RoomRole, Setting};
use std::sync::Arc;

use super::{
    Part, Rooms,
    rules::{self, Act},
};
use crate::domain::{
    DomainError,
    messages::{absent, shut},
    names,
};

/// Those beside the members of a room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideKind {
    Invited,
    Banned,
}

/// One of them by name.
#[derive(Clone, Debug)]
pub struct NotedView {
    pub noted: Noted,
    pub name: String,
    pub by_name: String,
}

impl Rooms {
    /// Changes one setting; what is so already is no error.
    pub async fn set(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        setting: Setting,
    ) -> Result<(), DomainError> {
        self.must_be_a_group(user, room).await?;
        let setting = match setting {
            Setting::Name(name) => Setting::Name(names::room_name(&name).map_err(DomainError::BadRoomName)?.into()),
            Setting::Topic(topic) => Setting::Topic(names::topic(&topic).map_err(DomainError::BadTopic)?.into()),
            Setting::SlowMode(ms) if ms > limits::SLOW_MODE_MS_MAX => {
                return Err(DomainError::BadSlowMode { max_ms: limits::SLOW_MODE_MS_MAX });
            }
            other => other,
        };
        let rule = rules::rule(rules::of_setting(&setting));
        self.change(user, client_id, room, Change::Set { setting, rule }).await
    }

    /// Does something to somebody; what is so already is no error.
    pub async fn change_member(
        &self,
        user: UserId,
        client_id: ClientId,
        room: RoomId,
        (target, act): (UserId, MemberAct),
    ) -> Result<(), DomainError> {
        // Before anything is asked of the room, which may be one that the user is to hear nothing of.
        let profile = self.people.profile(target).await?.ok_or(DomainError::NoSuchUser)?;
        self.must_be_a_group(user, room).await?;
        let act_of_rule = match rules::of_member(act) {
            Act::HandOver if self.is_administrator(user).await? => Act::Adopt,
            other => other,
        };
        let (name, rule) = (Arc::from(profile.name.as_str()), rules::rule(act_of_rule));
        self.change(user, client_id, room, Change::Member { user: target, name, act, rule }).await
    }

    /// Declines an invitation; where there is none, nothing is changed.
    pub async fn decline(&self, user: UserId, client_id: ClientId, room: RoomId) -> Result<(), DomainError> {
        self.must_be_a_group(user, room).await?;
        if !self.is_invited(user, room).await? {
            self.view(user, room).await?;
        }
        let name = self.people.name_or_empty(user).await?.into();
        self.change(user, client_id, room, Change::Decline { name }).await
    }

    /// Those who are invited or banned, for those who run the room.
    pub async fn outside(
        &self,
        user: UserId,
        room: RoomId,
        kind: OutsideKind,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Part<NotedView>, DomainError> {
        self.must_run(user, room).await?;
        let doors = &self.world.store.doors;
        let limit = limit.clamp(1, limits::MEMBER_PAGE_MAX);
        let found = match kind {
            OutsideKind::Invited => doors.invited(room, after, limit + 1).await?,
            OutsideKind::Banned => doors.banned(room, after, limit + 1).await?,
        };
        let found = Part::cut(found, limit);
        let mut items = Vec::with_capacity(found.items.len());
        for noted in found.items {
            let name = self.people.name_or_empty(noted.user).await?;
            items.push(NotedView { name, by_name: self.people.name_or_empty(noted.by).await?, noted });
        }
        Ok(Part { items, more: found.more })
    }

    /// Who has invited somebody, if somebody has.
    pub async fn invitation(&self, user: UserId, room: RoomId) -> Result<Option<NotedView>, DomainError> {
        let Some(noted) = self.world.store.doors.invitation(room, user).await? else { return Ok(None) };
        let (name, by_name) = (String::new(), self.people.name_or_empty(noted.by).await?);
        Ok(Some(NotedView { noted, name, by_name }))
    }

    /// Only who runs the room goes on.
    pub(super) async fn must_run(&self, user: UserId, room: RoomId) -> Result<(), DomainError> {
        self.must_be_a_group(user, room).await?;
        let store = &self.world.store;
        let Some(sight) = store.rooms.room_for(user, room).await? else { return Err(absent(store, room).await?) };
        match sight.membership.and_then(|membership| sight.part.role_of(&membership)) {
            Some(role) if role >= RoomRole::Admin => Ok(()),
            Some(_) => Err(DomainError::RoleNeeded),
            None => Err(shut(store, user, room).await?),
        }
    }

    async fn is_administrator(&self, user: UserId) -> Result<bool, DomainError> {
        let user = self.world.store.users.get(user).await?;
        Ok(user.is_some_and(|user| user.role == Role::Administrator && user.disabled_ms.is_none()))
    }
}
