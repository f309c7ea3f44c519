//! Keys: the table's number, then ids and numbers of fixed width, big endian, so that
//! bytes sort as values do. Never names or text.
//!
//! A key carries the type of its record, so that one cannot be read as another.

mod desk;
mod files;
mod marks;
mod own;
mod people;
mod pictures;
mod rooms;

use rill_protocol::{ClientId, RoomId, SessionId, UserId};
use std::marker::PhantomData;

pub(crate) use desk::*;
pub(crate) use files::*;
pub(crate) use marks::*;
pub(crate) use own::*;
pub(crate) use people::*;
pub(crate) use pictures::*;
pub(crate) use rooms::*;

use super::stored;
use crate::{
    StoreError,
    blobs::BlobName,
    model::{Digest, InvitationId, NameKey},
    table::Table,
};

/// Where one record lies.
pub(crate) struct Key<R> {
    pub(crate) table: Table,
    pub(crate) bytes: Vec<u8>,
    record: PhantomData<fn() -> R>,
}

fn join(table: Table, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + parts.iter().map(|part| part.len()).sum::<usize>());
    bytes.push(table as u8);
    parts.iter().for_each(|part| bytes.extend_from_slice(part));
    bytes
}

impl<R> Key<R> {
    pub(crate) fn new(table: Table, parts: &[&[u8]]) -> Self {
        Self { table, bytes: join(table, parts), record: PhantomData }
    }
}

/// Keys `from..until` of one table.
pub(crate) struct Span<R> {
    pub(crate) table: Table,
    pub(crate) from: Vec<u8>,
    pub(crate) until: Vec<u8>,
    record: PhantomData<fn() -> R>,
}

impl<R> Clone for Span<R> {
    fn clone(&self) -> Self {
        Self { table: self.table, from: self.from.clone(), until: self.until.clone(), record: PhantomData }
    }
}

/// The first key behind all that begin with `prefix`. A prefix begins with a table's
/// number, which is never 255: there is such a key.
fn behind(mut prefix: Vec<u8>) -> Vec<u8> {
    while prefix.last() == Some(&u8::MAX) {
        prefix.pop();
    }
    if let Some(last) = prefix.last_mut() {
        *last += 1;
    }
    prefix
}

impl<R> Span<R> {
    /// Every key that begins with these parts.
    pub(crate) fn of(table: Table, parts: &[&[u8]]) -> Self {
        let from = join(table, parts);
        Self { table, until: behind(from.clone()), from, record: PhantomData }
    }

    /// Of those, the ones behind this key and all that begin with it.
    pub(crate) fn behind(mut self, parts: &[&[u8]]) -> Self {
        self.from = behind(join(self.table, parts)).max(self.from);
        self
    }

    /// Of those, the ones before this key.
    pub(crate) fn before(mut self, parts: &[&[u8]]) -> Self {
        self.until = join(self.table, parts).min(self.until);
        self
    }
}

/// The parts of a key that a scan came upon, behind the table's number.
pub(crate) struct Parts<'a> {
    table: Table,
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    pub(crate) fn new(table: Table, key: &'a [u8]) -> Self {
        Self { table, rest: key.get(1..).unwrap_or_default() }
    }

    /// The next `N` bytes.
    pub(crate) fn take<const N: usize>(&mut self) -> Result<[u8; N], StoreError> {
        let (part, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or_else(|| StoreError::Damaged { table: self.table.name(), detail: "its key is too short".into() })?;
        self.rest = rest;
        Ok(*part)
    }

    pub(crate) fn number(&mut self) -> Result<u64, StoreError> {
        self.take().map(u64::from_be_bytes)
    }

    pub(crate) fn room(&mut self) -> Result<RoomId, StoreError> {
        self.take().map(RoomId)
    }

    pub(crate) fn user(&mut self) -> Result<UserId, StoreError> {
        self.take().map(UserId)
    }
}

pub(crate) fn meta() -> Key<stored::Meta> {
    Key::new(Table::Meta, &[&[0]])
}

pub(crate) fn user(user: UserId) -> Key<stored::User> {
    Key::new(Table::User, &[&user.0])
}

pub(crate) fn users() -> Span<stored::User> {
    Span::of(Table::User, &[])
}

pub(crate) fn name(name: NameKey) -> Key<stored::Name> {
    Key::new(Table::Name, &[&name.0])
}

