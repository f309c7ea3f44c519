//! A user's own log: a bounded tail of entries, and the latest entry of each room and key for
//! whoever is further behind.

mod keyed;

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};
use std::sync::Arc;

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    embedded::{heads::LogId, keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{NewSetting, UserChange, UserEntry, UserFact, UserHead, UserKey},
    port::{
        UserLog, UserLogObserver,
        user_log::{SetRefused, SetResult},
    },
};

impl From<stored::UserHead> for UserHead {
    fn from(head: stored::UserHead) -> Self {
        Self { epoch: head.epoch, seq: head.seq }
    }
}

/// An entry about to be written.
struct Next {
    head: stored::UserHead,
    seq: u64,
    at_ms: u64,
}

/// The place of the next entry; `None` if there is no such user.
fn next(tx: &Tx<'_>, user: UserId, at_ms: u64) -> Result<Option<Next>, StoreError> {
    let Some(head) = tx.get(&keys::user_head(user))? else { return Ok(None) };
    // Time never runs backwards in this log either.
    let before_ms = tx.get(&keys::user_entry(user, head.seq))?.map_or(0, |newest| newest.at_ms);
    Ok(Some(Next { seq: head.seq + 1, at_ms: at_ms.max(before_ms), head }))
}

/// Writes the entry, and lets go of the oldest.
fn write(
    tx: &mut Tx<'_>,
    user: UserId,
    next: Next,
    subject: stored::UserSubject,
    fact: UserFact,
) -> Result<UserEntry, StoreError> {
    let Next { mut head, seq, at_ms } = next;
    head.seq = seq;
    tx.insert(keys::user_entry(user, seq), &stored::UserEntry { at_ms, subject })?;
    let first = (seq + 1).saturating_sub(tx.context().bounds.user_log_tail_entries_max).max(1);
    // One at a time as a rule; more at once after the bound was lowered, over several appends.
    for seq in (head.first..first).take(READ_ROWS_MAX / 4) {
        keyed::compacted(tx, user, seq)?;
        tx.delete(keys::user_entry(user, seq))?;
        head.first = seq + 1;
    }
    tx.put(keys::user_head(user), &head)?;
    let entry = UserEntry { seq, at_ms, fact };
    tx.effects.user_entries.push((user, entry.clone()));
    tx.effects.heads.push((LogId::User(user), head.epoch, seq));
    Ok(entry)
}

/// A room came or went.
fn append_room(
    tx: &mut Tx<'_>,
    user: UserId,
    (room, cause_seq): (RoomId, u64),
    is_added: bool,
    at_ms: u64,
) -> Result<Option<UserEntry>, StoreError> {
    let (present, gone) = (keys::user_room(user, room), keys::user_room_gone(user, room));
    let known = [tx.get(&present)?, tx.get(&gone)?].into_iter().flatten().map(|row| row.cause_seq).max();
    if known.is_some_and(|known| known >= cause_seq) {
        return Ok(None);
    }
    let Some(next) = next(tx, user, at_ms)? else { return Ok(None) };
    let row = stored::UserRoom { seq: next.seq, at_ms: next.at_ms, cause_seq };
    let (now, before) = if is_added { (present, gone) } else { (gone, present) };
    tx.delete(before)?;
    tx.put(now, &row)?;
    let (subject, fact) = if is_added {
        (stored::UserSubject::RoomAdded(room), UserFact::RoomAdded(room))
    } else {
        keyed::forget_room(tx, user, room)?;
        (stored::UserSubject::RoomRemoved(room), UserFact::RoomRemoved(room))
    };
    write(tx, user, next, subject, fact).map(Some)
}

/// An invitation came or went.
fn append_invitation(
    tx: &mut Tx<'_>,
    user: UserId,
    (room, cause_seq): (RoomId, u64),
    known: stored::KeyFact,
    at_ms: u64,
) -> Result<Option<UserEntry>, StoreError> {
    let key = UserKey::Invitation(room);
    let before = tx.get(&keyed::row(user, key))?;
    if before.as_ref().is_some_and(|before| before.cause_seq >= cause_seq) {
        return Ok(None);
    }
    if keyed::adds(before.as_ref().map(|row| &row.fact), &known) && !keyed::has_room(tx, user, key)? {
        return Ok(None);
    }
    let Some(next) = next(tx, user, at_ms)? else { return Ok(None) };
    let fact = keyed::fact(tx, user, key, known.clone())?;
    let row = stored::UserKey { seq: next.seq, at_ms: next.at_ms, cause_seq, client_id: None, fact: known };
    tx.put(keyed::row(user, key), &row)?;
    write(tx, user, next, keyed::subject(key), fact).map(Some)
}

