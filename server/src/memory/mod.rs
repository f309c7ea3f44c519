//! What a node remembers of rooms and people, for what is shown of them: a room's name and
//! size, whether somebody is in, what somebody is called and looks like, the custom emoji. Read often and changed seldom, so
//! mostly told without asking the store; [`places`] says when.
//!
//! Never from here: what somebody may see of a log, logins, roles, passwords, and that there
//! is no such room, member or user.

mod places;
#[cfg(test)]
mod tests;

use parking_lot::Mutex;
use rill_protocol::{RoomId, UserId};
use rill_storage::{
    Store, StoreError,
    limits::READ_ROWS_MAX,
    model::{EmojiSet, Membership, Profile, Room},
    port::changes::{ChangeObserver, Changed},
};
use std::{collections::BTreeSet, sync::Arc};
use tokio::time::Instant;

use crate::{limits::BLOCKERS_PAGES_MAX, metrics::Metrics};
use places::{Asked, BLOCKERS, Fact, Hearing, Key, Places, VERSION};

/// How hints of what others change come here. Both return at once.
pub trait Ears: Send + Sync + 'static {
    /// Asks for those of a place; [`Memory::heard`] says from when on they come.
    fn hear(&self, place: Changed);
    /// Wants them no more; some may still come.
    fn ignore(&self, place: Changed);
}

/// See the module.
#[derive(Clone)]
pub struct Memory {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    metrics: Arc<Metrics>,
    ears: Option<Arc<dyn Ears>>,
    places: Arc<Mutex<Places>>,
}

/// The store keeps it, so it keeps no store.
struct Observer(Arc<Mutex<Places>>);

impl ChangeObserver for Observer {
    fn changed(&self, changed: Changed) {
        self.0.lock().changed(changed);
    }
}

impl Memory {
    /// Of a store that nobody else writes to.
    pub fn alone(store: Store, metrics: Arc<Metrics>) -> Self {
        Self::new(store, metrics, None)
    }

    /// Of a store that others write to, and say so.
    pub fn among_others(store: Store, metrics: Arc<Metrics>, ears: Arc<dyn Ears>) -> Self {
        Self::new(store, metrics, Some(ears))
    }

    fn new(store: Store, metrics: Arc<Metrics>, ears: Option<Arc<dyn Ears>>) -> Self {
        let places = Arc::new(Mutex::new(Places::new(ears.is_none())));
        store.changes.observe(Arc::new(Observer(places.clone())));
        Self { inner: Arc::new(Inner { store, metrics, ears, places }) }
    }

    /// A room.
    pub async fn room(&self, room: RoomId) -> Result<Option<Arc<Room>>, StoreError> {
        let key = Key { place: Changed::Room(room), member: None };
        match self.recall(key) {
            Ok(Fact::Room(room)) => Ok(Some(room)),
            Ok(_) => Ok(None),
            Err(asked) => {
                let found = self.inner.store.rooms.get(room).await?.map(Arc::new);
                self.learn(asked, found.clone().map(Fact::Room));
                Ok(found)
            }
        }
    }

    /// Somebody's membership of a room. A server alone asks its store each time: it is as near as this, and
    /// remembers by itself; there are rooms times users of them.
    pub async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Arc<Membership>>, StoreError> {
        if self.inner.ears.is_none() {
            return Ok(self.inner.store.rooms.membership(room, user).await?.map(Arc::new));
        }
        let key = Key { place: Changed::Room(room), member: Some(user) };
        match self.recall(key) {
            Ok(Fact::Membership(membership)) => Ok(Some(membership)),
            Ok(_) => Ok(None),
            Err(asked) => {
                let found = self.inner.store.rooms.membership(room, user).await?.map(Arc::new);
                let active = found.clone().filter(|membership| membership.is_active());
                self.learn(asked, active.map(Fact::Membership));
                Ok(found)
            }
        }
    }

