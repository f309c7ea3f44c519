//! Accounts, how they log in, and invitations to make one.

use rill_protocol::{Epoch, SessionId, UserId};

use super::Digest;

/// An account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// As it is shown.
    pub name: String,
    /// PHC string (argon2id).
    pub password_hash: String,
    pub created_ms: u64,
    /// The epoch of the user's own log.
    pub log_epoch: Epoch,
    pub role: Role,
    /// Since when the account may not be used.
    pub disabled_ms: Option<u64>,
}

/// What an account may do besides chatting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Member,
    /// Makes, disables and changes accounts.
    Administrator,
}

/// One login of one device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub user: UserId,
    pub token: Digest,
    pub created_ms: u64,
    /// The device's description of itself.
    pub client: String,
    /// When it last connected; when it began, if it never did.
    pub used_ms: u64,
}

/// A right to connect once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TicketRecord {
    pub digest: Digest,
    pub session: SessionId,
    pub expires_ms: u64,
}

/// An invitation's place among those of its creator. Who knows it knows nothing of the
/// invitation's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InvitationId(pub [u8; 16]);

impl InvitationId {
    /// The first half of the digest of its secret.
    pub fn of(secret: Digest) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&secret.0[..16]);
        Self(id)
    }
}

/// A right to register, some number of times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    pub creator: UserId,
    /// Of the part of its text that only the invited know.
    pub secret: Digest,
    pub created_ms: u64,
    pub expires_ms: u64,
    /// How often it can be used: 1 to [`crate::limits::INVITATION_USES_MAX`].
    pub uses_max: u32,
    /// How often it was.
    pub uses: u32,
}

impl Invitation {
    /// See [`InvitationId::of`].
    pub fn id(&self) -> InvitationId {
        InvitationId::of(self.secret)
    }

    /// Whether somebody can still register with it.
    pub fn is_open(&self, now_ms: u64) -> bool {
        now_ms < self.expires_ms && self.uses < self.uses_max
    }
}
