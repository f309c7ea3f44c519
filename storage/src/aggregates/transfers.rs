//! Transfers of a user: rows of what is on its way in, how far it is, and what it has become
//! that the user keeps.

use async_trait::async_trait;
use rill_protocol::{RoomId, TransferId, UserId};

use super::{Ports, Slot, Substrate};
use crate::{
    StoreError,
    blobs::{BlobName, Progress},
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
        tx::Tx,
    },
    engine::Direction,
    limits::{FILE_NAME_BYTES_MAX, MEDIA_TYPE_BYTES_MAX, READ_ROWS_MAX, TRANSFERS_PER_USER_MAX},
    model::{NewTransfer, Target, Transfer, TransferBounds, TransferState},
    port::{Advanced, TransferRefused, Transfers},
};

// One read sees them all.
const _: () = assert!(TRANSFERS_PER_USER_MAX <= READ_ROWS_MAX);

impl From<Target> for stored::Target {
    fn from(target: Target) -> Self {
        match target {
            Target::Message { room, client_id } => Self::Message { room, client_id },
            Target::UserAvatar => Self::UserAvatar,
            Target::RoomAvatar(room) => Self::RoomAvatar { room },
            Target::Emoji => Self::Emoji,
        }
    }
}

impl From<stored::Target> for Target {
    fn from(target: stored::Target) -> Self {
        match target {
            stored::Target::Message { room, client_id } => Self::Message { room, client_id },
            stored::Target::UserAvatar => Self::UserAvatar,
            stored::Target::RoomAvatar { room } => Self::RoomAvatar(room),
            stored::Target::Emoji => Self::Emoji,
        }
    }
}

impl From<stored::TransferState> for TransferState {
    fn from(state: stored::TransferState) -> Self {
        match state {
            stored::TransferState::Open => Self::Open,
            stored::TransferState::Finishing { digest } => Self::Finishing { digest },
            stored::TransferState::Done => Self::Done,
            stored::TransferState::Failed { code, digest } => Self::Failed { code, digest },
        }
    }
}

impl stored::Transfer {
    fn is_under_way(&self) -> bool {
        TransferState::from(self.state).is_under_way()
    }

    fn touch(&mut self, now_ms: u64) {
        self.touched_ms = self.touched_ms.max(now_ms);
    }

    /// In which turn it may go for another that is to begin. A blob of one that has failed may
    /// still have to be removed: what is left of it is found later ([`crate::strays`]), unless it
    /// was finishing. Then it may be whole, and nobody but this row knows that it has to go.
    fn leaves(&self) -> Option<u8> {
        match self.state {
            stored::TransferState::Done => Some(0),
            stored::TransferState::Failed { digest: None, .. } => Some(1),
            stored::TransferState::Failed { digest: Some(_), .. }
            | stored::TransferState::Open
            | stored::TransferState::Finishing { .. } => None,
        }
    }

    /// Whether a transfer that is to begin is this one.
    fn is_of(&self, new: &NewTransfer) -> bool {
        let facts = (self.target, &self.name, self.size, &self.media_type);
        facts == (new.target.into(), &new.name, new.size, &new.media_type)
    }
}

fn progress(read: &impl Read, user: UserId, id: TransferId) -> Result<stored::TransferProgress, StoreError> {
    let nothing = stored::TransferProgress { durable: 0, values: Vec::new(), writer: 0 };
    Ok(read.get(&keys::transfer_progress(user, id))?.unwrap_or(nothing))
}

fn transfer(read: &impl Read, user: UserId, id: TransferId, record: stored::Transfer) -> Result<Transfer, StoreError> {
    let stored::TransferProgress { durable, values, writer } = progress(read, user, id)?;
    Ok(Transfer { writer, ..model((user, id), record, Progress { durable, values }) })
}

fn model((user, id): (UserId, TransferId), record: stored::Transfer, progress: Progress) -> Transfer {
    let stored::Transfer { blob, target, name, size, media_type, created_ms, touched_ms, message, state } = record;
    Transfer {
        user,
        id,
        blob: BlobName(blob),
        target: target.into(),
        name,
        size,
        media_type,
        created_ms,
        touched_ms,
        message,
        state: state.into(),
        progress,
        writer: 0,
    }
}

