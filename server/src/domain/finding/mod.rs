//! People found by name. The list of their names is made of the store when somebody looks for
//! the first time, follows what this node changes at once, and is made again now and then, for
//! what others have changed. Who is shown is read each time: nobody is found who has just hidden.

mod list;
mod spelling;

use parking_lot::Mutex;
use rill_protocol::{UserId, limits};
use rill_storage::{
    model::Avatar,
    port::{ChangeObserver, Changed},
};
use std::{collections::BTreeSet, mem::take, sync::Arc, time::Duration};
use tokio::time::Instant;

use super::{DomainError, World, rooms::Part};
use crate::limits::{FIND_CHANGED_MAX, FIND_PAGE, FIND_REMAKE_MS};
use list::List;

/// Somebody who was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub user: UserId,
    pub username: String,
    pub name: String,
    pub avatar: Avatar,
}

/// See the module.
pub struct Finding {
    world: World,
    news: Arc<News>,
    /// Held by whoever makes or mends it.
    list: tokio::sync::RwLock<Made>,
}

#[derive(Default)]
struct Made {
    list: List,
    at: Option<Instant>,
}

/// Who is to be looked at again. The store keeps it, so it keeps no store.
#[derive(Default)]
struct News(Mutex<Changes>);

#[derive(Default)]
struct Changes {
    users: BTreeSet<UserId>,
    are_too_many: bool,
}

impl ChangeObserver for News {
    fn changed(&self, changed: Changed) {
        let Changed::User(user) = changed else { return };
        let mut changes = self.0.lock();
        if changes.users.len() >= FIND_CHANGED_MAX {
            changes.are_too_many = true;
            changes.users.clear();
        }
        if !changes.are_too_many {
            changes.users.insert(user);
        }
    }
}

impl Finding {
    pub(super) fn new(world: World) -> Arc<Self> {
        let news = Arc::<News>::default();
        world.store.changes.observe(news.clone());
        Arc::new(Self { world, news, list: tokio::sync::RwLock::default() })
    }

    /// People whom a text finds, without who asks, behind `after`.
    pub async fn find(
        &self,
        asker: UserId,
        text: &str,
        after: Option<UserId>,
        limit: usize,
    ) -> Result<Part<Found>, DomainError> {
        if text.chars().count() > limits::FIND_CHARS_MAX {
            return Ok(Part { items: Vec::new(), more: false });
        }
        self.refresh().await?;
        let users = self.list.read().await.list.find(text);
        let from = after.and_then(|after| users.iter().position(|user| *user == after)).map_or(0, |at| at + 1);
        let limit = limit.clamp(1, limits::PEOPLE_PAGE_MAX);
        let mut items = Vec::new();
        for user in users.into_iter().skip(from).filter(|user| *user != asker) {
            let Some(profile) = self.world.memory.profile(user).await? else { continue };
            if profile.is_disabled || profile.card.is_unlisted {
                continue;
            }
            if items.len() == limit {
                return Ok(Part { items, more: true });
            }
            let (username, name, avatar) = (profile.username.clone(), profile.name.clone(), profile.avatar);
            items.push(Found { user, username, name, avatar });
        }
        Ok(Part { items, more: false })
    }

    async fn refresh(&self) -> Result<(), DomainError> {
        let is_old = |made: &Made| {
            made.at.is_none_or(|at| at.elapsed() >= Duration::from_millis(FIND_REMAKE_MS))
                || self.news.0.lock().are_too_many
        };
        if is_old(&*self.list.read().await) {
            let mut made = self.list.write().await;
            // Somebody else may have made it meanwhile.
            if is_old(&made) {
                let at = Instant::now();
                *self.news.0.lock() = Changes::default();
                let mut list = List::default();
                self.add_behind(&mut list).await?;
                *made = Made { list, at: Some(at) };
            }
            return Ok(());
        }
        let changed = take(&mut self.news.0.lock().users);
        let last = self.list.read().await.list.last();
        let has_more = !self.world.store.roster.list(last, 1).await?.is_empty();
        if !changed.is_empty() || has_more {
            let mut made = self.list.write().await;
            let mended = self.mend(&mut made.list, &changed).await;
            if mended.is_err() {
                self.news.0.lock().users.extend(changed);
            }
            mended?;
        }
        Ok(())
    }

    async fn mend(&self, list: &mut List, changed: &BTreeSet<UserId>) -> Result<(), DomainError> {
        // First, so that nobody is passed over who is behind the last and before one of these.
        self.add_behind(list).await?;
        for user in changed {
            self.look(list, *user).await?;
        }
        Ok(())
    }

    async fn look(&self, list: &mut List, user: UserId) -> Result<(), DomainError> {
        match self.world.store.users.profile(user).await? {
            Some(profile) if !profile.card.is_unlisted && !profile.is_disabled => {
                list.put(user, &profile.name, &profile.username);
            }
            _ => list.remove(user),
        }
        Ok(())
    }

    /// Everybody behind the last whom it was told of.
    async fn add_behind(&self, list: &mut List) -> Result<(), DomainError> {
        let store = &self.world.store;
        loop {
            let page = store.roster.list(list.last(), FIND_PAGE).await?;
            let profiles = page.iter().map(|user| store.users.profile(user.id));
            let profiles = futures_util::future::join_all(profiles).await;
            for (user, profile) in page.iter().zip(profiles) {
                match profile? {
                    Some(profile) if !profile.card.is_unlisted && !profile.is_disabled => {
                        list.put(user.id, &profile.name, &profile.username);
                    }
                    _ => list.remove(user.id),
                }
            }
            if page.len() < FIND_PAGE {
                return Ok(());
            }
            // Others have their turn.
            tokio::task::yield_now().await;
        }
    }
}
