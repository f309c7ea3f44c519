//! Rooms, who is in them, and second calls that are still due.

use async_trait::async_trait;
use rill_protocol::{RoomId, UserId};

use super::{
    Ports, Slot, Substrate,
    log::{
        self,
        deleting::{self, is_deleted},
    },
    pictures,
};
use crate::{
    StoreError,
    embedded::{
        keys::{self, Span},
        read::Read,
        stored,
        tx::Tx,
        view::View,
    },
    engine::Direction,
    limits::READ_ROWS_MAX,
    model::{
        Appended, Digest, Fact, LinkId, Membership, NewRoom, Noted, Pending, Remains, Room, RoomLink, VisibleRange,
    },
    port::{Doors, Rooms, log::Sight},
    record::Record,
};

fn membership(
    read: &impl Read,
    room: RoomId,
    user: UserId,
    record: stored::Membership,
) -> Result<Membership, StoreError> {
    let mark_seq = read.get(&keys::standing(room, user))?.map_or(0, |standing| standing.mark_seq);
    let ranges = record.ranges.iter().map(|range| VisibleRange { from: range.from, until: range.until }).collect();
    Ok(Membership { user, ranges, joined_ms: record.joined_ms, mark_seq, is_admin: record.is_admin })
}

/// What a user may see of a room, also after they left.
pub(super) fn membership_of(read: &impl Read, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
    let record = match read.get(&keys::member(room, user))? {
        Some(record) => Some(record),
        None => read.get(&keys::former_member(room, user))?,
    };
    record.map(|record| membership(read, room, user, record)).transpose()
}

/// A room as it is now; none where it is deleted.
pub(super) fn room_of(read: &impl Read, room: RoomId) -> Result<Option<Room>, StoreError> {
    // Whatever is not at hand of them is fetched at once.
    let (record, head) = (read.get(&keys::room(room)), read.get(&keys::room_head(room)));
    let avatar = pictures::avatar(read, &keys::room_avatar(room));
    let (Some(record), head, avatar) = (record?, head?, avatar?) else { return Ok(None) };
    let head = head.map_or_else(|| read.need(&keys::room_head(room)), Ok)?;
    if head.is_deleted {
        return Ok(None);
    }
    Ok(Some(Room {
        id: room,
        name: record.name,
        creator: record.creator,
        created_ms: record.created_ms,
        parent: record.parent,
        members: head.members,
        avatar,
        kind: record.kind.into(),
        access: record.access.into(),
        topic: record.topic,
        owner: record.owner,
        history: head.history.into(),
        slow_mode_ms: head.slow_mode_ms,
        archived_ms: head.archived_ms,
        is_closed: head.closed_by != 0,
        created_by: Digest(record.created_by),
    }))
}

fn link(record: stored::RoomLink) -> RoomLink {
    let stored::RoomLink { secret, creator, created_ms, expires_ms, uses_max, uses } = record;
    RoomLink { secret: Digest(secret), creator, created_ms, expires_ms, uses_max, uses }
}

/// The link with that secret.
pub(super) fn link_of(read: &impl Read, room: RoomId, secret: Digest) -> Result<Option<RoomLink>, StoreError> {
    let found = read.get(&keys::room_link(room, LinkId::of(secret)))?.map(link);
    Ok(found.filter(|link| link.secret == secret))
}

/// A page of those who are noted in a table of the room.
fn noted<R: Record>(
    read: &impl Read,
    room: RoomId,
    (mut span, after): (Span<R>, Option<UserId>),
    limit: usize,
    row: impl Fn(UserId, R) -> Noted,
) -> Result<Vec<Noted>, StoreError> {
    if let Some(after) = after {
        span = span.behind(&[&room.0, &after.0]);
    }
    read.collect(&span, Direction::Forward, limit.min(READ_ROWS_MAX), |key, record| {
        key.room()?;
        Ok(row(key.user()?, record))
    })
}

fn invited(user: UserId, row: stored::RoomInvitation) -> Noted {
    Noted { user, by: row.by, at_ms: row.at_ms }
}

