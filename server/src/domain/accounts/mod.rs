//! Accounts: who there is, how they prove it, and who decides about them.

mod administration;
mod claims;
mod invitations;
mod login;
mod password;
mod registration;
mod sessions;
mod token;

#[cfg(test)]
mod tests;

use rill_protocol::{SessionId, UserId};
use rill_storage::model::{Role, User};
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Mutex;

use super::{DomainError, World, names::Username, passwords::Passwords};

pub use administration::{Actor, MadeAccount, NewAccount, Part};
pub use claims::{claim_look_alikes, claimed_names};
pub use invitations::{InvitationTerms, InvitationView};
pub use registration::Availability;
pub use token::{InvitationText, Token};

/// A fresh login.
pub struct Login {
    pub user: User,
    pub session: SessionId,
    pub token: Token,
}

/// A login that proved itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    pub user: UserId,
    pub name: String,
    pub session: SessionId,
    pub administrator: bool,
}

/// See the module.
pub struct Accounts {
    world: World,
    passwords: Passwords,
    /// An account exists. Never unlearnt.
    peopled: AtomicBool,
    /// Held while the first account is made: it is one only.
    founding: Mutex<()>,
    /// Held while somebody stops being an administrator who can log in, so that two here
    /// do not keep each other from it: see [`Accounts::replaceably`].
    demoting: Mutex<()>,
}

impl Accounts {
    pub(super) fn new(world: World) -> Self {
        let passwords = Passwords::new(world.entropy.clone());
        Self {
            world,
            passwords,
            peopled: AtomicBool::new(false),
            founding: Mutex::default(),
            demoting: Mutex::default(),
        }
    }

    /// Somebody by name.
    pub async fn find(&self, name: &Username) -> Result<Option<User>, DomainError> {
        let store = &self.world.store;
        match store.users.by_name(store.name_key(name.compared())).await? {
            Some(claim) => Ok(store.users.get(claim.holder).await?),
            None => Ok(None),
        }
    }

    /// Somebody whom an administrator names.
    async fn named(&self, name: &str) -> Result<User, DomainError> {
        let name = Username::new(name).map_err(|_| DomainError::NoSuchUser)?;
        self.find(&name).await?.ok_or(DomainError::NoSuchUser)
    }

    /// Whether nobody has an account yet: the first one becomes administrator.
    pub async fn is_empty(&self) -> Result<bool, DomainError> {
        if self.peopled.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let empty = self.world.store.roster.list(None, 1).await?.is_empty();
        if !empty {
            self.peopled.store(true, Ordering::Relaxed);
        }
        Ok(empty)
    }
}

/// Whether somebody has the role and may use it.
fn is_acting_administrator(user: &User) -> bool {
    user.role == Role::Administrator && user.disabled_ms.is_none()
}
