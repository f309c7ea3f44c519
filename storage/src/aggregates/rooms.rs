//! Rooms, who is in them, and second calls that are still due.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use super::{Ports, Slot, Substrate, log, pictures};
use crate::{
    StoreError,
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
    },
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{Appended, Fact, Membership, NewRoom, Pending, Room, VisibleRange},
    port::Rooms,
};

fn membership(
    read: &impl Read,
    room: RoomId,
    user: UserId,
    record: stored::Membership,
) -> Result<Membership, StoreError> {
    let mark_seq = read.get(&keys::standing(room, user))?.map_or(0, |standing| standing.mark_seq);
    let ranges = record.ranges.iter().map(|range| VisibleRange { from: range.from, until: range.until }).collect();
    Ok(Membership { user, ranges, joined_ms: record.joined_ms, mark_seq })
}

/// What a user may see of a room, also after they left.
pub(super) fn membership_of(read: &impl Read, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
    let record = match read.get(&keys::member(room, user))? {
        Some(record) => Some(record),
        None => read.get(&keys::former_member(room, user))?,
    };
    record.map(|record| membership(read, room, user, record)).transpose()
}

/// What is due, of a span of keys.
pub(crate) fn pending(
    read: &impl Read,
    span: &Span<stored::Pending>,
    limit: usize,
) -> Result<Vec<Pending>, StoreError> {
    read.collect(span, Direction::Forward, limit, |key, record| {
        let (room, seq) = (key.room()?, key.number()?);
        Ok(Pending { room, seq, user: record.user, fact: Fact::from(record.fact), at_ms: record.at_ms })
    })
}

#[async_trait]
impl<S: Substrate> Rooms for Ports<S> {
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError> {
        self.write(Slot::Room(room.id), move |tx| log::create(tx, &room)).await
    }

    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.read(Slot::Room(room), |view| {
            // Whatever is not at hand of them is fetched at once.
            let (record, head) = (view.get(&keys::room(room)), view.get(&keys::room_head(room)));
            let avatar = pictures::avatar(view, &keys::room_avatar(room));
            let (Some(record), head, avatar) = (record?, head?, avatar?) else { return Ok(None) };
            let head = head.map_or_else(|| view.need(&keys::room_head(room)), Ok)?;
            Ok(Some(Room {
                id: room,
                name: record.name,
                creator: record.creator,
                created_ms: record.created_ms,
                parent: record.parent,
                members: head.members,
                avatar,
                created_by: crate::model::Digest(record.created_by),
            }))
        })
        .await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.read(Slot::Room(room), |view| membership_of(view, room, user)).await
    }

    async fn members(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Membership>, StoreError> {
        self.read(Slot::Room(room), |view| {
            let mut span = keys::members(room);
            if let Some(after) = after {
                span = span.behind(&[&room.0, &after.0]);
            }
            let rows = view.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, record| {
                key.room()?;
                Ok((key.user()?, record))
            })?;
            view.foresee(&mut rows.iter().map(|(user, _)| keys::standing(room, *user).bytes));
            rows.into_iter().map(|(user, record)| membership(view, room, user, record)).collect()
        })
        .await
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.substrate.pending(limit.min(READ_ROWS_MAX)).await
    }

    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.write(Slot::Room(room), move |tx| tx.delete(keys::pending(room, seq))).await
    }
}
