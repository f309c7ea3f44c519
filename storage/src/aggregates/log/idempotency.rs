//! Client ids that were seen: one never makes two entries.
//!
//! A key lies in the bucket of the day its entry was made, and counts for
//! [`IDEMPOTENCY_DAYS`] days after it. Buckets are dropped whole by the sweep. Each
//! user's standing in a room says which buckets hold keys of theirs and how many: a
//! look-up asks only those, and the bound is known without counting.

use rill_protocol::{ClientId, RoomId, UserId, limits::IDEMPOTENCY_DAYS};

use crate::{
    StoreError,
    embedded::{keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::KNOWN_CLIENT_IDS_READ_MAX,
    planted::{self, Bug},
};

/// Stands for one that is forgotten.
const NO_DIGEST: [u8; 32] = [0; 32];

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn day(at_ms: u64) -> u32 {
    u32::try_from(at_ms / DAY_MS).unwrap_or(u32::MAX)
}

/// The day before which keys no longer count.
pub(crate) fn expired_before(now_ms: u64) -> u32 {
    day(now_ms).saturating_sub(IDEMPOTENCY_DAYS)
}

/// One request under its client id.
pub(super) struct Request {
    pub(super) room: RoomId,
    pub(super) user: UserId,
    pub(super) client_id: ClientId,
    pub(super) digest: [u8; 32],
}

/// What an earlier request under the same client id made.
pub(super) fn find(
    tx: &Tx<'_>,
    request: &Request,
    standing: &stored::Standing,
    at_ms: u64,
) -> Result<Option<stored::RequestKey>, StoreError> {
    if !may_have_used(tx, request, standing, at_ms)? {
        return Ok(None);
    }
    let live = standing.key_days.iter().filter(|bucket| bucket.day >= expired_before(at_ms));
    // Most retries come soon: newest bucket first.
    for bucket in live.rev() {
        let key = keys::request_key(bucket.day, request.room, request.user, request.client_id);
        if let Some(found) = tx.get(&key)? {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Whether the member may have used the client id, mostly without asking the engine.
fn may_have_used(tx: &Tx<'_>, request: &Request, standing: &stored::Standing, at_ms: u64) -> Result<bool, StoreError> {
    let Request { room, user, client_id, .. } = *request;
    if let Some(answer) = tx.cache().may_have_used(room, user, client_id) {
        return Ok(answer);
    }
    let live: Vec<_> = standing.key_days.iter().filter(|bucket| bucket.day >= expired_before(at_ms)).collect();
    if live.iter().map(|bucket| u64::from(bucket.count)).sum::<u64>() > KNOWN_CLIENT_IDS_READ_MAX {
        return Ok(true);
    }
    let mut used = Vec::new();
    for bucket in live {
        let span = keys::request_keys(bucket.day, room, user);
        used.extend(tx.collect(&span, Direction::Forward, usize::MAX, |key, _| {
            key.take::<4>()?;
            key.room()?;
            key.user()?;
            key.take().map(ClientId)
        })?);
    }
    if planted::is(Bug::KeyForgottenAtRestart) {
        used.clear();
    }
    let answer = used.contains(&client_id);
    tx.cache().learn_used(room, user, used.into_iter());
    Ok(answer)
}

impl stored::RequestKey {
    /// Whether it was made by the same request, as far as is known: of what was removed nothing is.
    pub(super) fn is_of(&self, request: &Request) -> bool {
        self.digest == request.digest || self.digest == NO_DIGEST
    }
}

/// What the request said that made an entry is not to be known any more.
pub(super) fn forget(tx: &mut Tx<'_>, room: RoomId, entry: &stored::Entry) -> Result<(), StoreError> {
    let key = keys::request_key(day(entry.at_ms), room, entry.author, entry.client_id);
    match tx.get(&key)? {
        Some(row) => tx.put(key, &stored::RequestKey { digest: NO_DIGEST, ..row }),
        None => Ok(()),
    }
}

/// That there was a request is not to be known any more either.
pub(super) fn erase(tx: &mut Tx<'_>, room: RoomId, entry: &stored::Entry) -> Result<(), StoreError> {
    tx.delete(keys::request_key(day(entry.at_ms), room, entry.author, entry.client_id))
}

/// Whether so many more keys stay within the bound.
pub(super) fn has_room(standing: &stored::Standing, at_ms: u64, keys: usize, keys_max: u32) -> bool {
    let live = standing.key_days.iter().filter(|bucket| bucket.day >= expired_before(at_ms));
    live.map(|bucket| u64::from(bucket.count)).sum::<u64>() + keys as u64 <= u64::from(keys_max)
}

/// Remembers what a request made. The caller writes the standing.
pub(super) fn remember(
    tx: &mut Tx<'_>,
    request: &Request,
    standing: &mut stored::Standing,
    at_ms: u64,
    seq: u64,
) -> Result<(), StoreError> {
    let today = day(at_ms);
    standing.key_days.retain(|bucket| bucket.day >= expired_before(at_ms));
    match standing.key_days.last_mut() {
        Some(bucket) if bucket.day == today => bucket.count += 1,
        _ => standing.key_days.push(stored::KeyDay { day: today, count: 1 }),
    }
    tx.cache().used(request.room, request.user, request.client_id);
    let key = keys::request_key(today, request.room, request.user, request.client_id);
    tx.insert(key, &stored::RequestKey { seq, digest: request.digest })
}
