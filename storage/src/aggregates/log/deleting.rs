//! Deleting a room: with its last entry nobody reads anything of it any more, and nothing is
//! appended. Its record and the head of its log stay, so that its id is never made again and
//! its log never goes back; what it held is erased afterwards, in commands small enough that others
//! slip between them.
//!
//! What the log says of users leads to the rows that they have here: every table but a few is
//! erased along it, from its first entry on. How far that is has a row of its own.

use rill_protocol::RoomId;
use std::{collections::BTreeSet, sync::Arc};

use super::{
    append::pend,
    body,
    entry::{self, Draft},
    file,
    governing::{Asked, role},
    idempotency,
};
use crate::{
    StoreError,
    aggregates::pictures,
    embedded::{keys, read::Read, stored, tx::Tx},
    engine::Direction,
    limits::{ERASE_ENTRIES, READ_ROWS_MAX, ROOM_INVITATIONS_MAX, SEGMENT_ENTRIES},
    model::{Entry, FileState, LinkId, Remains, Rule, Sides},
    port::log::AppendRefused,
};

// A segment is erased when its last entry is, and a command never begins within one and ends
// behind it.
const _: () = assert!(SEGMENT_ENTRIES.is_multiple_of(ERASE_ENTRIES) && ROOM_INVITATIONS_MAX < READ_ROWS_MAX);

/// Deletes a room. Nothing is written where it is refused.
pub(super) fn delete(
    tx: &mut Tx<'_>,
    Asked { room, user, client_id }: Asked,
    Rule(rule): Rule,
    actor: Option<&stored::Membership>,
    head: &mut stored::RoomHead,
) -> Result<Result<Arc<Entry>, AppendRefused>, StoreError> {
    let record = tx.need(&keys::room(room))?;
    let sides = Sides {
        kind: record.kind.into(),
        access: record.access.into(),
        actor: role(&record, user, actor),
        target: None,
        is_own: false,
        has_owner: true,
    };
    if !rule(&sides) {
        return Ok(Err(AppendRefused::NotAllowed));
    }
    (head.is_deleted, head.members) = (true, 0);
    // Who remembers the room is told of this row.
    tx.put(keys::room(room), &stored::Room { name: String::new(), topic: String::new(), ..record })?;
    let fact = stored::Fact::RoomDeleted;
    let written = entry::write(tx, room, head, Draft { author: user, client_id, fact, text: None, file: None })?;
    pend(tx, room, head, user, fact)?;
    Ok(Ok(written))
}

/// Whether there was a room that is deleted.
pub(crate) fn is_deleted(read: &impl Read, room: RoomId) -> Result<bool, StoreError> {
    Ok(read.get(&keys::room_head(room))?.is_some_and(|head| head.is_deleted))
}

/// See [`crate::port::Rooms::remains`].
pub(in crate::aggregates) fn remains(
    read: &impl Read,
    room: RoomId,
    limit: usize,
) -> Result<Option<Remains>, StoreError> {
    let Some(head) = read.get(&keys::room_head(room))?.filter(|head| head.is_deleted) else { return Ok(None) };
    let through = read.get(&keys::erasure(room))?.map_or(0, |row| row.through);
    if through + 1 >= head.seq {
        return Ok(None);
    }
    // One kind after the other: what follows members and files is erased along the log.
    let members = read.collect(&keys::members(room), Direction::Forward, limit, |key, _| {
        key.room()?;
        key.user()
    })?;
    if !members.is_empty() {
        return Ok(Some(Remains::Members(members)));
    }
    let invited = read.collect(&keys::room_invitations(room), Direction::Forward, READ_ROWS_MAX, |key, _| {
        key.room()?;
        key.user()
    })?;
    if !invited.is_empty() {
        return Ok(Some(Remains::Invited(invited)));
    }
    let files = read.collect(&keys::attached_files(room), Direction::Forward, limit, |key, row| {
        key.room()?;
        Ok((key.number()?, file::state(row.state)))
    })?;
    if !files.is_empty() {
        return of_whom(read, room, files).map(Some);
    }
    let avatar = pictures::avatar(read, &keys::room_avatar(room))?;
    Ok(Some(avatar.picture.map_or(Remains::Rows, Remains::Avatar)))
}

fn of_whom(read: &impl Read, room: RoomId, files: Vec<(u64, FileState)>) -> Result<Remains, StoreError> {
    read.foresee(&mut files.iter().map(|(seq, _)| keys::entry(room, *seq).bytes));
    let of_whom = |(seq, state)| Ok((seq, read.need(&keys::entry(room, seq))?.author, state));
    Ok(Remains::Files(files.into_iter().map(of_whom).collect::<Result<_, StoreError>>()?))
}

