//! Removing a message: what it says goes out of the log in the step in which the log says so.
//!
//! Its entry stays, for a log has no holes, and says that its text was deleted. What is counted
//! stays too: a running number of posts is never changed. What lies elsewhere, the bytes of its
//! file and parts of the log that are sealed, is left to a second call, which
//! [`crate::model::Pending`] names.

use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

use super::{
    append::pend,
    body, deleting,
    entry::{self, Draft},
    file,
    governing::{Asked, role},
    idempotency,
};
use crate::{
    StoreError,
    aggregates::marks,
    embedded::{keys, read::Read, stored, tx::Tx},
    model::{Entry, Erased, Reach, Rule, Sides},
    planted::{self, Bug},
    port::log::AppendRefused,
};

/// See [`crate::model::Change::Remove`].
pub(super) struct What<'a> {
    pub(super) target: u64,
    pub(super) named: &'a [UserId],
    pub(super) rule: Rule,
    pub(super) reach: Reach,
}

/// Removes a message. Nothing is written where it is refused.
pub(super) fn remove(
    tx: &mut Tx<'_>,
    Asked { room, user, client_id }: Asked,
    &What { target, named, rule: Rule(rule), reach }: &What<'_>,
    actor: Option<stored::Membership>,
    head: &mut stored::RoomHead,
) -> Result<Result<Arc<Entry>, AppendRefused>, StoreError> {
    // Whatever is not at hand of both is fetched at once.
    let (record, found) = (tx.need(&keys::room(room)), tx.get(&keys::entry(room, target)));
    let (record, found) = (record?, found?);
    let may_see = |actor: &stored::Membership| {
        actor.ranges.iter().any(|range| range.from <= target && range.until.is_none_or(|until| target < until))
    };
    let is_open = reach == Reach::All || actor.as_ref().is_some_and(may_see);
    let Some(mut row) = found.filter(|row| is_open && row.fact.is_post() && target <= head.seq) else {
        return Ok(Err(AppendRefused::NoSuchMessage));
    };
    let sides = Sides {
        kind: record.kind.into(),
        access: record.access.into(),
        actor: role(&record, user, actor.as_ref()),
        target: None,
        is_own: row.author == user,
        has_owner: true,
    };
    if !rule(&sides) && !planted::is(Bug::RemovalNotAsked) {
        return Ok(Err(AppendRefused::NotAllowed));
    }
    if row.text == stored::Text::Erased {
        return Ok(Err(AppendRefused::Unchanged));
    }
    idempotency::forget(tx, room, &row)?;
    if row.fact == stored::Fact::File {
        file::remove(tx, room, target)?;
    }
    if row.text == stored::Text::Apart {
        body::delete(tx, room, target)?;
    }
    if !planted::is(Bug::MentionKept) {
        marks::unmention(tx, room, target, named)?;
    }
    let author = row.author;
    row.text = stored::Text::Erased;
    tx.put(keys::entry(room, target), &row)?;

    let fact = stored::Fact::Deleted { target };
    let written = entry::write(tx, room, head, Draft { author: user, client_id, fact, text: None, file: None })?;
    pend(tx, room, head, author, fact)?;
    Ok(Ok(written))
}

/// What is left to do; nothing of an entry that was not removed.
pub(super) fn erased(read: &impl Read, room: RoomId, seq: u64) -> Result<Option<Erased>, StoreError> {
    // Whatever is not at hand of both is fetched at once.
    let (entry, file) = (read.get(&keys::entry(room, seq)), file::removed(read, room, seq));
    let is_deleted = deleting::is_deleted(read, room);
    let (entry, file) = (entry?, file?);
    // Of a deleted room everything goes.
    if is_deleted? {
        return Ok(None);
    }
    Ok(entry.filter(|entry| entry.text == stored::Text::Erased).map(|entry| Erased { author: entry.author, file }))
}

/// Does the rest that is in the rows; whether the entry was removed.
pub(super) fn scrub(tx: &mut Tx<'_>, room: RoomId, seq: u64) -> Result<bool, StoreError> {
    if erased(tx, room, seq)?.is_none() {
        return Ok(false);
    }
    file::forget(tx, room, seq)?;
    Ok(true)
}