    /// What somebody is called and looks like.
    pub async fn profile(&self, user: UserId) -> Result<Option<Arc<Profile>>, StoreError> {
        let key = Key { place: Changed::User(user), member: None };
        match self.recall(key) {
            Ok(Fact::Profile(profile)) => Ok(Some(profile)),
            Ok(_) => Ok(None),
            Err(asked) => {
                let found = self.inner.store.users.profile(user).await?.map(Arc::new);
                self.learn(asked, found.clone().map(Fact::Profile));
                Ok(found)
            }
        }
    }

    /// Who wants to hear nothing of a user: whose presence they are not shown. Of very many the
    /// first ones.
    pub async fn blockers(&self, user: UserId) -> Result<Arc<BTreeSet<UserId>>, StoreError> {
        let key = Key { place: Changed::User(user), member: Some(BLOCKERS) };
        match self.recall(key) {
            Ok(Fact::Blockers(blockers)) => Ok(blockers),
            Ok(_) => Ok(Arc::default()),
            Err(asked) => {
                let mut blockers = BTreeSet::new();
                for _ in 0..BLOCKERS_PAGES_MAX {
                    let after = blockers.last().copied();
                    let page = self.inner.store.people.blocked_by(user, after, READ_ROWS_MAX).await?;
                    let is_last = page.len() < READ_ROWS_MAX;
                    blockers.extend(page);
                    if is_last {
                        break;
                    }
                }
                let found = Arc::new(blockers);
                self.learn(asked, Some(Fact::Blockers(found.clone())));
                Ok(found)
            }
        }
    }

    /// The custom emoji.
    pub async fn emoji(&self) -> Result<Arc<EmojiSet>, StoreError> {
        let key = Key { place: Changed::Emoji, member: None };
        match self.recall(key) {
            Ok(Fact::Emoji(set)) => Ok(set),
            Ok(_) => Ok(Arc::default()),
            Err(asked) => {
                let found = Arc::new(self.inner.store.emoji.set().await?);
                self.learn(asked, Some(Fact::Emoji(found.clone())));
                Ok(found)
            }
        }
    }

    /// The version of the custom emoji, which is a row where they are hundreds.
    pub async fn emoji_version(&self) -> Result<u64, StoreError> {
        let key = Key { place: Changed::Emoji, member: Some(VERSION) };
        match self.recall(key) {
            Ok(Fact::EmojiVersion(version)) => Ok(version),
            Ok(_) => Ok(0),
            Err(asked) => {
                let found = self.inner.store.emoji.version().await?;
                self.learn(asked, Some(Fact::EmojiVersion(found)));
                Ok(found)
            }
        }
    }

    /// Hints of a place come from now on, for the first time or again.
    pub fn heard(&self, place: Changed) {
        self.inner.places.lock().heard(place);
    }

    /// A hint of a place has come.
    pub fn rung(&self, place: Changed) {
        self.inner.places.lock().changed(place);
    }

    /// Some hints were dropped, or none come any more.
    pub fn deaf(&self) {
        let mut places = self.inner.places.lock();
        let less = places.deaf();
        self.listen(Hearing { more: None, less });
    }

    fn recall(&self, key: Key) -> Result<Fact, Asked> {
        let now = Instant::now();
        let mut places = self.inner.places.lock();
        if let Some(fact) = places.recall(key, now) {
            self.inner.metrics.memory.told();
            return Ok(fact);
        }
        self.inner.metrics.memory.asked();
        let (asked, hearing) = places.ask(key, now);
        // Under the lock: in the order in which places come and go.
        self.listen(hearing);
        Err(asked)
    }

    fn learn(&self, asked: Asked, found: Option<Fact>) {
        if let Some(fact) = found {
            self.inner.places.lock().learn(asked, fact, Instant::now());
        }
    }

    fn listen(&self, hearing: Hearing) {
        let Some(ears) = &self.inner.ears else { return };
        hearing.less.into_iter().for_each(|place| ears.ignore(place));
        hearing.more.into_iter().for_each(|place| ears.hear(place));
    }
}