/// See [`crate::port::Rooms::erase`].
pub(in crate::aggregates) fn erase(tx: &mut Tx<'_>, room: RoomId, remains: &Remains) -> Result<(), StoreError> {
    let Some(head) = tx.get(&keys::room_head(room))?.filter(|head| head.is_deleted) else { return Ok(()) };
    match remains {
        Remains::Members(users) => users.iter().try_for_each(|user| {
            tx.delete(keys::member(room, *user))?;
            tx.delete(keys::standing(room, *user))
        }),
        Remains::Invited(users) => users.iter().try_for_each(|user| tx.delete(keys::room_invitation(room, *user))),
        Remains::Files(files) => files.iter().try_for_each(|(seq, ..)| tx.delete(keys::attached_file(room, *seq))),
        Remains::Avatar(_) => tx.delete(keys::room_avatar(room)),
        Remains::Rows => rows(tx, room, &head),
    }
}

/// The next rows that nothing else knows of.
fn rows(tx: &mut Tx<'_>, room: RoomId, head: &stored::RoomHead) -> Result<(), StoreError> {
    let named = tx.collect(&keys::all_mentions(room), Direction::Forward, ERASE_ENTRIES as usize, |key, _| {
        key.room()?;
        Ok((key.user()?, key.number()?))
    })?;
    if !named.is_empty() {
        return named.into_iter().try_for_each(|(user, seq)| tx.delete(keys::mention(room, user, seq)));
    }
    let links = tx.collect(&keys::room_links(room), Direction::Forward, READ_ROWS_MAX, |key, _| {
        key.room()?;
        Ok(LinkId(key.take()?))
    })?;
    links.into_iter().try_for_each(|link| tx.delete(keys::room_link(room, link)))?;
    entries(tx, room, head)
}

/// The next entries, the rows beside them, and those of the users whom they speak of.
fn entries(tx: &mut Tx<'_>, room: RoomId, head: &stored::RoomHead) -> Result<(), StoreError> {
    let through = tx.get(&keys::erasure(room))?.map_or(0, |row| row.through);
    // The last one stays.
    let last = head.seq - 1;
    let end = (through + ERASE_ENTRIES).min(last);
    let span = keys::entries(room).behind(&[&room.0, &through.to_be_bytes()]);
    let span = span.before(&[&room.0, &(end + 1).to_be_bytes()]);
    let found = tx.collect(&span, Direction::Forward, ERASE_ENTRIES as usize, |key, row| {
        key.room()?;
        Ok((key.number()?, row))
    })?;
    let apart =
        |(seq, row): &(u64, stored::Entry)| (row.text == stored::Text::Apart).then(|| keys::body(room, *seq, 0).bytes);
    tx.foresee(&mut found.iter().filter_map(apart));
    let mut users = BTreeSet::new();
    for (seq, row) in found {
        users.insert(row.author);
        if let Some(user) = row.fact.about() {
            users.insert(user);
        }
        if row.text == stored::Text::Apart {
            body::delete(tx, room, seq)?;
        }
        idempotency::erase(tx, room, &row)?;
        tx.delete(keys::message(room, seq))?;
        tx.delete(keys::entry(room, seq))?;
    }
    if end == last {
        // Who deleted the room.
        users.extend(tx.get(&keys::entry(room, head.seq))?.map(|row| row.author));
        tx.delete(keys::archived(room))?;
        tx.delete(keys::room_avatar(room))?;
    }
    for user in users {
        tx.delete(keys::former_member(room, user))?;
        tx.delete(keys::standing(room, user))?;
        tx.delete(keys::last_post(room, user))?;
        tx.delete(keys::arrival(room, user))?;
        tx.delete(keys::ban(room, user))?;
    }
    let is_whole = end.is_multiple_of(SEGMENT_ENTRIES) || end == last;
    let first = end.saturating_sub(1) / SEGMENT_ENTRIES * SEGMENT_ENTRIES + 1;
    if is_whole && let Some(segment) = tx.get(&keys::segment(room, first))? {
        tx.delete(keys::segment(room, first))?;
        tx.put(keys::spent_segment(room, crate::blobs::BlobName(segment.blob)), &stored::SpentSegment {})?;
    }
    tx.put(keys::erasure(room), &stored::Erasure { through: end })
}
