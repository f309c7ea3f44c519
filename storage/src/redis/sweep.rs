//! Removing what has expired and Redis does not forget by itself: tickets, invitations and
//! names of blobs that are gone. Request keys need nobody. And what a sweep of the server has
//! to look at: transfers and contents.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use rill_protocol::{TransferId, UserId};
use std::sync::Arc;

use super::{core::Core, lists::List};
use crate::{
    StoreError,
    aggregates::{self, Slot},
    embedded::{Swept, keys, read::Read},
    engine::Direction,
    limits::{LIST_READS_MAX, READ_ROWS_MAX, SWEEP_ROWS_MAX},
    model::{ContentId, Digest, DueContents, InvitationId, Transfer},
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
                _ => break,
            }
        }
        swept.spent_blobs = self.sweep_contents(now_ms).await?;
        Ok(swept)
    }

    async fn sweep_contents(self: &Arc<Self>, now_ms: u64) -> Result<u64, StoreError> {
        let (mut forgotten, mut after) = (0, None);
        loop {
            let contents = self.listed_in(List::Collecting, after).await?;
            for id in contents.iter().copied().map(ContentId) {
                let slot = Slot::Content(id);
                let (dropped, is_left) = self.submit(slot, move |tx| aggregates::sweep_content(tx, id, now_ms)).await?;
                forgotten += dropped;
                if !self.read(slot, |view| view.contains(&keys::content_due(id))).await? {
                    self.unlist(List::Collecting, slot).await?;
                }
                if !is_left {
                    self.unlist(List::Contents, slot).await?;
                }
            }
            match contents.last() {
                Some(last) if contents.len() == SWEEP_ROWS_MAX => after = Some(*last),
                _ => return Ok(forgotten),
            }
        }
    }

    /// See [`crate::port::Transfers::expired`].
    pub(super) async fn expired_transfers(
        self: &Arc<Self>,
        untouched_since_ms: u64,
        behind: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        self.ensure_open()?;
        let of_user = |user| {
            self.read(Slot::User(user), move |view| {
                aggregates::untouched_transfers(view, keys::transfers(user), behind, (untouched_since_ms, limit))
            })
        };
        let (mut expired, mut after) = (Vec::new(), behind.map(|(user, _)| user.0));
        if let Some((user, _)) = behind {
            // Whom the last ones were of may have more.
            expired = of_user(user).await?;
        }
        loop {
            let users = self.listed_in(List::Expiring, after).await?;
            let of_users = stream::iter(users.iter().copied().map(UserId).map(&of_user));
            let mut of_users = of_users.buffered(LIST_READS_MAX);
            while let Some(found) = of_users.try_next().await? {
                expired.extend(found);
            }
            match users.last() {
                Some(last) if users.len() == SWEEP_ROWS_MAX && expired.len() < limit => after = Some(*last),
                _ => break,
            }
        }
        expired.truncate(limit);
        Ok(expired)
    }

    /// See [`crate::port::Contents::due`]. Contents with nothing due leave the list.
    pub(super) async fn due_contents(
        self: &Arc<Self>,
        now_ms: u64,
        after: Option<ContentId>,
        limit: usize,
    ) -> Result<DueContents, StoreError> {
        self.ensure_open()?;
        let (mut due, mut found, mut after) = (DueContents::default(), 0, after.map(|after| after.0));
        loop {
            let contents = self.listed_in(List::Collecting, after).await?;
            let of_contents = stream::iter(contents.iter().copied().map(ContentId).map(|id| async move {
                let read = self.read(Slot::Content(id), move |view| {
                    Ok((aggregates::due_of_content(view, id, now_ms)?, view.contains(&keys::content_due(id))?))
                });
                Ok::<_, StoreError>((id, read.await?))
            }));
            let mut of_contents = of_contents.buffered(LIST_READS_MAX);
            while let Some((id, (of_one, is_due))) = of_contents.try_next().await? {
                if !is_due {
                    self.unlist(List::Collecting, Slot::Content(id)).await?;
                }
                found += usize::from(of_one != DueContents::default());
                if due.add(of_one, found >= limit) {
                    return Ok(due);
                }
            }
            match contents.last() {
                Some(last) if contents.len() == SWEEP_ROWS_MAX => after = Some(*last),
                _ => return Ok(due),
            }
        }
    }

    async fn sweep_user(self: &Arc<Self>, user: UserId, now_ms: u64, swept: &mut Swept) -> Result<(), StoreError> {
        let slot = Slot::User(user);
        let (tickets, invitations, has_transfers) = self
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
                let transfers = view.collect(&keys::transfers(user), Direction::Forward, 1, |_, _| Ok(()))?;
                Ok((tickets, invitations, !transfers.is_empty()))
            })
            .await?;
        let is_left =
            has_transfers || tickets.iter().any(|(_, gone)| !gone) || invitations.iter().any(|(_, gone)| !gone);
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
