//! What administrators do with accounts, and the operator of the machine.

use futures_util::FutureExt as _;
use rill_protocol::{SessionId, UserId};
use rill_storage::{
    StoreError,
    limits::STEPPING_DOWN_MS,
    model::{Act, Role, Session, User},
};
use std::{fmt, time::Duration};

use super::{Accounts, Identity, is_acting_administrator};
use crate::domain::{
    DomainError,
    audit::{self, Draft},
    made_password,
    names::Username,
    password_rules,
};

/// Accounts of one page at most.
const PAGE_MAX: usize = 500;
/// Accounts looked at together for an administrator who remains: mostly one of the first.
const LOOKED_AT_ONCE: usize = 32;

/// Who decides.
#[derive(Clone, Debug)]
pub enum Actor {
    /// Whoever can read the data directory.
    Operator,
    Administrator(Identity),
}

impl Actor {
    /// Under whom the store keeps what they made.
    pub(in crate::domain) fn id(&self) -> UserId {
        match self {
            Self::Operator => UserId::default(),
            Self::Administrator(identity) => identity.user,
        }
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Operator => out.write_str("operator"),
            Self::Administrator(identity) => identity.user.fmt(out),
        }
    }
}

/// A part of a list.
pub struct Part<T> {
    pub items: Vec<T>,
    pub more: bool,
}

/// An account that somebody else makes.
pub struct NewAccount<'a> {
    pub name: &'a str,
    /// Without one it is made.
    pub password: Option<&'a str>,
    pub role: Role,
}

/// An account that was made.
pub struct MadeAccount {
    pub user: User,
    /// The password, if it was made too.
    pub password: Option<String>,
}

impl Accounts {
    /// All accounts in the order of their making.
    pub async fn list(&self, after: Option<UserId>, limit: usize) -> Result<Part<User>, DomainError> {
        let limit = limit.clamp(1, PAGE_MAX);
        let mut items = self.world.store.roster.list(after, limit + 1).await?;
        let more = items.len() > limit;
        items.truncate(limit);
        Ok(Part { items, more })
    }

    /// Makes an account, also where nobody may register.
    pub async fn create_for(&self, actor: &Actor, new: NewAccount<'_>) -> Result<MadeAccount, DomainError> {
        let name = Username::fresh(new.name).map_err(DomainError::BadUsername)?;
        let made = new.password.is_none().then(|| made_password::make(&*self.world.entropy));
        if let Some(password) = new.password {
            password_rules::check_length(password)?;
            self.check_strength(password, name.shown()).await?;
        }
        let password = made.as_deref().or(new.password).unwrap_or_default();
        let draft = Draft::of(Act::AccountMade, name.shown());
        let making = self.make_for_administrator(&name, password, new.role);
        let user = audit::noted(&self.world, actor, draft, making, |user| Some(user.id)).await?;
        tracing::info!(by = %actor, user = %user.id, role = ?user.role, "an account was made for somebody");
        Ok(MadeAccount { user, password: made })
    }

    /// Disables an account; its logins end. Returns which: their connections are the
    /// caller's to close.
    pub async fn disable(&self, actor: &Actor, name: &str) -> Result<Vec<SessionId>, DomainError> {
        let user = self.named(name).await?;
        let now_ms = self.world.clock.now_ms();
        let disabling = async {
            let ended = self.replaceably(&user, self.world.store.users.set_disabled(user.id, Some(now_ms))).await?;
            ended.ok_or(DomainError::NoSuchUser)
        };
        let ended = self.noted(actor, Draft::on(Act::AccountDisabled, user.id, &user.name), disabling).await?;
        tracing::info!(by = %actor, user = %user.id, ended = ended.len(), "an account was disabled");
        Ok(ended)
    }

    /// Lets a disabled account be used again.
    pub async fn enable(&self, actor: &Actor, name: &str) -> Result<(), DomainError> {
        let user = self.named(name).await?;
        let enabling = async { Ok(self.world.store.users.set_disabled(user.id, None).await?) };
        self.noted(actor, Draft::on(Act::AccountEnabled, user.id, &user.name), enabling).await?;
        tracing::info!(by = %actor, user = %user.id, "an account was enabled");
        Ok(())
    }

    /// Gives or takes the role of an administrator.
    pub async fn set_role(&self, actor: &Actor, name: &str, role: Role) -> Result<(), DomainError> {
        let user = self.named(name).await?;
        let set = self.world.store.users.set_role(user.id, role);
        let (act, setting) = match role {
            Role::Member => (Act::RoleTaken, self.replaceably(&user, set).left_future()),
            Role::Administrator => (Act::RoleGiven, async { Ok(set.await?) }.right_future()),
        };
        self.noted(actor, Draft::on(act, user.id, &user.name), setting).await?;
        tracing::info!(by = %actor, user = %user.id, ?role, "a role was changed");
        Ok(())
    }