/// Closes a private chat for one of its two, or opens it; whether it is there, and theirs.
fn close(tx: &mut Tx<'_>, room: RoomId, by: UserId, is_closed: bool) -> Result<bool, StoreError> {
    let (record, head) = (tx.get(&keys::room(room))?, tx.get(&keys::room_head(room))?);
    let (Some(record), Some(mut head)) = (record, head.filter(|head| !head.is_deleted)) else { return Ok(false) };
    let bit = match record.kind {
        stored::RoomKind::Private { a, .. } if by == a => stored::CLOSED_BY_A,
        stored::RoomKind::Private { b, .. } if by == b => stored::CLOSED_BY_B,
        _ => return Ok(false),
    };
    let closed_by = if is_closed { head.closed_by | bit } else { head.closed_by & !bit };
    if std::mem::replace(&mut head.closed_by, closed_by) != closed_by {
        tx.put(keys::room_head(room), &head)?;
        // Who remembers the room is told of this row.
        tx.put(keys::room(room), &record)?;
        tx.effects.chats.push((room, None));
    }
    Ok(true)
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

/// What a read says of a room; of one that is deleted, that there is nothing.
pub(super) fn unless_deleted<T: Default>(
    read: &impl Read,
    room: RoomId,
    said: Result<T, StoreError>,
) -> Result<T, StoreError> {
    // Whatever is not at hand of both is fetched at once.
    let is_deleted = is_deleted(read, room);
    let said = said?;
    Ok(if is_deleted? { T::default() } else { said })
}

#[async_trait]
impl<S: Substrate> Rooms for Ports<S> {
    async fn create(&self, room: NewRoom) -> Result<Appended, StoreError> {
        self.write(Slot::Room(room.id), move |tx| log::create(tx, &room)).await
    }

    async fn get(&self, room: RoomId) -> Result<Option<Room>, StoreError> {
        self.read(Slot::Room(room), |view| room_of(view, room)).await
    }

    async fn room_for(&self, user: UserId, room: RoomId) -> Result<Option<Sight<Room>>, StoreError> {
        self.read(Slot::Room(room), |view| log::sight(view, room, user, || room_of(view, room))).await
    }

    async fn membership(&self, room: RoomId, user: UserId) -> Result<Option<Membership>, StoreError> {
        self.read(Slot::Room(room), |view| unless_deleted(view, room, membership_of(view, room, user))).await
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
            let members = rows.into_iter().map(|(user, record)| membership(view, room, user, record)).collect();
            unless_deleted(view, room, members)
        })
        .await
    }

    async fn close(&self, room: RoomId, by: UserId, is_closed: bool) -> Result<bool, StoreError> {
        self.write(Slot::Room(room), move |tx| close(tx, room, by, is_closed)).await
    }

    async fn pending(&self, limit: usize) -> Result<Vec<Pending>, StoreError> {
        self.substrate.pending(limit.min(READ_ROWS_MAX)).await
    }

    async fn remains(&self, room: RoomId, limit: usize) -> Result<Option<Remains>, StoreError> {
        let limit = limit.min(READ_ROWS_MAX);
        self.read(Slot::Room(room), |view| deleting::remains(view, room, limit)).await
    }

    async fn erase(&self, room: RoomId, remains: Remains) -> Result<(), StoreError> {
        self.write(Slot::Room(room), move |tx| deleting::erase(tx, room, &remains)).await?;
        self.substrate.erased(room).await
    }

    async fn is_deleted(&self, room: RoomId) -> Result<bool, StoreError> {
        self.read(Slot::Room(room), |view| is_deleted(view, room)).await
    }

    async fn settle(&self, room: RoomId, seq: u64) -> Result<(), StoreError> {
        self.write(Slot::Room(room), move |tx| tx.delete(keys::pending(room, seq))).await
    }
}

#[async_trait]
impl<S: Substrate> Doors for Ports<S> {
    async fn invited(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Noted>, StoreError> {
        let span = (keys::room_invitations(room), after);
        let rows = move |view: &View<'_>| noted(view, room, span.clone(), limit, invited);
        self.read(Slot::Room(room), move |view| unless_deleted(view, room, rows(view))).await
    }

    async fn invitation(&self, room: RoomId, user: UserId) -> Result<Option<Noted>, StoreError> {
        let row = |view: &View<'_>| view.get(&keys::room_invitation(room, user));
        let row = |view: &View<'_>| unless_deleted(view, room, row(view));
        self.read(Slot::Room(room), |view| Ok(row(view)?.map(|row| invited(user, row)))).await
    }

    async fn banned(&self, room: RoomId, after: Option<UserId>, limit: usize) -> Result<Vec<Noted>, StoreError> {
        let span = (keys::bans(room), after);
        let row = |user, row: stored::Ban| Noted { user, by: row.by, at_ms: row.at_ms };
        let rows = move |view: &View<'_>| noted(view, room, span.clone(), limit, row);
        self.read(Slot::Room(room), move |view| unless_deleted(view, room, rows(view))).await
    }

    async fn links(&self, room: RoomId) -> Result<Vec<RoomLink>, StoreError> {
        self.read(Slot::Room(room), |view| {
            let links =
                view.collect(&keys::room_links(room), Direction::Forward, READ_ROWS_MAX, |_, row| Ok(link(row)));
            unless_deleted(view, room, links)
        })
        .await
    }

    async fn link(&self, room: RoomId, secret: Digest) -> Result<Option<RoomLink>, StoreError> {
        self.read(Slot::Room(room), |view| unless_deleted(view, room, link_of(view, room, secret))).await
    }
}
