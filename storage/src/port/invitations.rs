//! Invitations: rights to register, kept by who made them.

use async_trait::async_trait;
use rill_protocol::UserId;

use crate::{
    StoreError,
    model::{Digest, Invitation, InvitationId},
};

/// Each method touches one creator. The operator, who has no account, is the creator
/// whose id is all zeros.
#[async_trait]
pub trait Invitations: Send + Sync {
    /// Writes an invitation; returns whether it was written. It is not where the creator
    /// holds [`crate::limits::INVITATIONS_PER_CREATOR_MAX`] already, expired ones that
    /// were not revoked or swept included.
    async fn create(&self, invitation: Invitation) -> Result<bool, StoreError>;
    /// Every invitation of a creator, also expired and used ones, in the order of ids.
    async fn list(&self, creator: UserId) -> Result<Vec<Invitation>, StoreError>;
    /// The invitation of a secret, also if it cannot be used any more.
    async fn get(&self, creator: UserId, secret: Digest) -> Result<Option<Invitation>, StoreError>;
    /// Removes an invitation; returns whether it was there.
    async fn revoke(&self, creator: UserId, id: InvitationId) -> Result<bool, StoreError>;
    /// Uses an invitation for one new user; returns whether it is good for them. Another
    /// time for the same user it is good and not counted again. It is not if it is
    /// unknown, expired (`expires_ms` has come) or used up.
    async fn redeem(&self, creator: UserId, secret: Digest, by: UserId, now_ms: u64) -> Result<bool, StoreError>;
}