    /// Whose name it is.
    pub async fn id_of(&self, name: &str) -> Result<UserId, DomainError> {
        Ok(self.named(name).await?.id)
    }

    /// Somebody's id and logins.
    pub async fn sessions_of(&self, name: &str) -> Result<Vec<Session>, DomainError> {
        let user = self.named(name).await?;
        self.sessions(user.id).await
    }

    /// Ends one of somebody's logins, or all; returns which.
    pub async fn end_sessions_of(
        &self,
        actor: &Actor,
        name: &str,
        session: Option<SessionId>,
    ) -> Result<Vec<SessionId>, DomainError> {
        let user = self.named(name).await?;
        let ending = async {
            match session {
                None => self.end_sessions(user.id, None).await,
                Some(session) => {
                    self.end_session(user.id, session).await?;
                    Ok(vec![session])
                }
            }
        };
        let ended = self.noted(actor, Draft::on(Act::LoginsEnded, user.id, &user.name), ending).await?;
        tracing::info!(by = %actor, user = %user.id, ended = ended.len(), "logins were ended");
        Ok(ended)
    }

    /// Does something to an account, and writes it down.
    pub(super) async fn noted<T>(
        &self,
        actor: &Actor,
        draft: Draft,
        act: impl Future<Output = Result<T, DomainError>>,
    ) -> Result<T, DomainError> {
        audit::noted(&self.world, actor, draft, act, |_| None).await
    }

    /// Does what may take the last administrator away, if somebody else remains who can do
    /// what administrators can.
    ///
    /// Who is the last one is a question about many users, which no call of the store can
    /// answer and act upon at once, and other nodes do the same. So it is announced first,
    /// and nobody counts on those who were announced before: of several at once the last
    /// one to be announced knows of all others. Also of somebody who is no administrator
    /// now, for they may become one meanwhile, on whom another counts.
    async fn replaceably<T>(
        &self,
        user: &User,
        act: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, DomainError> {
        let _one_at_a_time = self.demoting.lock().await;
        let roster = &self.world.store.roster;
        let leaving = roster.step_down(user.id, self.world.clock.now_ms()).await?;
        let patience = Duration::from_millis(STEPPING_DOWN_MS / 2);
        let done = tokio::time::timeout(patience, async {
            self.check_replaceable(user, &leaving).await?;
            Ok(act.await?)
        });
        let done = done.await;
        // Of a failure or after too long nobody knows whether it comes to pass: that stays
        // announced until it is forgotten by itself.
        let is_over = matches!(&done, Ok(Ok(_) | Err(DomainError::LastAdministrator | DomainError::Busy)));
        if is_over && let Err(error) = roster.stepped_down(user.id).await {
            tracing::debug!(%error, "it is forgotten by itself");
        }
        done.unwrap_or(Err(DomainError::Busy))
    }

    async fn check_replaceable(&self, user: &User, leaving: &[UserId]) -> Result<(), DomainError> {
        let (mut after, mut is_acting) = (None, false);
        loop {
            let page = self.world.store.roster.list(after, LOOKED_AT_ONCE).await?;
            after = page.last().map(|user| user.id);
            let is_last = page.len() < LOOKED_AT_ONCE;
            for other in page.iter().filter(|other| is_acting_administrator(other)) {
                if other.id != user.id && !leaving.contains(&other.id) {
                    return Ok(());
                }
                is_acting |= other.id == user.id;
            }
            if is_last {
                break;
            }
            // Others have their turn.
            tokio::task::yield_now().await;
        }
        match (leaving, is_acting) {
            ([], false) => Ok(()),
            ([], true) => Err(DomainError::LastAdministrator),
            // Whether they go is known in a moment.
            _ => Err(DomainError::Busy),
        }
    }

    /// Everybody who has the role and may use it. Walks all accounts: it is asked seldom.
    pub(super) async fn administrators(&self) -> Result<Vec<User>, DomainError> {
        let mut found = Vec::new();
        let mut after = None;
        loop {
            let page = self.world.store.roster.list(after, PAGE_MAX).await?;
            after = page.last().map(|user| user.id);
            let is_last = page.len() < PAGE_MAX;
            found.extend(page.into_iter().filter(is_acting_administrator));
            if is_last {
                return Ok(found);
            }
            // Others have their turn.
            tokio::task::yield_now().await;
        }
    }
}
