//! Removing what has expired and Redis does not forget by itself: tickets and invitations.
//! Request keys need nobody.

use rill_protocol::UserId;
use std::sync::Arc;

use super::{core::Core, lists::List};
use crate::{
    StoreError,
    aggregates::{self, Slot},
    embedded::{Swept, keys, read::Read},
    engine::Direction,
    limits::{READ_ROWS_MAX, SWEEP_ROWS_MAX},
    model::{Digest, InvitationId},
};

impl Core {
    /// Goes through the users who have any. Several nodes may do so at once.
    pub(super) async fn sweep(self: &Arc<Self>, now_ms: u64) -> Result<Swept, StoreError> {
        let (mut swept, mut after) = (Swept::default(), None);
        loop {
            let users = self.listed_in(List::Expiring, after).await?;
            for user in users.iter().copied().map(UserId) {
                self.sweep_user(user, now_ms, &mut swept).await?;
            }
            match users.last() {
                Some(last) if users.len() == SWEEP_ROWS_MAX => after = Some(*last),
                _ => return Ok(swept),
            }
        }
    }

    async fn sweep_user(self: &Arc<Self>, user: UserId, now_ms: u64, swept: &mut Swept) -> Result<(), StoreError> {
        let slot = Slot::User(user);
        let (tickets, invitations) = self
            .read(slot, |view| {
                let tickets =
                    view.collect(&keys::tickets(user), Direction::Forward, READ_ROWS_MAX, |key, ticket| {
                        key.user()?;
                        Ok((Digest(key.take()?), aggregates::is_ticket_expired(&ticket, now_ms)))
                    })?;
                let span = keys::invitations(user);
                let invitations = view.collect(&span, Direction::Forward, READ_ROWS_MAX, |key, invitation| {
                    key.user()?;
                    Ok((InvitationId(key.take()?), invitation.expires_ms <= now_ms))
                })?;
                Ok((tickets, invitations))
            })
            .await?;
        let is_left = tickets.iter().any(|(_, gone)| !gone) || invitations.iter().any(|(_, gone)| !gone);
        // Neither is ever given more time, so what had expired still has.
        let gone: Vec<_> = tickets.into_iter().filter_map(|(digest, gone)| gone.then_some(digest)).collect();
        if !gone.is_empty() {
            swept.tickets += self
                .submit(slot, move |tx| {
                    let mut removed = 0;
                    tx.foresee(&mut gone.iter().map(|digest| keys::ticket(user, *digest).bytes));
                    for digest in &gone {
                        removed += u64::from(tx.contains(&keys::ticket(user, *digest))?);
                        tx.delete(keys::ticket(user, *digest))?;
                    }
                    Ok(removed)
                })
                .await?;
        }
        for (id, _) in invitations.into_iter().filter(|(_, gone)| *gone) {
            swept.invitations +=
                u64::from(self.submit(slot, move |tx| aggregates::remove_invitation(tx, user, id)).await?);
        }
        if is_left { Ok(()) } else { self.unlist(List::Expiring, slot).await }
    }
}
