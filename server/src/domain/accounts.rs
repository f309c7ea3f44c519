//! Accounts, logins and tickets.

use rill_protocol::{
    Epoch, SessionId, Ticket, UserId,
    limits::{PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN, RECONNECT_TICKET_LIFE_MS, TICKET_LIFE_MS},
};
use rill_storage::model::{Digest, Role, Session, TicketRecord, User};

use super::{DomainError, World, names::Username, passwords::Passwords};

/// A claim of a name whose account did not follow within this time is void.
const CLAIM_LIFE_MS: u64 = 60_000;
/// Characters of a device's description that are kept.
const CLIENT_CHARS_MAX: usize = 128;

/// The secret that a browser's cookie or a bearer header holds.
#[derive(Clone, Copy)]
pub struct Token {
    user: UserId,
    secret: [u8; 32],
}

impl Token {
    /// `USER.SECRET`: 26 characters of base32, 64 hexadecimal digits.
    pub fn to_text(self) -> String {
        let secret: String = self.secret.iter().map(|byte| format!("{byte:02x}")).collect();
        format!("{}.{secret}", self.user)
    }

    /// `None` for anything that [`Token::to_text`] did not make.
    pub fn parse(text: &str) -> Option<Self> {
        let (user, secret) = text.split_once('.')?;
        // A ticket's text is the same 64 digits.
        Some(Self { user: user.parse().ok()?, secret: secret.parse::<Ticket>().ok()?.0 })
    }
}

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
}

/// Whether somebody may register under a name.
pub enum Availability {
    Free(Username),
    Taken(Username),
}

/// See the module.
pub struct Accounts {
    world: World,
    passwords: Passwords,
}

impl Accounts {
    pub(super) fn new(world: World) -> Self {
        let passwords = Passwords::new(world.tasks.clone(), world.entropy.clone());
        Self { world, passwords }
    }

    /// Whether a name can be registered.
    pub async fn availability(&self, name: &str) -> Result<Availability, DomainError> {
        let name = Username::new(name).map_err(DomainError::BadUsername)?;
        let key = self.world.store.name_key(name.compared());
        Ok(match self.world.store.users.by_name(key).await? {
            Some(_) => Availability::Taken(name),
            None => Availability::Free(name),
        })
    }

    /// Makes an account and logs it in.
    pub async fn register(&self, name: &str, password: &str, client: &str) -> Result<Login, DomainError> {
        let name = Username::new(name).map_err(DomainError::BadUsername)?;
        if !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&password.len()) {
            return Err(DomainError::BadPassword { min: PASSWORD_BYTES_MIN, max: PASSWORD_BYTES_MAX });
        }
        let user = self.create(&name, password).await?;
        self.open_session(user, client).await
    }

    /// Makes an account whatever its password: for the demonstration's `123`.
    pub async fn create(&self, name: &Username, password: &str) -> Result<User, DomainError> {
        let World { store, clock, entropy, .. } = &self.world;
        let key = store.name_key(name.compared());
        // Looked at before the hash is paid for; the claim below is what decides.
        if let Some(claim) = store.users.by_name(key).await? {
            let stale = clock.now_ms() > claim.at_ms + CLAIM_LIFE_MS;
            if !stale || store.users.get(claim.holder).await?.is_some() {
                return Err(DomainError::UsernameTaken);
            }
        }
        let password_hash = self.passwords.hash(password).await.ok_or(DomainError::Busy)?;
        let now_ms = clock.now_ms();
        let user = User {
            id: UserId::v7(now_ms, entropy.bytes()),
            name: name.shown().to_owned(),
            password_hash,
            created_ms: now_ms,
            log_epoch: Epoch::v7(now_ms, entropy.bytes()),
            role: Role::Member,
            disabled_ms: None,
        };
        let mut claim = store.users.claim_name(key, user.id, now_ms).await?;
        if claim.holder != user.id
            && now_ms > claim.at_ms + CLAIM_LIFE_MS
            && store.users.get(claim.holder).await?.is_none()
        {
            claim = store.users.replace_claim(key, claim.holder, user.id, now_ms).await?;
        }
        if claim.holder != user.id {
            return Err(DomainError::UsernameTaken);
        }
        store.roster.add(user.id).await?;
        store.users.create(user.clone()).await?;
        Ok(user)
    }

    /// Logs in. The answer is the same for a wrong name and a wrong password.
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
            Some(user) if fits => self.open_session(user, client).await,
            _ => Err(DomainError::BadLogin),
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

    async fn open_session(&self, user: User, client: &str) -> Result<Login, DomainError> {
        let World { store, clock, entropy, .. } = &self.world;
        let now_ms = clock.now_ms();
        let token = Token { user: user.id, secret: entropy.bytes() };
        let session = SessionId::v7(now_ms, entropy.bytes());
        store
            .sessions
            .create(Session {
                id: session,
                user: user.id,
                token: self.token_digest(&token),
                created_ms: now_ms,
                used_ms: now_ms,
                client: client.chars().filter(|c| !c.is_control()).take(CLIENT_CHARS_MAX).collect(),
            })
            .await?;
        Ok(Login { user, session, token })
    }

    /// Who a token belongs to.
    pub async fn authenticate(&self, token: &Token) -> Result<Identity, DomainError> {
        let session = self.world.store.sessions.by_token(token.user, self.token_digest(token)).await?;
        self.identify(session, DomainError::NotLoggedIn).await
    }

    /// Ends a login; its tickets are void. Live connections are the caller's to close.
    pub async fn logout(&self, identity: &Identity) -> Result<(), DomainError> {
        self.world.store.sessions.end(identity.user, identity.session).await?;
        Ok(())
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

    async fn identify(&self, session: Option<Session>, otherwise: DomainError) -> Result<Identity, DomainError> {
        let Some(session) = session else { return Err(otherwise) };
        let Some(user) = self.world.store.users.get(session.user).await? else { return Err(otherwise) };
        Ok(Identity { user: user.id, name: user.name, session: session.id })
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
