//! What people look like and say of themselves, and emoji, on the control stream: what stands
//! before the answers that name users and rooms, and what changes.

use bytes::Bytes;
use futures_util::future::BoxFuture;
use rill_protocol::{
    UserId, codec, limits,
    message::{EmojiVersion, ProfileAnswer, RoomAvatar, RoomAvatars, UserAvatar, UserAvatars, UserInfo, UserNames},
};
use rill_storage::{
    model::{Avatar, Card, Profile, Status},
    planted::{self, Bug},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{Session, details};
use crate::{
    domain::{DomainError, rooms::RoomView},
    limits::PICTURES_AT_ONCE_MAX,
    wire::{avatar, number, profile},
};

/// Avatars of users in one frame.
const IN_ONE_FRAME: usize = limits::USERS_PER_REQUEST_MAX;

/// The frame of those who have, or had, an avatar; nothing where there is nobody.
pub(super) fn of_users(avatars: impl Iterator<Item = (UserId, Avatar)>) -> Bytes {
    let avatars = avatars.filter(|(_, avatar)| avatar.version > 0);
    let avatars: Vec<_> = avatars.map(|(user, of)| UserAvatar { user, avatar: avatar::avatar(&of) }).collect();
    let frames = avatars.chunks(IN_ONE_FRAME).map(|part| codec::frame(&UserAvatars { avatars: part.to_vec() }));
    frames.fold(Bytes::new(), before)
}

/// The same of rooms.
pub(super) fn of_rooms<'a>(rooms: impl Iterator<Item = &'a RoomView>) -> Bytes {
    let rooms = rooms.map(|view| &view.room).filter(|room| room.avatar.version > 0);
    let avatars = rooms.map(|room| RoomAvatar { room: room.id, avatar: avatar::avatar(&room.avatar) });
    of_these(avatars.collect())
}

/// At most as many as a `Resume` has cursors.
pub(super) fn of_these(avatars: Vec<RoomAvatar>) -> Bytes {
    if avatars.is_empty() { Bytes::new() } else { codec::frame(&RoomAvatars { avatars }) }
}

/// One frame behind the other.
pub(super) fn before(first: Bytes, second: Bytes) -> Bytes {
    if first.is_empty() { second } else { [first, second].concat().into() }
}

/// Whether a user has ever said anything of themselves.
fn has_settings(profile: &Profile) -> bool {
    profile.card != Card::default() || profile.status != Status::default()
}

/// What a session was told of people and emoji.
#[derive(Default)]
pub(super) struct Told {
    avatars: BTreeMap<UserId, u64>,
    names: BTreeMap<UserId, u64>,
    details: details::Told,
    own: Option<ProfileAnswer>,
    /// Whom the session's own user blocks.
    blocked: Vec<UserId>,
    emoji: u64,
    doubted: Doubted,
    /// Goes on beside what is written: where the store is away, nothing else waits for it.
    asking: Option<BoxFuture<'static, Found>>,
    /// The store could not be asked: not again before something is heard.
    is_away: bool,
}

/// What may be another than was told.
#[derive(Default)]
struct Doubted {
    users: BTreeSet<UserId>,
    is_emoji: bool,
}

/// What the store said, and what it could not be asked for.
#[derive(Default)]
struct Found {
    profiles: Vec<(UserId, Arc<Profile>)>,
    /// Who blocks the session's own user, and whom that one blocks.
    blocks: Option<(Arc<BTreeSet<UserId>>, Vec<UserId>)>,
    emoji: Option<u64>,
    missed: Doubted,
}

async fn ask(session: Arc<Session>, mut of: Doubted) -> Found {
    let (people, mut found) = (&session.services.domain.people, Found::default());
    let outcome: Result<(), DomainError> = async {
        while let Some(user) = of.users.first().copied() {
            if user == session.identity.user {
                found.blocks = Some((people.blockers(user).await?, session.services.domain.blocks.of(user).await?));
            }
            let profile = people.profile(user).await?;
            found.profiles.extend(profile.map(|profile| (user, profile)));
            of.users.remove(&user);
        }
        if of.is_emoji {
            found.emoji = Some(people.emoji_version().await?);
            of.is_emoji = false;
        }
        Ok(())
    }
    .await;
    if let Err(error) = outcome {
        tracing::debug!(%error, "what somebody looks like cannot be asked");
    }
    Found { missed: of, ..found }
}

