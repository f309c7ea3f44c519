//! Transfers of a user: rows of what is on its way in, and how far it is.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

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
    model::{NewTransfer, Target, Transfer, TransferBounds, TransferId, TransferState},
    port::{TransferRefused, Transfers},
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

    /// Whether a transfer that is to begin is this one.
    fn is_of(&self, new: &NewTransfer) -> bool {
        let facts = (self.target, &self.name, self.size, &self.media_type);
        facts == (new.target.into(), &new.name, new.size, &new.media_type)
    }
}

fn transfer(read: &impl Read, user: UserId, id: TransferId, record: stored::Transfer) -> Result<Transfer, StoreError> {
    let progress = read.get(&keys::transfer_progress(user, id))?;
    let progress = progress.map_or_else(Progress::default, |row| Progress { durable: row.durable, values: row.values });
    Ok(model((user, id), record, progress))
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

/// Those of a span, from its beginning, that nobody has touched since then.
pub(crate) fn untouched(
    read: &impl Read,
    span: &Span<stored::Transfer>,
    since_ms: u64,
    limit: usize,
) -> Result<Vec<Transfer>, StoreError> {
    let rows = read.collect(span, Direction::Forward, usize::MAX, |key, record| {
        Ok((record.touched_ms < since_ms).then_some((key.user()?, TransferId(key.take()?), record)))
    })?;
    joined(read, rows.into_iter().flatten().take(limit).collect())
}

fn remove(tx: &mut Tx<'_>, user: UserId, id: TransferId) -> Result<(), StoreError> {
    tx.delete(keys::transfer_progress(user, id))?;
    tx.delete(keys::transfer(user, id))
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
    if others.len() >= TRANSFERS_PER_USER_MAX {
        let done = others.iter().filter(|(_, other)| other.state == stored::TransferState::Done);
        match done.min_by_key(|(id, other)| (other.touched_ms, *id)) {
            Some((oldest, _)) => remove(tx, user, *oldest)?,
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
    /// Changes a transfer that is under way; returns whether it is.
    async fn change(
        &self,
        user: UserId,
        id: TransferId,
        now_ms: u64,
        change: impl Fn(&mut Tx<'_>, &mut stored::Transfer) -> Result<(), StoreError> + Send + 'static,
    ) -> Result<bool, StoreError> {
        let command = move |tx: &mut Tx<'_>| {
            let found = tx.get(&keys::transfer(user, id))?;
            let Some(mut record) = found.filter(stored::Transfer::is_under_way) else { return Ok(false) };
            record.touch(now_ms);
            change(tx, &mut record)?;
            tx.put(keys::transfer(user, id), &record)?;
            Ok(true)
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

    async fn advance(&self, user: UserId, id: TransferId, progress: Progress, now_ms: u64) -> Result<bool, StoreError> {
        self.change(user, id, now_ms, move |tx, _| {
            let row = stored::TransferProgress { durable: progress.durable, values: progress.values.clone() };
            tx.put(keys::transfer_progress(user, id), &row)
        })
        .await
    }

    async fn announce(
        &self,
        user: UserId,
        id: TransferId,
        message: (RoomId, u64),
        now_ms: u64,
    ) -> Result<bool, StoreError> {
        self.change(user, id, now_ms, move |_, record| {
            record.message.get_or_insert(message);
            Ok(())
        })
        .await
    }

    async fn touch(&self, user: UserId, id: TransferId, now_ms: u64) -> Result<bool, StoreError> {
        self.change(user, id, now_ms, |_, _| Ok(())).await
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
        self.turn(user, id, Some(now_ms), |record| {
            matches!(record.state, stored::TransferState::Finishing { .. }).then_some(stored::TransferState::Done)
        })
        .await
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
            let is_there = tx.contains(&keys::transfer(user, id))?;
            remove(tx, user, id)?;
            Ok(is_there)
        })
        .await
    }

    async fn expired(&self, untouched_since_ms: u64, limit: usize) -> Result<Vec<Transfer>, StoreError> {
        self.substrate.expired_transfers(untouched_since_ms, limit.min(READ_ROWS_MAX)).await
    }
}
