//! Accounts and claims of names.

use async_trait::async_trait;
use rill_protocol::{Epoch, SessionId, UserId};

use super::{Embedded, heads::LogId, keys, read::Read, sessions, stored};
use crate::{
    StoreError,
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{NameKey, Role, User},
    port::users::{Claim, Roster, Users},
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

fn user(id: UserId, log_epoch: Epoch, record: stored::User) -> User {
    let stored::User { name, password_hash, created_ms, role, disabled_ms } = record;
    User { id, name, password_hash, created_ms, log_epoch, role: role.into(), disabled_ms }
}

impl From<stored::Name> for Claim {
    fn from(name: stored::Name) -> Self {
        Self { holder: name.holder, at_ms: name.at_ms }
    }
}

#[async_trait]
impl Users for Embedded {
    async fn claim_name(&self, name: NameKey, user: UserId, at_ms: u64) -> Result<Claim, StoreError> {
        self.write(move |tx| {
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
        self.write(move |tx| {
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
        self.read(|view| Ok(view.get(&keys::name(name))?.map(Claim::from)))
    }

    async fn create(&self, user: User) -> Result<bool, StoreError> {
        self.write(move |tx| {
            if tx.contains(&keys::user(user.id))? {
                return Ok(false);
            }
            let epoch = tx.context().first_epoch(LogId::User(user.id), user.log_epoch);
            tx.put(keys::user_head(user.id), &stored::UserHead { epoch, seq: 0, first: 1 })?;
            let User { name, password_hash, created_ms, disabled_ms, .. } = user;
            let record = stored::User { name, password_hash, created_ms, role: user.role.into(), disabled_ms };
            tx.put(keys::user(user.id), &record)?;
            Ok(true)
        })
        .await
    }

    async fn get(&self, id: UserId) -> Result<Option<User>, StoreError> {
        self.read(|view| {
            let Some(record) = view.get(&keys::user(id))? else { return Ok(None) };
            let head = view.need(&keys::user_head(id))?;
            Ok(Some(user(id, head.epoch, record)))
        })
    }

    async fn set_password(
        &self,
        user: UserId,
        expected: Option<String>,
        hash: String,
        keep: Option<SessionId>,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(move |tx| {
            let Some(mut record) = tx.get(&keys::user(user))? else { return Ok(None) };
            if expected.is_some_and(|expected| expected != record.password_hash) {
                return Ok(None);
            }
            record.password_hash = hash;
            tx.put(keys::user(user), &record)?;
            sessions::end_others(tx, user, keep).map(Some)
        })
        .await
    }

    async fn set_role(&self, user: UserId, role: Role) -> Result<bool, StoreError> {
        self.write(move |tx| {
            let Some(mut record) = tx.get(&keys::user(user))? else { return Ok(false) };
            record.role = role.into();
            tx.put(keys::user(user), &record)?;
            Ok(true)
        })
        .await
    }

    async fn set_disabled(&self, user: UserId, disabled_ms: Option<u64>) -> Result<Option<Vec<SessionId>>, StoreError> {
        self.write(move |tx| {
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

#[async_trait]
impl Roster for Embedded {
    /// The accounts' own rows are the list.
    async fn add(&self, _user: UserId) -> Result<(), StoreError> {
        Ok(())
    }

    async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Vec<User>, StoreError> {
        self.read(|view| {
            let span = match after {
                Some(after) => keys::users().behind(&[&after.0]),
                None => keys::users(),
            };
            let rows = view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, record| {
                Ok((key.user()?, record))
            })?;
            let with_head = |(id, record)| Ok(user(id, view.need(&keys::user_head(id))?.epoch, record));
            rows.into_iter().map(with_head).collect()
        })
    }
}
