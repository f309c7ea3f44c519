//! Proving who one is: by password, by token, by ticket.

use rill_protocol::{
    SessionId, Ticket,
    limits::{PASSWORD_BYTES_MAX, RECONNECT_TICKET_LIFE_MS, TICKET_LIFE_MS},
};
use rill_storage::model::{Digest, Session, TicketRecord, User};

use super::{Accounts, Identity, Login, Token, is_acting_administrator};
use crate::domain::{DomainError, World, characters::cleaned, names::Username};

/// Characters of a device's description that are kept.
const CLIENT_CHARS_MAX: usize = 128;

impl Accounts {
    /// Logs in. The answer, and the time it takes, is the same for a wrong name and a
    /// wrong password; that an account is disabled is told to who knows its password.
    pub async fn login(&self, name: &str, password: &str, client: &str) -> Result<Login, DomainError> {
        let user = match Username::new(name) {
            Ok(name) if password.len() <= PASSWORD_BYTES_MAX => self.find(&name).await?,
            _ => None,
        };
        // A longer password was never accepted; do not spend memory on it.
        let password = if password.len() <= PASSWORD_BYTES_MAX { password } else { "" };
        let phc = user.as_ref().map(|user| user.password_hash.as_str());
        let fits = self.passwords.verify(password, phc).await.ok_or(DomainError::Busy)?;
        match user {
            Some(user) if fits && user.disabled_ms.is_some() => Err(DomainError::AccountDisabled),
            Some(user) if fits => self.open_session(user, client).await,
            _ => Err(DomainError::BadLogin),
        }
    }

    pub(super) async fn open_session(&self, user: User, client: &str) -> Result<Login, DomainError> {
        let World { store, clock, entropy, .. } = &self.world;
        let now_ms = clock.now_ms();
        let token = Token { user: user.id, secret: entropy.bytes() };
        let session = SessionId::v7(now_ms, entropy.bytes());
        let (id, digest, client) = (user.id, self.token_digest(&token), cleaned(client, CLIENT_CHARS_MAX));
        let login = Session { id: session, user: id, token: digest, created_ms: now_ms, used_ms: now_ms, client };
        store.sessions.create(login).await?;
        // A change of the password that came in between has ended the logins it knew of;
        // one that comes from now on knows of this one.
        let now = store.users.get(id).await?;
        let refusal = match &now {
            Some(now) if now.disabled_ms.is_some() => DomainError::AccountDisabled,
            Some(now) if now.password_hash == user.password_hash => return Ok(Login { user, session, token }),
            _ => DomainError::BadLogin,
        };
        store.sessions.end(id, session).await?;
        Err(refusal)
    }

    /// Who a token belongs to.
    pub async fn authenticate(&self, token: &Token) -> Result<Identity, DomainError> {
        let session = self.world.store.sessions.by_token(token.user, self.token_digest(token)).await?;
        self.identify(session, DomainError::NotLoggedIn).await
    }

    /// Tickets for one race of transports.
    pub async fn issue_tickets(&self, identity: &Identity, count: usize) -> Result<Vec<Ticket>, DomainError> {
        self.issue(identity, count, TICKET_LIFE_MS).await
    }

    /// Uses a ticket up. Returns who it is and the ticket for the next connection.
    pub async fn redeem(&self, ticket: &Ticket) -> Result<(Identity, Ticket), DomainError> {
        let now_ms = self.world.clock.now_ms();
        let digest = self.ticket_digest(ticket);
        let session = self.world.store.sessions.redeem(ticket.user(), digest, now_ms).await?;
        let identity = self.identify(session, DomainError::BadTicket).await?;
        let next = self.issue(&identity, 1, RECONNECT_TICKET_LIFE_MS).await?;
        let next = next.into_iter().next().ok_or(DomainError::BadTicket)?;
        Ok((identity, next))
    }

    /// Whether a login still stands: it was not ended, nor its account disabled.
    pub async fn check(&self, identity: &Identity) -> Result<(), DomainError> {
        let store = &self.world.store;
        // One read for those that stand, which is asked of each every few seconds: who is
        // disabled has no logins.
        if store.sessions.get(identity.user, identity.session).await?.is_some() {
            return Ok(());
        }
        match store.users.get(identity.user).await? {
            Some(user) if user.disabled_ms.is_some() => Err(DomainError::AccountDisabled),
            _ => Err(DomainError::SessionRevoked),
        }
    }

    async fn identify(&self, session: Option<Session>, otherwise: DomainError) -> Result<Identity, DomainError> {
        let Some(session) = session else { return Err(otherwise) };
        let Some(user) = self.world.store.users.get(session.user).await? else { return Err(otherwise) };
        if user.disabled_ms.is_some() {
            return Err(DomainError::AccountDisabled);
        }
        let administrator = is_acting_administrator(&user);
        Ok(Identity { user: user.id, name: user.name, session: session.id, administrator })
    }

    async fn issue(&self, identity: &Identity, count: usize, life_ms: u64) -> Result<Vec<Ticket>, DomainError> {
        let World { store, clock, entropy, .. } = &self.world;
        let now_ms = clock.now_ms();
        let tickets: Vec<Ticket> = (0..count).map(|_| Ticket::new(identity.user, entropy.bytes())).collect();
        let records = tickets.iter().map(|ticket| TicketRecord {
            digest: self.ticket_digest(ticket),
            session: identity.session,
            expires_ms: now_ms + life_ms,
        });
        store.sessions.issue(identity.user, records.collect(), now_ms).await?;
        Ok(tickets)
    }

    fn token_digest(&self, token: &Token) -> Digest {
        self.world.store.digest("token", &[token.user.as_bytes(), token.secret.as_slice()])
    }

    fn ticket_digest(&self, ticket: &Ticket) -> Digest {
        self.world.store.digest("ticket", &[&ticket.0])
    }
}