fn all(read: &impl Read, user: UserId) -> Result<Vec<(TransferId, stored::Transfer)>, StoreError> {
    read.collect(&keys::transfers(user), Direction::Forward, READ_ROWS_MAX, |key, record| {
        key.user()?;
        Ok((TransferId(key.take()?), record))
    })
}

fn joined(read: &impl Read, rows: Vec<(UserId, TransferId, stored::Transfer)>) -> Result<Vec<Transfer>, StoreError> {
    read.foresee(&mut rows.iter().map(|(user, id, _)| keys::transfer_progress(*user, *id).bytes));
    rows.into_iter().map(|(user, id, record)| transfer(read, user, id, record)).collect()
}

/// Those of a span, behind one of them, that nobody has touched since then.
pub(crate) fn untouched(
    read: &impl Read,
    mut span: Span<stored::Transfer>,
    after: Option<(UserId, TransferId)>,
    (since_ms, limit): (u64, usize),
) -> Result<Vec<Transfer>, StoreError> {
    let mut found = Vec::new();
    loop {
        let rows = read.collect(&span, Direction::Forward, READ_ROWS_MAX, |key, record| {
            Ok((key.user()?, TransferId(key.take()?), record))
        })?;
        let rest = rows.last().map(|(user, id, _)| span.clone().behind(&[&user.0, &id.0]));
        let is_last = rows.len() < READ_ROWS_MAX;
        found.extend(rows.into_iter().filter(|(user, id, record)| {
            record.touched_ms < since_ms && after.is_none_or(|after| (*user, *id) > after)
        }));
        match rest {
            Some(rest) if !is_last && found.len() < limit => span = rest,
            _ => break,
        }
    }
    found.truncate(limit);
    joined(read, found)
}

fn remove(tx: &mut Tx<'_>, user: UserId, (id, record): (TransferId, &stored::Transfer)) -> Result<(), StoreError> {
    if let Some(message) = record.message
        && tx.get(&keys::kept_file(user, message))?.is_some_and(|row| row.bytes.is_none())
    {
        // Nobody will tell it as done any more.
        tx.delete(keys::kept_file(user, message))?;
    }
    tx.delete(keys::transfer_progress(user, id))?;
    tx.delete(keys::transfer(user, id))
}

fn kept(read: &impl Read, user: UserId) -> Result<u64, StoreError> {
    Ok(read.get(&keys::kept_bytes(user))?.map_or(0, |row| row.bytes))
}

fn note_kept(tx: &mut Tx<'_>, user: UserId, bytes: u64) -> Result<(), StoreError> {
    match bytes {
        0 => tx.delete(keys::kept_bytes(user)),
        bytes => tx.put(keys::kept_bytes(user), &stored::KeptBytes { bytes }),
    }
}

/// A message has got its file, unless it is kept or forgotten already.
fn keep(tx: &mut Tx<'_>, user: UserId, message: (RoomId, u64), bytes: u64) -> Result<(), StoreError> {
    if tx.contains(&keys::kept_file(user, message))? {
        return Ok(());
    }
    tx.put(keys::kept_file(user, message), &stored::KeptFile { bytes: Some(bytes) })?;
    let kept = kept(tx, user)?.saturating_add(bytes);
    note_kept(tx, user, kept)
}

fn forget(tx: &mut Tx<'_>, user: UserId, message: (RoomId, u64)) -> Result<bool, StoreError> {
    let found = tx.get(&keys::kept_file(user, message))?;
    if let Some(stored::KeptFile { bytes: None }) = found {
        return Ok(false);
    }
    let bytes = found.and_then(|row| row.bytes);
    if let Some(bytes) = bytes {
        let kept = kept(tx, user)?.saturating_sub(bytes);
        note_kept(tx, user, kept)?;
    }
    let is_to_come = |other: &stored::Transfer| other.is_under_way() && other.message == Some(message);
    if all(tx, user)?.iter().any(|(_, other)| is_to_come(other)) {
        tx.put(keys::kept_file(user, message), &stored::KeptFile { bytes: None })?;
    } else {
        tx.delete(keys::kept_file(user, message))?;
    }
    Ok(bytes.is_some())
}

