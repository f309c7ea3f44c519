//! Removing what has expired, in commands small enough that posts slip between them.

use super::{
    Embedded,
    keys::{self, Span},
    read::Read,
    stored,
    tx::Tx,
};
use crate::{
    StoreError, aggregates,
    engine::Direction,
    limits::SWEEP_ROWS_MAX,
    model::{ContentId, Digest, DueContents, InvitationId},
};
use rill_protocol::{ClientId, UserId};

/// What a sweep removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Idempotency keys.
    pub client_ids: u64,
    pub tickets: u64,
    pub invitations: u64,
    /// Names of blobs that were collected long ago.
    pub spent_blobs: u64,
}

pub(super) async fn sweep(store: &Embedded, now_ms: u64) -> Result<Swept, StoreError> {
    Ok(Swept {
        client_ids: client_ids(store, now_ms).await?,
        tickets: expired_tickets(store, now_ms).await?,
        invitations: expired_invitations(store, now_ms).await?,
        spent_blobs: spent_blobs(store, now_ms).await?,
    })
}

/// Drops the buckets of days that no longer count. Each command begins where the one before
/// ended: what was removed is a row too until the engine has rewritten its files, and to
/// begin at the first one would pass all of them again each time.
async fn client_ids(store: &Embedded, now_ms: u64) -> Result<u64, StoreError> {
    let mut removed = 0;
    let mut span = keys::request_keys_before(aggregates::expired_before(now_ms));
    loop {
        let (dropped, rest) = store.write(move |tx| drop_request_keys(tx, span)).await?;
        removed += dropped as u64;
        if dropped < SWEEP_ROWS_MAX {
            return Ok(removed);
        }
        span = rest;
    }
}

/// Drops the first of these; how many, and where the others begin.
fn drop_request_keys(
    tx: &mut Tx<'_>,
    span: Span<stored::RequestKey>,
) -> Result<(usize, Span<stored::RequestKey>), StoreError> {
    let expired = tx.collect(&span, Direction::Forward, SWEEP_ROWS_MAX, |key, _| {
        Ok((u32::from_be_bytes(key.take()?), key.room()?, key.user()?, ClientId(key.take()?)))
    })?;
    let rest = match expired.last() {
        Some((day, room, user, id)) => span.behind(&[&day.to_be_bytes(), &room.0, &user.0, &id.0]),
        None => span,
    };
    let dropped = expired.len();
    for (day, room, user, id) in expired {
        tx.delete(keys::request_key(day, room, user, id))?;
    }
    Ok((dropped, rest))
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

/// Contents of which a collector has something to look at, behind one of them.
fn listed_contents(store: &Embedded, after: Option<ContentId>) -> Result<Vec<ContentId>, StoreError> {
    store.read(|view| {
        let mut span: Span<stored::ContentDue> = keys::contents_due();
        if let Some(after) = after {
            span = span.behind(&[&after.0]);
        }
        view.collect(&span, Direction::Forward, SWEEP_ROWS_MAX, |key, _| key.content())
    })
}

async fn spent_blobs(store: &Embedded, now_ms: u64) -> Result<u64, StoreError> {
    let (mut forgotten, mut after) = (0, None);
    loop {
        let contents = listed_contents(store, after)?;
        for id in &contents {
            forgotten += store
                .write({
                    let id = *id;
                    move |tx| aggregates::sweep_content(tx, id, now_ms)
                })
                .await?
                .0;
        }
        match contents.last() {
            Some(last) if contents.len() == SWEEP_ROWS_MAX => after = Some(*last),
            _ => return Ok(forgotten),
        }
    }
}

/// See [`crate::port::Contents::due`].
pub(super) fn due_contents(
    store: &Embedded,
    now_ms: u64,
    mut after: Option<ContentId>,
    limit: usize,
) -> Result<DueContents, StoreError> {
    let (mut due, mut found) = (DueContents::default(), 0);
    loop {
        let contents = listed_contents(store, after)?;
        for id in &contents {
            let of_one = store.read(|view| aggregates::due_of_content(view, *id, now_ms))?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        embedded::durability_tests::{ROOM, new_room, open_over, post},
        engine::{Engine, Overlay, Visit, journal, memory::MemoryEngine},
        model::NewEntry,
    };
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    };

    const POSTS: usize = 4 * SWEEP_ROWS_MAX;

    /// Counts the rows that scans come upon.
    struct Counting {
        inner: MemoryEngine,
        visits: AtomicUsize,
    }

    impl Engine for Counting {
        fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
            self.inner.get(key)
        }

        fn scan(&self, from: &[u8], until: &[u8], way: Direction, visit: &mut Visit<'_>) -> Result<(), StoreError> {
            self.inner.scan(from, until, way, &mut |key, value| {
                self.visits.fetch_add(1, Relaxed);
                visit(key, value)
            })
        }

        fn commit(&self, batch: Overlay) -> Result<(), StoreError> {
            self.inner.commit(batch)
        }

        fn barrier(&self) -> Result<(), StoreError> {
            self.inner.barrier()
        }
    }

    #[tokio::test]
    async fn what_was_removed_is_not_passed_again_for_the_rest() {
        let directory = tempfile::tempdir().unwrap();
        let engine = Arc::new(Counting { inner: MemoryEngine::new(1 << 28), visits: AtomicUsize::new(0) });
        let journaled = Arc::new(journal::open(engine.clone(), directory.path(), directory.path(), 0).unwrap());
        let (opened, _) = open_over(journaled.clone());
        opened.store.rooms.create(new_room()).await.unwrap();
        let appends = (0..POSTS).map(|number| {
            let mut client_id = [1; 16];
            client_id[..8].copy_from_slice(&number.to_be_bytes());
            opened.store.log.append(ROOM, NewEntry { client_id: ClientId(client_id), ..post(1) })
        });
        for append in appends.collect::<Vec<_>>() {
            append.await.unwrap().unwrap();
        }
        // Into the engine: what is removed next is removed over it.
        journaled.settle().unwrap();
        engine.visits.store(0, Relaxed);
        let swept = opened.handle.sweep(9 * 24 * 60 * 60 * 1000).await.unwrap();
        assert_eq!(swept.client_ids as usize, POSTS + 1);
        let visits = engine.visits.load(Relaxed);
        assert!(visits < POSTS + POSTS / 2, "{visits} rows passed for {POSTS}");
        opened.handle.close().unwrap();
    }
}