pub(crate) fn session(user: UserId, session: SessionId) -> Key<stored::Session> {
    Key::new(Table::Session, &[&user.0, &session.0])
}

pub(crate) fn sessions(user: UserId) -> Span<stored::Session> {
    Span::of(Table::Session, &[&user.0])
}

pub(crate) fn token(user: UserId, token: Digest) -> Key<stored::Token> {
    Key::new(Table::Token, &[&user.0, &token.0])
}

pub(crate) fn ticket(user: UserId, ticket: Digest) -> Key<stored::Ticket> {
    Key::new(Table::Ticket, &[&user.0, &ticket.0])
}

pub(crate) fn tickets(user: UserId) -> Span<stored::Ticket> {
    Span::of(Table::Ticket, &[&user.0])
}

pub(crate) fn all_tickets() -> Span<stored::Ticket> {
    Span::of(Table::Ticket, &[])
}

pub(crate) fn invitation(creator: UserId, id: InvitationId) -> Key<stored::Invitation> {
    Key::new(Table::Invitation, &[&creator.0, &id.0])
}

pub(crate) fn invitations(creator: UserId) -> Span<stored::Invitation> {
    Span::of(Table::Invitation, &[&creator.0])
}

pub(crate) fn all_invitations() -> Span<stored::Invitation> {
    Span::of(Table::Invitation, &[])
}

pub(crate) fn invitation_use(creator: UserId, id: InvitationId, by: UserId) -> Key<stored::InvitationUse> {
    Key::new(Table::InvitationUse, &[&creator.0, &id.0, &by.0])
}

pub(crate) fn invitation_uses(creator: UserId, id: InvitationId) -> Span<stored::InvitationUse> {
    Span::of(Table::InvitationUse, &[&creator.0, &id.0])
}

pub(crate) fn room(room: RoomId) -> Key<stored::Room> {
    Key::new(Table::Room, &[&room.0])
}

pub(crate) fn room_head(room: RoomId) -> Key<stored::RoomHead> {
    Key::new(Table::RoomHead, &[&room.0])
}

pub(crate) fn room_heads() -> Span<stored::RoomHead> {
    Span::of(Table::RoomHead, &[])
}

pub(crate) fn entry(room: RoomId, seq: u64) -> Key<stored::Entry> {
    Key::new(Table::Entry, &[&room.0, &seq.to_be_bytes()])
}

pub(crate) fn entries(room: RoomId) -> Span<stored::Entry> {
    Span::of(Table::Entry, &[&room.0])
}

pub(crate) fn body(room: RoomId, seq: u64, part: u16) -> Key<stored::Body> {
    Key::new(Table::Body, &[&room.0, &seq.to_be_bytes(), &part.to_be_bytes()])
}

/// The file of the message `seq`.
pub(crate) fn attached_file(room: RoomId, seq: u64) -> Key<stored::AttachedFile> {
    Key::new(Table::AttachedFile, &[&room.0, &seq.to_be_bytes()])
}

pub(crate) fn attached_files(room: RoomId) -> Span<stored::AttachedFile> {
    Span::of(Table::AttachedFile, &[&room.0])
}

/// What a change of a message writes.
pub(crate) fn message(room: RoomId, seq: u64) -> Key<stored::Message> {
    Key::new(Table::Message, &[&room.0, &seq.to_be_bytes()])
}

pub(crate) fn messages(room: RoomId) -> Span<stored::Message> {
    Span::of(Table::Message, &[&room.0])
}

pub(crate) fn member(room: RoomId, user: UserId) -> Key<stored::Membership> {
    Key::new(Table::Member, &[&room.0, &user.0])
}

pub(crate) fn members(room: RoomId) -> Span<stored::Membership> {
    Span::of(Table::Member, &[&room.0])
}

pub(crate) fn former_member(room: RoomId, user: UserId) -> Key<stored::Membership> {
    Key::new(Table::FormerMember, &[&room.0, &user.0])
}

pub(crate) fn standing(room: RoomId, user: UserId) -> Key<stored::Standing> {
    Key::new(Table::Standing, &[&room.0, &user.0])
}

pub(crate) fn standings(room: RoomId) -> Span<stored::Standing> {
    Span::of(Table::Standing, &[&room.0])
}

pub(crate) fn request_key(day: u32, room: RoomId, user: UserId, client_id: ClientId) -> Key<stored::RequestKey> {
    Key::new(Table::RequestKey, &[&day.to_be_bytes(), &room.0, &user.0, &client_id.0])
}

