//! A user's own log: a bounded tail of entries, and the latest entry of each room for
//! whoever is further behind.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{UserEntry, UserFact, UserHead},
    port::{UserLog, UserLogObserver},
};

fn model(fact: stored::UserFact, room: RoomId) -> UserFact {
    match fact {
        stored::UserFact::RoomAdded => UserFact::RoomAdded(room),
        stored::UserFact::RoomRemoved => UserFact::RoomRemoved(room),
    }
}

impl From<stored::UserHead> for UserHead {
    fn from(head: stored::UserHead) -> Self {
        Self { epoch: head.epoch, seq: head.seq }
    }
}

fn append(
    tx: &mut Tx<'_>,
    user: UserId,
    cause_seq: u64,
    fact: UserFact,
    at_ms: u64,
) -> Result<Option<UserEntry>, StoreError> {
    let Some(mut head) = tx.get(&keys::user_head(user))? else { return Ok(None) };
    let (fact_kind, room) = match fact {
        UserFact::RoomAdded(room) => (stored::UserFact::RoomAdded, room),
        UserFact::RoomRemoved(room) => (stored::UserFact::RoomRemoved, room),
    };
    let (present, gone) = (keys::user_room(user, room), keys::user_room_gone(user, room));
    let known = [tx.get(&present)?, tx.get(&gone)?].into_iter().flatten().map(|row| row.cause_seq).max();
    if known.is_some_and(|known| known >= cause_seq) {
        return Ok(None);
    }

    // Time never runs backwards in this log either.
    let before_ms = tx.get(&keys::user_entry(user, head.seq))?.map_or(0, |newest| newest.at_ms);
    let at_ms = at_ms.max(before_ms);
    head.seq += 1;
    let row = stored::UserRoom { seq: head.seq, at_ms, cause_seq };
    let (now, before) = match fact_kind {
        stored::UserFact::RoomAdded => (present, gone),
        stored::UserFact::RoomRemoved => (gone, present),
    };
    tx.delete(before)?;
    tx.put(now, &row)?;
    tx.insert(keys::user_entry(user, head.seq), &stored::UserEntry { at_ms, fact: fact_kind, room })?;

    let first = (head.seq + 1).saturating_sub(tx.context().bounds.user_log_tail_entries_max).max(1);
    // One at a time as a rule; more at once after the bound was lowered, over several appends.
    for seq in (head.first..first).take(READ_ROWS_MAX / 2) {
        tx.delete(keys::user_entry(user, seq))?;
        head.first = seq + 1;
    }
    tx.put(keys::user_head(user), &head)?;

    let entry = UserEntry { seq: head.seq, at_ms, fact };
    tx.effects.user_entries.push((user, entry));
    tx.effects.heads.push((LogId::User(user), head.epoch, head.seq));
    Ok(Some(entry))
}

#[async_trait]
impl<S: Substrate> UserLog for Ports<S> {
    async fn append(
        &self,
        user: UserId,
        cause: (RoomId, u64),
        fact: UserFact,
        at_ms: u64,
    ) -> Result<Option<UserEntry>, StoreError> {
        let (_, cause_seq) = cause;
        self.write(Slot::User(user), move |tx| append(tx, user, cause_seq, fact, at_ms)).await
    }

    async fn head(&self, user: UserId) -> Result<Option<UserHead>, StoreError> {
        self.read(Slot::User(user), |view| Ok(view.get(&keys::user_head(user))?.map(UserHead::from))).await
    }

    async fn entries(&self, user: UserId, after: u64, limit: usize) -> Result<Option<Vec<UserEntry>>, StoreError> {
        self.read(Slot::User(user), |view| {
            let Some(head) = view.get(&keys::user_head(user))? else { return Ok(None) };
            let is_kept = after.saturating_add(1) >= head.first && after <= head.seq;
            if !is_kept {
                return Ok(None);
            }
            let span = keys::user_entries(user).behind(&[&user.0, &after.to_be_bytes()]);
            let entries = view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, row| {
                key.user()?;
                Ok(UserEntry { seq: key.number()?, at_ms: row.at_ms, fact: model(row.fact, row.room) })
            })?;
            Ok(Some(entries))
        })
        .await
    }

    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError> {
        self.read(Slot::User(user), |view| {
            let Some(head) = view.get(&keys::user_head(user))? else { return Ok(None) };
            // As many as rooms that one user may be in, which is the caller's bound.
            let mut entries = view.collect(&keys::user_rooms(user), Direction::Forward, usize::MAX, |key, row| {
                key.user()?;
                Ok(UserEntry { seq: row.seq, at_ms: row.at_ms, fact: UserFact::RoomAdded(key.room()?) })
            })?;
            entries.sort_unstable_by_key(|entry| entry.seq);
            Ok(Some((head.into(), entries)))
        })
        .await
    }

    fn observe(&self, observer: Arc<dyn UserLogObserver>) {
        self.substrate.observers().user_log.write().push(observer);
    }
}