fn begin(
    tx: &mut Tx<'_>,
    new: &NewTransfer,
    bounds: TransferBounds,
) -> Result<Result<Transfer, TransferRefused>, StoreError> {
    let (user, id) = (new.user, new.id);
    if let Some(record) = tx.get(&keys::transfer(user, id))? {
        let is_same = record.is_of(new);
        return Ok(if is_same { Ok(transfer(tx, user, id, record)?) } else { Err(TransferRefused::Different) });
    }
    if new.name.len() > FILE_NAME_BYTES_MAX || new.media_type.len() > MEDIA_TYPE_BYTES_MAX {
        return Ok(Err(TransferRefused::TooLong));
    }
    let others = all(tx, user)?;
    let under_way = || others.iter().filter(|(_, other)| other.is_under_way());
    if under_way().count() >= bounds.transfers_max {
        return Ok(Err(TransferRefused::TooMany));
    }
    let bytes = under_way().fold(new.size, |bytes, (_, other)| bytes.saturating_add(other.size));
    if bytes > bounds.bytes_max {
        return Ok(Err(TransferRefused::TooManyBytes));
    }
    if bytes.saturating_add(kept(tx, user)?) > bounds.kept_bytes_max {
        return Ok(Err(TransferRefused::QuotaExceeded));
    }
    if others.len() >= TRANSFERS_PER_USER_MAX {
        let over = others.iter().filter_map(|other| other.1.leaves().map(|turn| (turn, other.1.touched_ms, other)));
        match over.min_by_key(|(turn, touched_ms, other)| (*turn, *touched_ms, other.0)) {
            Some((_, _, (id, oldest))) => remove(tx, user, (*id, oldest))?,
            None => return Ok(Err(TransferRefused::TooMany)),
        }
    }
    let record = stored::Transfer {
        blob: new.blob.0,
        target: new.target.into(),
        name: new.name.clone(),
        size: new.size,
        media_type: new.media_type.clone(),
        created_ms: new.at_ms,
        touched_ms: new.at_ms,
        message: None,
        state: stored::TransferState::Open,
    };
    tx.put(keys::transfer(user, id), &record)?;
    Ok(Ok(model((user, id), record, Progress::default())))
}

impl<S: Substrate> Ports<S> {
    /// Changes a transfer that is under way; returns what comes of it, or nothing if it is not.
    async fn change<T: Send + 'static>(
        &self,
        user: UserId,
        id: TransferId,
        now_ms: u64,
        change: impl Fn(&mut Tx<'_>, &mut stored::Transfer) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<Option<T>, StoreError> {
        let command = move |tx: &mut Tx<'_>| {
            let found = tx.get(&keys::transfer(user, id))?;
            let Some(mut record) = found.filter(stored::Transfer::is_under_way) else { return Ok(None) };
            record.touch(now_ms);
            let outcome = change(tx, &mut record)?;
            tx.put(keys::transfer(user, id), &record)?;
            Ok(Some(outcome))
        };
        self.write(Slot::User(user), command).await
    }

    /// Moves a transfer to another state where there is one; returns the state that it has.
    async fn turn(
        &self,
        user: UserId,
        id: TransferId,
        now_ms: Option<u64>,
        next: impl Fn(&stored::Transfer) -> Option<stored::TransferState> + Send + 'static,
    ) -> Result<Option<TransferState>, StoreError> {
        let command = move |tx: &mut Tx<'_>| {
            let Some(mut record) = tx.get(&keys::transfer(user, id))? else { return Ok(None) };
            if let Some(state) = next(&record) {
                record.state = state;
                now_ms.into_iter().for_each(|now_ms| record.touch(now_ms));
                tx.put(keys::transfer(user, id), &record)?;
            }
            Ok(Some(record.state.into()))
        };
        self.write(Slot::User(user), command).await
    }
}

#[async_trait]
impl<S: Substrate> Transfers for Ports<S> {
    async fn begin(
        &self,
        transfer: NewTransfer,
        bounds: TransferBounds,
    ) -> Result<Result<Transfer, TransferRefused>, StoreError> {
        self.write(Slot::User(transfer.user), move |tx| begin(tx, &transfer, bounds)).await
    }

    async fn get(&self, user: UserId, id: TransferId) -> Result<Option<Transfer>, StoreError> {
        self.read(Slot::User(user), |view| {
            let Some(record) = view.get(&keys::transfer(user, id))? else { return Ok(None) };
            transfer(view, user, id, record).map(Some)
        })
        .await
    }

