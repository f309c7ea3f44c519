//! New accounts: who may have one, and which is the first.

use rill_protocol::{Epoch, UserId};
use rill_storage::model::{Digest, Role, User};

use super::{Accounts, InvitationText, Login, claims::place_of_the_first};
use crate::{
    config::Registration,
    domain::{DomainError, World, names::Username, password_rules},
};

/// Whether somebody may register under a name.
pub enum Availability {
    Free(Username),
    Taken(Username),
}

/// What a registration needs besides name and password.
enum Admission {
    Free,
    /// Nobody was there yet who could invite.
    First,
    /// Checked, and to be used.
    Invited(UserId, Digest),
}

/// Which role a new account gets.
pub(super) enum Standing {
    /// Administrator if it is the first of all, or else member.
    AsItComes,
    Given(Role),
}

impl Accounts {
    /// Who may register.
    pub fn registration(&self) -> Registration {
        self.world.registration
    }

    /// Whether a name can be registered. Who could not register anyhow is told that, and
    /// nothing of names.
    pub async fn availability(&self, name: &str, invitation: Option<&str>) -> Result<Availability, DomainError> {
        self.admit(invitation).await?;
        let name = Username::fresh(name).map_err(DomainError::BadUsername)?;
        Ok(match self.is_taken(&name).await? {
            true => Availability::Taken(name),
            false => Availability::Free(name),
        })
    }

    /// Makes an account and logs it in.
    pub async fn register(
        &self,
        name: &str,
        password: &str,
        invitation: Option<&str>,
        client: &str,
    ) -> Result<Login, DomainError> {
        // Before anything that a name could change the answer or the time of.
        let admission = self.admit(invitation).await?;
        let name = Username::fresh(name).map_err(DomainError::BadUsername)?;
        password_rules::check_length(password)?;
        self.check_strength(password, name.shown()).await?;
        let user = self.make(&name, password, Standing::AsItComes, admission).await?;
        self.open_session(user, client).await
    }

    /// Makes an account whatever its password: for the demonstration's `123`.
    pub async fn create(&self, name: &Username, password: &str) -> Result<User, DomainError> {
        self.make(name, password, Standing::AsItComes, Admission::Free).await
    }

    /// Makes an account for an administrator, who answers for the password.
    pub(super) async fn make_for_administrator(
        &self,
        name: &Username,
        password: &str,
        role: Role,
    ) -> Result<User, DomainError> {
        self.make(name, password, Standing::Given(role), Admission::Free).await
    }

    /// Whether somebody may register at all.
    async fn admit(&self, invitation: Option<&str>) -> Result<Admission, DomainError> {
        match self.world.registration {
            Registration::Open => return Ok(Admission::Free),
            Registration::Closed => return Err(DomainError::RegistrationClosed),
            Registration::Invitation if self.is_empty().await? => return Ok(Admission::First),
            Registration::Invitation => {}
        }
        let text = invitation.and_then(InvitationText::parse).ok_or(DomainError::BadInvitation)?;
        let secret = self.invitation_digest(&text);
        let found = self.world.store.invitations.get(text.user, secret).await?;
        let open = found.is_some_and(|invitation| invitation.is_open(self.world.clock.now_ms()));
        match open && self.may_invite(text.user).await? {
            true => Ok(Admission::Invited(text.user, secret)),
            false => Err(DomainError::BadInvitation),
        }
    }

    async fn make(
        &self,
        name: &Username,
        password: &str,
        standing: Standing,
        admission: Admission,
    ) -> Result<User, DomainError> {
        let World { store, clock, entropy, .. } = &self.world;
        // Looked at before the hash is paid for; the claims below are what decides.
        if self.is_taken(name).await? {
            return Err(DomainError::UsernameTaken);
        }
        let password_hash = self.passwords.hash(password).await.ok_or(DomainError::Busy)?;
        let now_ms = clock.now_ms();
        let id = UserId::v7(now_ms, entropy.bytes());
        self.claim(name, id, now_ms).await?;
        if let Admission::Invited(creator, secret) = admission
            && !store.invitations.redeem(creator, secret, id, now_ms).await?
        {
            return Err(DomainError::BadInvitation);
        }
        let founding = match standing {
            Standing::AsItComes if self.is_empty().await? => Some(self.founding.lock().await),
            _ => None,
        };
        let role = match standing {
            Standing::Given(role) => role,
            // Asked again under the lock: somebody else may have become the first meanwhile.
            Standing::AsItComes if founding.is_some() && self.is_empty().await? => self.found(id, now_ms).await?,
            Standing::AsItComes if matches!(admission, Admission::First) => return Err(DomainError::BadInvitation),
            Standing::AsItComes => Role::Member,
        };
        let user = User {
            id,
            name: name.shown().to_owned(),
            password_hash,
            created_ms: now_ms,
            log_epoch: Epoch::v7(now_ms, entropy.bytes()),
            role,
            disabled_ms: None,
        };
        store.roster.add(id).await?;
        store.users.create(user.clone()).await?;
        drop(founding);
        tracing::info!(user = %id, administrator = role == Role::Administrator, "an account was made");
        Ok(user)
    }

    /// Claims the place of the first account, which is one key of the store: also where
    /// several processes share one, nobody becomes administrator beside somebody else.
    async fn found(&self, user: UserId, now_ms: u64) -> Result<Role, DomainError> {
        let key = place_of_the_first(&self.world.store);
        match self.claim_key(key, user, now_ms).await? {
            true => Ok(Role::Administrator),
            // Somebody was about to be the first and is not there yet, or never will be:
            // after a pause it is known which.
            false => Err(DomainError::Busy),
        }
    }
}