fn append(
    tx: &mut Tx<'_>,
    user: UserId,
    cause: (RoomId, u64),
    fact: &UserFact,
    at_ms: u64,
) -> Result<Option<UserEntry>, StoreError> {
    match fact {
        UserFact::RoomAdded(_) => append_room(tx, user, cause, true, at_ms),
        UserFact::RoomRemoved(_) => append_room(tx, user, cause, false, at_ms),
        UserFact::Invited { by, .. } => append_invitation(tx, user, cause, stored::KeyFact::Invited { by: *by }, at_ms),
        UserFact::InvitationGone(_) => append_invitation(tx, user, cause, stored::KeyFact::InvitationGone, at_ms),
        other => Err(StoreError::Engine(format!("{other:?} has no cause in a room: it is set"))),
    }
}

fn set(tx: &mut Tx<'_>, user: UserId, new: &NewSetting) -> SetResult {
    let NewSetting { client_id, at_ms, ref change } = *new;
    let key = change.key();
    tx.foresee(&mut [keyed::row(user, key).bytes].into_iter());
    let Some(next) = next(tx, user, at_ms)? else { return Ok(Err(SetRefused::NoSuchUser)) };
    if let UserChange::RoomSettings { room, .. } | UserChange::Draft { room, .. } = change
        && !tx.contains(&keys::user_room(user, *room))?
    {
        return Ok(Err(SetRefused::NotInRoom));
    }
    let row = tx.get(&keyed::row(user, key))?;
    if client_id.is_some() && row.as_ref().is_some_and(|row| row.client_id == client_id) {
        return Ok(Ok(None));
    }
    let before = row.as_ref().map(|row| &row.fact);
    let Some(known) = keyed::changed(tx, user, change, before)? else { return Ok(Ok(None)) };
    if keyed::adds(before, &known) && !keyed::has_room(tx, user, key)? {
        return Ok(Err(SetRefused::TooMany));
    }
    if let UserChange::Draft { room, text } = change {
        let beside = text.as_deref().filter(|_| known == stored::KeyFact::Draft(stored::Text::Apart));
        keyed::put_draft(tx, user, *room, (before, beside))?;
    }
    let fact = keyed::fact(tx, user, key, known.clone())?;
    let row = stored::UserKey { seq: next.seq, at_ms: next.at_ms, cause_seq: 0, client_id, fact: known };
    tx.put(keyed::row(user, key), &row)?;
    write(tx, user, next, keyed::subject(key), fact).map(|entry| Ok(Some(entry)))
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
        self.write(Slot::User(user), move |tx| append(tx, user, cause, &fact, at_ms)).await
    }

    async fn set(&self, user: UserId, new: NewSetting) -> SetResult {
        self.write(Slot::User(user), move |tx| set(tx, user, &new)).await
    }

    async fn get(&self, user: UserId, key: UserKey) -> Result<Option<UserFact>, StoreError> {
        self.read(Slot::User(user), |view| {
            let found = view.get(&keyed::row(user, key))?;
            found.map(|row| keyed::fact(view, user, key, row.fact)).transpose()
        })
        .await
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
            let rows = view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, row| {
                key.user()?;
                Ok((key.number()?, row))
            })?;
            keyed::entries(view, user, rows).map(Some)
        })
        .await
    }

    async fn snapshot(&self, user: UserId) -> Result<Option<(UserHead, Vec<UserEntry>)>, StoreError> {
        self.read(Slot::User(user), |view| {
            let Some(head) = view.get(&keys::user_head(user))? else { return Ok(None) };
            // As many as rooms that one user may be in, which is the caller's bound.
            let rooms = view.collect(&keys::user_rooms(user), Direction::Forward, usize::MAX, |key, row| {
                key.user()?;
                Ok(UserEntry { seq: row.seq, at_ms: row.at_ms, fact: UserFact::RoomAdded(key.room()?) })
            });
            let known = keyed::present(view, user);
            let mut entries = rooms?;
            entries.append(&mut known?);
            entries.sort_unstable_by_key(|entry| entry.seq);
            Ok(Some((head.into(), entries)))
        })
        .await
    }

    fn observe(&self, observer: Arc<dyn UserLogObserver>) {
        self.substrate.observers().user_log.write().push(observer);
    }
}