    async fn list(&self, user: UserId) -> Result<Vec<Transfer>, StoreError> {
        self.read(Slot::User(user), |view| {
            joined(view, all(view, user)?.into_iter().map(|(id, record)| (user, id, record)).collect())
        })
        .await
    }

    async fn take(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<Option<u64>, StoreError> {
        self.change(user, id, now_ms, move |tx, _| {
            let mut row = progress(tx, user, id)?;
            row.writer += 1;
            tx.put(keys::transfer_progress(user, id), &row)?;
            Ok(row.writer)
        })
        .await
    }

    async fn advance(
        &self,
        user: UserId,
        id: TransferId,
        writer: u64,
        reached: Progress,
        now_ms: u64,
    ) -> Result<Advanced, StoreError> {
        let command = move |tx: &mut Tx<'_>| {
            let found = tx.get(&keys::transfer(user, id))?;
            let Some(mut record) = found.filter(stored::Transfer::is_under_way) else { return Ok(Advanced::Ended) };
            let row = progress(tx, user, id)?;
            if row.writer != writer {
                return Ok(Advanced::Taken);
            }
            record.touch(now_ms);
            tx.put(keys::transfer(user, id), &record)?;
            if reached.durable > row.durable {
                let Progress { durable, values } = reached.clone();
                tx.put(keys::transfer_progress(user, id), &stored::TransferProgress { durable, values, writer })?;
            }
            Ok(Advanced::Noted)
        };
        self.write(Slot::User(user), command).await
    }

    async fn announce(
        &self,
        user: UserId,
        id: TransferId,
        message: (RoomId, u64),
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        let announced = self.change(user, id, now_ms, move |_, record| {
            record.message.get_or_insert(message);
            Ok(())
        });
        Ok(announced.await?.is_some())
    }

    async fn finish(
        &self,
        user: UserId,
        id: TransferId,
        digest: [u8; 32],
        now_ms: u64,
    ) -> Result<Option<TransferState>, StoreError> {
        self.turn(user, id, Some(now_ms), move |record| {
            (record.state == stored::TransferState::Open).then_some(stored::TransferState::Finishing { digest })
        })
        .await
    }

    async fn done(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<Option<TransferState>, StoreError> {
        let command = move |tx: &mut Tx<'_>| {
            let Some(mut record) = tx.get(&keys::transfer(user, id))? else { return Ok(None) };
            if matches!(record.state, stored::TransferState::Finishing { .. }) {
                record.state = stored::TransferState::Done;
                record.touch(now_ms);
                tx.put(keys::transfer(user, id), &record)?;
                if let Some(message) = record.message {
                    keep(tx, user, message, record.size)?;
                }
            }
            Ok(Some(record.state.into()))
        };
        self.write(Slot::User(user), command).await
    }

    async fn fail(
        &self,
        user: UserId,
        id: TransferId,
        code: u32,
        untouched_since_ms: Option<u64>,
    ) -> Result<Option<TransferState>, StoreError> {
        self.turn(user, id, None, move |record| {
            if untouched_since_ms.is_some_and(|since_ms| record.touched_ms >= since_ms) {
                return None;
            }
            let digest = match record.state {
                stored::TransferState::Open => None,
                stored::TransferState::Finishing { digest } => Some(digest),
                stored::TransferState::Done | stored::TransferState::Failed { .. } => return None,
            };
            Some(stored::TransferState::Failed { code, digest })
        })
        .await
    }

    async fn remove(&self, user: UserId, id: TransferId) -> Result<bool, StoreError> {
        self.write(Slot::User(user), move |tx| {
            let Some(record) = tx.get(&keys::transfer(user, id))? else { return Ok(false) };
            remove(tx, user, (id, &record))?;
            Ok(true)
        })
        .await
    }

    async fn kept(&self, user: UserId) -> Result<u64, StoreError> {
        self.read(Slot::User(user), |view| kept(view, user)).await
    }

    async fn forget(&self, user: UserId, room: RoomId, seq: u64) -> Result<bool, StoreError> {
        self.write(Slot::User(user), move |tx| forget(tx, user, (room, seq))).await
    }

    async fn expired(
        &self,
        untouched_since_ms: u64,
        after: Option<(UserId, TransferId)>,
        limit: usize,
    ) -> Result<Vec<Transfer>, StoreError> {
        self.substrate.expired_transfers(untouched_since_ms, after, limit.min(READ_ROWS_MAX)).await
    }
}