impl Told {
    /// Something was heard.
    pub(super) fn doubt(&mut self, session: &Session) {
        let (users, is_emoji) = session.inbox.take_pictures();
        self.doubted.users.extend(users);
        self.doubted.is_emoji |= is_emoji;
        self.is_away = false;
    }

    /// Whether there is something to ask for.
    pub(super) fn is_behind(&self) -> bool {
        self.asking.is_some() || !self.is_away && (self.doubted.is_emoji || !self.doubted.users.is_empty())
    }

    /// Asks for some of what may have changed, and says what is something else than was told.
    /// Cancel safe.
    pub(super) async fn frames(&mut self, session: &Arc<Session>) -> Vec<Bytes> {
        let doubted = &mut self.doubted;
        let asking = self.asking.get_or_insert_with(|| {
            let mut users = std::mem::take(&mut doubted.users);
            if let Some(next) = users.iter().nth(PICTURES_AT_ONCE_MAX).copied() {
                doubted.users = users.split_off(&next);
            }
            let is_emoji = std::mem::take(&mut doubted.is_emoji);
            Box::pin(ask(session.clone(), Doubted { users, is_emoji }))
        });
        let Found { profiles, blocks, emoji, missed } = asking.await;
        self.asking = None;
        self.is_away = missed.is_emoji || !missed.users.is_empty();
        self.doubted.users.extend(missed.users);
        self.doubted.is_emoji |= missed.is_emoji;
        let (hidden, blocked) = blocks.unzip();
        let hidden = hidden.filter(|_| !planted::is(Bug::PresenceToldToBlocked));
        if let Some(blocked) = blocked {
            self.blocked = blocked;
        }
        for user in hidden.map(|hidden| session.inbox.set_hidden(hidden)).unwrap_or_default() {
            session.services.hub.presence.show_again(&session.inbox, user);
            self.doubted.users.insert(user);
        }
        let mut frames = self.people(session, &profiles);
        frames.extend(emoji.and_then(|version| self.emoji(version)));
        frames
    }

    /// What is something else than was told.
    fn people(&mut self, session: &Session, profiles: &[(UserId, Arc<Profile>)]) -> Vec<Bytes> {
        // Whoever was told of more is told some of it again.
        for told in [&mut self.avatars, &mut self.names] {
            if told.len() > 2 * limits::PRESENCE_WATCH_MAX {
                told.clear();
            }
        }
        let is_news = |told: &mut BTreeMap<UserId, u64>, user: UserId, version: u64| {
            version > 0 && told.insert(user, version) != Some(version)
        };
        let avatars = profiles.iter().map(|(user, profile)| (*user, profile.avatar));
        let avatars = avatars.filter(|(user, avatar)| is_news(&mut self.avatars, *user, avatar.version));
        let mut frames = vec![of_users(avatars)];
        let names = profiles.iter().filter(|(user, profile)| is_news(&mut self.names, *user, profile.card_version));
        let users: Vec<_> = names.map(|(user, profile)| UserInfo { id: *user, name: profile.name.clone() }).collect();
        if !users.is_empty() {
            frames.push(codec::frame(&UserNames { users }));
        }
        frames.extend(self.details.frame(session, profiles));
        for (user, profile) in profiles.iter().filter(|(user, _)| *user == session.identity.user) {
            let own = profile::answer(0, *user, profile, Some(self.blocked.clone()));
            let says_something = has_settings(profile) || !self.blocked.is_empty();
            if (self.own.is_some() || says_something) && self.own.replace(own.clone()) != Some(own.clone()) {
                frames.push(codec::frame(&own));
            }
        }
        frames.retain(|frame| !frame.is_empty());
        frames
    }

    fn emoji(&mut self, version: u64) -> Option<Bytes> {
        let is_news = std::mem::replace(&mut self.emoji, version) != version;
        is_news.then(|| codec::frame(&EmojiVersion { version: number(version) }))
    }

    /// What stands between `Attached` and what follows it.
    pub(super) async fn first(&mut self, session: &Session) -> Result<Vec<Bytes>, DomainError> {
        let (people, user) = (&session.services.domain.people, session.identity.user);
        let mut frames = Vec::new();
        session.services.domain.blocks.mend(user).await?;
        session.inbox.set_hidden(people.blockers(user).await?);
        self.blocked = session.services.domain.blocks.of(user).await?;
        if let Some(profile) = people.profile(user).await? {
            frames.append(&mut self.people(session, &[(user, profile)]));
        }
        let version = people.emoji_version().await?;
        frames.extend(self.emoji(version));
        frames.retain(|frame| !frame.is_empty());
        Ok(frames)
    }
}
