//! Invitations, and who has used them.

use async_trait::async_trait;
use rill_protocol::UserId;

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::{COMMAND_BYTES_MAX, INVITATION_USES_MAX, INVITATIONS_PER_CREATOR_MAX, READ_ROWS_MAX},
    model::{Digest, Invitation, InvitationId},
    port::Invitations,
};

// One read sees all of a creator's, and all uses of one; one command removes those.
const _: () = assert!(INVITATIONS_PER_CREATOR_MAX <= READ_ROWS_MAX);
const _: () = assert!(INVITATION_USES_MAX as usize <= READ_ROWS_MAX);
const _: () = assert!((INVITATION_USES_MAX as usize + 1) * (1 + 3 * 16) < COMMAND_BYTES_MAX);

fn invitation(creator: UserId, record: stored::Invitation) -> Invitation {
    let stored::Invitation { secret, created_ms, expires_ms, uses_max, uses } = record;
    Invitation { creator, secret: Digest(secret), created_ms, expires_ms, uses_max, uses }
}

fn record(invitation: &Invitation) -> stored::Invitation {
    let Invitation { secret, created_ms, expires_ms, uses_max, uses, .. } = *invitation;
    stored::Invitation { secret: secret.0, created_ms, expires_ms, uses_max, uses }
}

fn find(read: &impl Read, creator: UserId, secret: Digest) -> Result<Option<Invitation>, StoreError> {
    let found = read.get(&keys::invitation(creator, InvitationId::of(secret)))?;
    Ok(found.map(|record| invitation(creator, record)).filter(|invitation| invitation.secret == secret))
}

fn all(read: &impl Read, creator: UserId) -> Result<Vec<Invitation>, StoreError> {
    read.collect(&keys::invitations(creator), Direction::Forward, READ_ROWS_MAX, |_, record| {
        Ok(invitation(creator, record))
    })
}

/// Removes an invitation and its uses; returns whether it was there.
pub(crate) fn remove(tx: &mut Tx<'_>, creator: UserId, id: InvitationId) -> Result<bool, StoreError> {
    if !tx.contains(&keys::invitation(creator, id))? {
        return Ok(false);
    }
    let uses = tx.collect(&keys::invitation_uses(creator, id), Direction::Forward, READ_ROWS_MAX, |key, _| {
        key.take::<32>()?;
        key.user()
    })?;
    uses.into_iter().try_for_each(|by| tx.delete(keys::invitation_use(creator, id, by)))?;
    tx.delete(keys::invitation(creator, id))?;
    Ok(true)
}

#[async_trait]
impl<S: Substrate> Invitations for Ports<S> {
    async fn create(&self, invitation: Invitation) -> Result<bool, StoreError> {
        self.write(Slot::User(invitation.creator), move |tx| {
            if all(tx, invitation.creator)?.len() >= INVITATIONS_PER_CREATOR_MAX {
                return Ok(false);
            }
            tx.put(keys::invitation(invitation.creator, invitation.id()), &record(&invitation))?;
            Ok(true)
        })
        .await
    }

    async fn list(&self, creator: UserId) -> Result<Vec<Invitation>, StoreError> {
        self.read(Slot::User(creator), |view| all(view, creator)).await
    }

    async fn get(&self, creator: UserId, secret: Digest) -> Result<Option<Invitation>, StoreError> {
        self.read(Slot::User(creator), |view| find(view, creator, secret)).await
    }

    async fn revoke(&self, creator: UserId, id: InvitationId) -> Result<bool, StoreError> {
        self.write(Slot::User(creator), move |tx| remove(tx, creator, id)).await
    }

    async fn redeem(&self, creator: UserId, secret: Digest, by: UserId, now_ms: u64) -> Result<bool, StoreError> {
        self.write(Slot::User(creator), move |tx| {
            let Some(mut invitation) = find(tx, creator, secret)? else { return Ok(false) };
            let used = keys::invitation_use(creator, invitation.id(), by);
            if tx.contains(&used)? {
                return Ok(true);
            }
            if !invitation.is_open(now_ms) || invitation.uses >= INVITATION_USES_MAX {
                return Ok(false);
            }
            invitation.uses += 1;
            tx.put(used, &stored::InvitationUse { at_ms: now_ms })?;
            tx.put(keys::invitation(creator, invitation.id()), &record(&invitation))?;
            Ok(true)
        })
        .await
    }
}