/// The request keys of one member and day.
pub(crate) fn request_keys(day: u32, room: RoomId, user: UserId) -> Span<stored::RequestKey> {
    Span::of(Table::RequestKey, &[&day.to_be_bytes(), &room.0, &user.0])
}

/// The request keys of all days before `day`.
pub(crate) fn request_keys_before(day: u32) -> Span<stored::RequestKey> {
    Span::of(Table::RequestKey, &[]).before(&[&day.to_be_bytes()])
}

pub(crate) fn pending(room: RoomId, seq: u64) -> Key<stored::Pending> {
    Key::new(Table::Pending, &[&room.0, &seq.to_be_bytes()])
}

/// What is due in one room.
pub(crate) fn pending_of(room: RoomId) -> Span<stored::Pending> {
    Span::of(Table::Pending, &[&room.0])
}

pub(crate) fn all_pending() -> Span<stored::Pending> {
    Span::of(Table::Pending, &[])
}

pub(crate) fn segment(room: RoomId, first: u64) -> Key<stored::Segment> {
    Key::new(Table::Segment, &[&room.0, &first.to_be_bytes()])
}

pub(crate) fn spent_segment(room: RoomId, blob: BlobName) -> Key<stored::SpentSegment> {
    Key::new(Table::SpentSegment, &[&room.0, &blob.0])
}

pub(crate) fn spent_segments(room: RoomId) -> Span<stored::SpentSegment> {
    Span::of(Table::SpentSegment, &[&room.0])
}

pub(crate) fn archived(room: RoomId) -> Key<stored::Archived> {
    Key::new(Table::Archived, &[&room.0])
}

/// Of a deleted room.
pub(crate) fn erasure(room: RoomId) -> Key<stored::Erasure> {
    Key::new(Table::Erasure, &[&room.0])
}

pub(crate) fn listed(created_ms: u64, room: RoomId) -> Key<stored::Place> {
    Key::new(Table::Directory, &[&created_ms.to_be_bytes(), &room.0])
}

pub(crate) fn directory() -> Span<stored::Place> {
    Span::of(Table::Directory, &[])
}

pub(crate) fn place(room: RoomId) -> Key<stored::Place> {
    Key::new(Table::Place, &[&room.0])
}

pub(crate) fn user_head(user: UserId) -> Key<stored::UserHead> {
    Key::new(Table::UserHead, &[&user.0])
}

pub(crate) fn user_heads() -> Span<stored::UserHead> {
    Span::of(Table::UserHead, &[])
}

pub(crate) fn user_entry(user: UserId, seq: u64) -> Key<stored::UserEntry> {
    Key::new(Table::UserEntry, &[&user.0, &seq.to_be_bytes()])
}

pub(crate) fn user_entries(user: UserId) -> Span<stored::UserEntry> {
    Span::of(Table::UserEntry, &[&user.0])
}

pub(crate) fn user_room(user: UserId, room: RoomId) -> Key<stored::UserRoom> {
    Key::new(Table::UserRoom, &[&user.0, &room.0])
}

pub(crate) fn user_rooms(user: UserId) -> Span<stored::UserRoom> {
    Span::of(Table::UserRoom, &[&user.0])
}

pub(crate) fn user_room_gone(user: UserId, room: RoomId) -> Key<stored::UserRoom> {
    Key::new(Table::UserRoomGone, &[&user.0, &room.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_holds_its_prefix_and_nothing_else() {
        let edge = RoomId([0xFF; 16]);
        let span = entries(edge);
        let last = entry(edge, u64::MAX).bytes;
        assert!(span.from <= last && last < span.until);
        assert!(span.until <= body(RoomId([0; 16]), 0, 0).bytes);
        let next = entry(RoomId([0; 16]), 0).bytes;
        assert!(next < span.from);
    }

    #[test]
    fn behind_and_before_leave_out_their_own_key() {
        let room = RoomId([3; 16]);
        let span = entries(room).behind(&[&room.0, &7u64.to_be_bytes()]).before(&[&room.0, &9u64.to_be_bytes()]);
        let within = |seq| {
            let key = entry(room, seq).bytes;
            span.from <= key && key < span.until
        };
        assert!(!within(7) && within(8) && !within(9));
        let none = entries(room).behind(&[&room.0, &u64::MAX.to_be_bytes()]);
        assert!(none.from <= none.until);
    }
}
