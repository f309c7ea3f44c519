//! Accounts and claims of names.

use async_trait::async_trait;
use rill_protocol::UserId;

use super::{Embedded, heads::LogId, keys, read::Read, stored};
use crate::{
    StoreError,
    model::{NameKey, User},
    port::users::{Claim, Users},
};

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
            let record =
                stored::User { name: user.name, password_hash: user.password_hash, created_ms: user.created_ms };
            tx.put(keys::user(user.id), &record)?;
            Ok(true)
        })
        .await
    }

    async fn get(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.read(|view| {
            let Some(record) = view.get(&keys::user(user))? else { return Ok(None) };
            let head = view.need(&keys::user_head(user))?;
            Ok(Some(User {
                id: user,
                name: record.name,
                password_hash: record.password_hash,
                created_ms: record.created_ms,
                log_epoch: head.epoch,
            }))
        })
    }
}
