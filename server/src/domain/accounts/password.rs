//! Changing a password, by its owner or over their head.

use rill_protocol::{SessionId, limits::PASSWORD_BYTES_MAX};
use rill_storage::model::Act;

use super::{Accounts, Actor, Identity};
use crate::domain::{DomainError, audit::Draft, made_password, password_rules};

impl Accounts {
    /// Changes one's own password. All other logins end; returns which.
    pub async fn change_password(
        &self,
        identity: &Identity,
        current: &str,
        new: &str,
    ) -> Result<Vec<SessionId>, DomainError> {
        password_rules::check_length(new)?;
        let users = &self.world.store.users;
        let Some(user) = users.get(identity.user).await? else { return Err(DomainError::NotLoggedIn) };
        let known = current.len() <= PASSWORD_BYTES_MAX;
        let phc = known.then_some(user.password_hash.as_str());
        let fits = self.passwords.verify(if known { current } else { "" }, phc).await.ok_or(DomainError::Busy)?;
        if !fits {
            return Err(DomainError::WrongPassword);
        }
        self.check_strength(new, &user.name).await?;
        let hash = self.passwords.hash(new).await.ok_or(DomainError::Busy)?;
        // Another change came first: what was given as current is so no more.
        let ended = users.set_password(user.id, Some(user.password_hash), hash, Some(identity.session)).await?;
        let ended = ended.ok_or(DomainError::WrongPassword)?;
        tracing::info!(user = %user.id, ended = ended.len(), "a password was changed");
        Ok(ended)
    }

    /// Gives somebody a made password, which is told this once. All of their logins end;
    /// returns which.
    pub async fn reset_password(&self, actor: &Actor, name: &str) -> Result<(String, Vec<SessionId>), DomainError> {
        let user = self.named(name).await?;
        let password = made_password::make(&*self.world.entropy);
        let hash = self.passwords.hash(&password).await.ok_or(DomainError::Busy)?;
        let setting = async {
            let ended = self.world.store.users.set_password(user.id, None, hash, None).await?;
            ended.ok_or(DomainError::NoSuchUser)
        };
        let ended = self.noted(actor, Draft::on(Act::PasswordReset, user.id, &user.name), setting).await?;
        tracing::info!(by = %actor, user = %user.id, ended = ended.len(), "a password was reset");
        Ok((password, ended))
    }

    /// Among those whose hashes wait, because it costs milliseconds.
    pub(super) async fn check_strength(&self, password: &str, name: &str) -> Result<(), DomainError> {
        let (password, name) = (password.to_owned(), name.to_owned());
        let common = self.passwords.run(move || password_rules::is_common(&password, &name)).await;
        match common.ok_or(DomainError::Busy)? {
            true => Err(DomainError::CommonPassword),
            false => Ok(()),
        }
    }
}
