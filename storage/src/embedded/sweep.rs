//! Removing what has expired, in commands small enough that posts slip between them.

use super::{
    Embedded,
    keys::{self, Span},
    read::Read,
    stored,
};
use crate::{
    StoreError, aggregates,
    engine::Direction,
    limits::SWEEP_ROWS_MAX,
    model::{Digest, InvitationId},
};
use rill_protocol::{ClientId, RoomId, UserId};

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Idempotency keys.
    pub client_ids: u64,
    pub tickets: u64,
    pub invitations: u64,
}

pub(super) async fn sweep(store: &Embedded, now_ms: u64) -> Result<Swept, StoreError> {
    Ok(Swept {
        client_ids: client_ids(store, now_ms).await?,
        tickets: expired_tickets(store, now_ms).await?,
        invitations: expired_invitations(store, now_ms).await?,
    })
}

/// Drops the buckets of days that no longer count.
async fn client_ids(store: &Embedded, now_ms: u64) -> Result<u64, StoreError> {
    let mut removed = 0;
    loop {
        let dropped = store
            .write(move |tx| {
                let span = keys::request_keys_before(aggregates::expired_before(now_ms));
                let expired = tx.collect(&span, Direction::Forward, SWEEP_ROWS_MAX, |key, _| {
                    let day = u32::from_be_bytes(key.take()?);
                    Ok(keys::request_key(day, RoomId(key.take()?), UserId(key.take()?), ClientId(key.take()?)))
                })?;
                let dropped = expired.len();
                expired.into_iter().try_for_each(|key| tx.delete(key))?;
                Ok(dropped)
            })
            .await?;
        removed += dropped as u64;
        if dropped < SWEEP_ROWS_MAX {
            return Ok(removed);
        }
    }
}

/// Walks all tickets: most of those of users who never came back.
async fn expired_tickets(store: &Embedded, now_ms: u64) -> Result<u64, StoreError> {
    let mut removed = 0;
    let mut after: Option<(UserId, Digest)> = None;
    loop {
        let rows = store.read(|view| {
            let mut span: Span<stored::Ticket> = keys::all_tickets();
            if let Some((user, digest)) = after {
                span = span.behind(&[&user.0, &digest.0]);
            }
            view.collect(&span, Direction::Forward, SWEEP_ROWS_MAX, |key, ticket| {
                Ok((key.user()?, Digest(key.take()?), aggregates::is_ticket_expired(&ticket, now_ms)))
            })
        })?;
        after = rows.last().map(|(user, digest, _)| (*user, *digest));
        let is_last = rows.len() < SWEEP_ROWS_MAX;
        // A ticket never changes, so what was expired when it was read still is.
        let expired: Vec<_> = rows.into_iter().filter(|(.., expired)| *expired).collect();
        removed += expired.len() as u64;
        if !expired.is_empty() {
            store
                .write(move |tx| {
                    expired.into_iter().try_for_each(|(user, digest, _)| tx.delete(keys::ticket(user, digest)))
                })
                .await?;
        }
        if is_last {
            return Ok(removed);
        }
    }
}

/// Walks all invitations; one command removes one, with all of its uses.
async fn expired_invitations(store: &Embedded, now_ms: u64) -> Result<u64, StoreError> {
    let mut removed = 0;
    let mut after: Option<(UserId, InvitationId)> = None;
    loop {
        let rows = store.read(|view| {
            let mut span: Span<stored::Invitation> = keys::all_invitations();
            if let Some((creator, id)) = after {
                span = span.behind(&[&creator.0, &id.0]);
            }
            view.collect(&span, Direction::Forward, SWEEP_ROWS_MAX, |key, invitation| {
                Ok((key.user()?, InvitationId(key.take()?), invitation.expires_ms <= now_ms))
            })
        })?;
        after = rows.last().map(|(creator, id, _)| (*creator, *id));
        let is_last = rows.len() < SWEEP_ROWS_MAX;
        for (creator, id, _) in rows.into_iter().filter(|(.., expired)| *expired) {
            removed += u64::from(store.write(move |tx| aggregates::remove_invitation(tx, creator, id)).await?);
        }
        if is_last {
            return Ok(removed);
        }
    }
}
