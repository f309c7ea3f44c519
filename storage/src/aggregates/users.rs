//! Accounts and claims of names.

use async_trait::async_trait;
use rill_protocol::{Epoch, SessionId, UserId};

use super::{Ports, Slot, Substrate, people, pictures, sessions};
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored},
    model::{Avatar, NameKey, Picture, Profile, Role, User},
    port::users::{Claim, Users},
};

impl From<Role> for stored::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Member => Self::Member,
            Role::Administrator => Self::Administrator,
        }
    }
}

impl From<stored::Role> for Role {
    fn from(role: stored::Role) -> Self {
        match role {
            stored::Role::Member => Self::Member,
            stored::Role::Administrator => Self::Administrator,
        }
    }
}

/// An account from its rows.
pub(crate) fn user(id: UserId, log_epoch: Epoch, record: stored::User) -> User {
    let stored::User { name, password_hash, created_ms, role, disabled_ms } = record;
    User { id, name, password_hash, created_ms, log_epoch, role: role.into(), disabled_ms }
}

impl From<stored::Name> for Claim {
    fn from(name: stored::Name) -> Self {
        Self { holder: name.holder, at_ms: name.at_ms }
    }
}

#[async_trait]
impl<S: Substrate> Users for Ports<S> {
    async fn claim_name(&self, name: NameKey, user: UserId, at_ms: u64) -> Result<Claim, StoreError> {
        self.write(Slot::Name(name), move |tx| {
            if let Some(held) = tx.get(&keys::name(name))? {
                return Ok(held.into());
            }
            let claim = stored::Name { holder: user, at_ms };
            tx.put(keys::name(name), &claim)?;
            Ok(claim.into())
        })
        .await
    }

    async fn replace_claim(&self, name: NameKey, from: UserId, to: UserId, at_ms: u64) -> Result<Claim, StoreError> {
        self.write(Slot::Name(name), move |tx| {
            match tx.get(&keys::name(name))? {
                Some(held) if held.holder != from => return Ok(held.into()),
                _ => {}
            }
            let claim = stored::Name { holder: to, at_ms };
            tx.put(keys::name(name), &claim)?;
            Ok(claim.into())
        })
        .await
    }

    async fn by_name(&self, name: NameKey) -> Result<Option<Claim>, StoreError> {
        self.read(Slot::Name(name), |view| Ok(view.get(&keys::name(name))?.map(Claim::from))).await
    }

    async fn create(&self, user: User) -> Result<bool, StoreError> {
        self.write(Slot::User(user.id), move |tx| {
            if tx.contains(&keys::user(user.id))? {
                return Ok(false);
            }
            let epoch = tx.context().first_epoch(LogId::User(user.id), user.log_epoch);
            tx.put(keys::user_head(user.id), &stored::UserHead { epoch, seq: 0, first: 1 })?;
            let User { name, password_hash, created_ms, disabled_ms, .. } = user.clone();
            let record = stored::User { name, password_hash, created_ms, role: user.role.into(), disabled_ms };
            tx.put(keys::user(user.id), &record)?;
            Ok(true)
        })
        .await
    }

    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(Slot::User(id), |view| {
            let Some(record) = view.get(&keys::user(id))? else { return Ok(None) };
            let head = view.need(&keys::user_head(id))?;
            Ok(Some(user(id, head.epoch, record)))
        })
        .await
    }

    async fn profile(&self, id: UserId) -> Result<Option<Profile>, StoreError> {
        self.read(Slot::User(id), |view| {
            // Whatever is not at hand of them is fetched at once.
            let (record, avatar) = (view.get(&keys::user(id)), pictures::avatar(view, &keys::user_avatar(id)));
            let (card, status) = (view.get(&keys::user_card(id)), view.get(&keys::user_status(id)));
            let seen = view.get(&keys::user_seen(id));
            let (Some(record), avatar, card, status, seen) = (record?, avatar?, card?, status?, seen?) else {
                return Ok(None);
            };
            Ok(Some(people::profile(record, avatar, card, status, seen)))
        })
        .await
    }

    async fn set_avatar(
        &self,
        user: UserId,
        picture: Option<Picture>,
        replaces: u64,
        at_ms: u64,
    ) -> Result<Option<Avatar>, StoreError> {
        self.write(Slot::User(user), move |tx| pictures::set_user_avatar(tx, user, picture, replaces, at_ms)).await
    }

    async fn set_password(
        &self,
        user: UserId,
        expected: Option<String>,
        hash: String,
        keep: Option<SessionId>,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let Some(mut record) = tx.get(&keys::user(user))? else { return Ok(None) };
            if expected.as_ref().is_some_and(|expected| *expected != record.password_hash) {
                return Ok(None);
            }
            record.password_hash = hash.clone();
            tx.put(keys::user(user), &record)?;
            sessions::end_others(tx, user, keep).map(Some)
        })
        .await
    }

    async fn set_role(&self, user: UserId, role: Role) -> Result<bool, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let Some(mut record) = tx.get(&keys::user(user))? else { return Ok(false) };
            record.role = role.into();
            tx.put(keys::user(user), &record)?;
            Ok(true)
        })
        .await
    }

    async fn set_disabled(&self, user: UserId, disabled_ms: Option<u64>) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let Some(mut record) = tx.get(&keys::user(user))? else { return Ok(None) };
            record.disabled_ms = disabled_ms.map(|now_ms| record.disabled_ms.unwrap_or(now_ms));
            tx.put(keys::user(user), &record)?;
            match disabled_ms {
                Some(_) => sessions::end_others(tx, user, None).map(Some),
                None => Ok(Some(Vec::new())),
            }
        })
        .await
    }
}
