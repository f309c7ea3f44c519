//! Every row of a room, of a user, of a content, of the custom emoji and of the administrators' desk, in one order, whatever engine they lie in. A log with
//! a hole in it ends the walk.

use rill_protocol::{RoomId, UserId, limits::TEXT_BYTES_MAX};
use std::{collections::BTreeSet, ops::ControlFlow};

use crate::{
    StoreError,
    embedded::{
        keys::{self, Key, Parts, Span},
        read::Read,
        stored,
        view::View,
    },
    engine::Direction,
    limits::{BODY_PART_BYTES_MAX, SPAN_ROWS_MAX},
    model::{ContentId, InvitationId},
    record::{self, Record},
    table::Table,
};

/// Is given key and value.
pub(super) type Take<'a> = dyn FnMut(&[u8], &[u8]) -> Result<(), StoreError> + 'a;

/// Parts that the longest text has; one more, for parts end between characters.
const PARTS: u16 = (TEXT_BYTES_MAX / BODY_PART_BYTES_MAX + 1) as u16;

fn one<R>(view: &View<'_>, key: &Key<R>, take: &mut Take<'_>) -> Result<Option<Vec<u8>>, StoreError> {
    let value = view.get_sealed(&key.bytes)?;
    if let Some(value) = &value {
        take(&key.bytes, value)?;
    }
    Ok(value)
}

/// Rows of a span, a page at a time: nobody reads while the engine is being read.
pub(super) fn pages<R>(
    view: &View<'_>,
    span: &Span<R>,
    mut page: impl FnMut(&[(Vec<u8>, Vec<u8>)]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut from = span.from.clone();
    loop {
        let mut rows = Vec::new();
        view.scan_sealed((&from, &span.until), Direction::Forward, SPAN_ROWS_MAX, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            if rows.len() < SPAN_ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        from = [last, &[0][..]].concat();
        page(&rows)?;
        if rows.len() < SPAN_ROWS_MAX {
            return Ok(());
        }
    }
}

fn all<R>(view: &View<'_>, span: &Span<R>, take: &mut Take<'_>) -> Result<(), StoreError> {
    let mut rows = Vec::new();
    // At once: a table that is a hash in Redis is read whole for every page.
    view.scan_sealed((&span.from, &span.until), Direction::Forward, usize::MAX, &mut |key, value| {
        rows.push((key.to_vec(), value.to_vec()));
        ControlFlow::Continue(())
    })?;
    rows.iter().try_for_each(|(key, value)| take(key, value))
}

fn open<R: Record>(view: &View<'_>, table: Table, key: &[u8], value: &[u8]) -> Result<R, StoreError> {
    record::open(view.ring(), table, key, value)
}

/// Which rows of a room are wanted.
#[derive(Clone, Copy)]
pub(super) struct RoomRows {
    pub(super) room: RoomId,
    /// Entries behind this one, with their texts.
    pub(super) after: u64,
    /// Request keys of this day and later.
    pub(super) keys_from_day: u32,
}

/// Rows of a room.
pub(super) fn room(view: &View<'_>, wanted: RoomRows, take: &mut Take<'_>) -> Result<(), StoreError> {
    let room = wanted.room;
    one(view, &keys::room(room), take)?;
    one(view, &keys::room_avatar(room), take)?;
    let head = keys::room_head(room);
    if let Some(sealed) = one(view, &head, take)? {
        let head: stored::RoomHead = open(view, head.table, &head.bytes, &sealed)?;
        let erased = one(view, &keys::erasure(room), take)?;
        let erased =
            erased.map(|sealed| open::<stored::Erasure>(view, Table::Erasure, &keys::erasure(room).bytes, &sealed));
        let after = erased.transpose()?.map_or(0, |row| row.through).max(wanted.after);
        entries(view, RoomRows { after, ..wanted }, head.seq, take)?;
    }
    pages(view, &keys::messages(room), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    pages(view, &keys::attached_files(room), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    pages(view, &keys::members(room), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    all(view, &Span::<stored::Membership>::of(Table::FormerMember, &[&room.0]), take)?;
    all(view, &keys::bans(room), take)?;
    all(view, &keys::room_invitations(room), take)?;
    all(view, &keys::room_links(room), take)?;
    all(view, &keys::last_posts(room), take)?;
    all(view, &keys::arrivals(room), take)?;
    pages(view, &keys::all_mentions(room), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    pages(view, &keys::pending_of(room), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;

    let mut days: Vec<(UserId, u32)> = Vec::new();
    all(view, &keys::standings(room), &mut |key, value| {
        take(key, value)?;
        let row: stored::Standing = open(view, Table::Standing, key, value)?;
        let mut parts = Parts::new(Table::Standing, key);
        parts.room()?;
        let user = parts.user()?;
        let live = row.key_days.iter().filter(|bucket| bucket.day >= wanted.keys_from_day);
        days.extend(live.map(|bucket| (user, bucket.day)));
        Ok(())
    })?;
    days.into_iter().try_for_each(|(user, day)| all(view, &keys::request_keys(day, room, user), take))
}

fn entries(view: &View<'_>, wanted: RoomRows, until: u64, take: &mut Take<'_>) -> Result<(), StoreError> {
    let RoomRows { room, after, .. } = wanted;
    let mut seq = after;
    let missing = |seq: u64| StoreError::Damaged { table: "entry", detail: format!("room {room} lacks entry {seq}") };
    let span = keys::entries(room).behind(&[&room.0, &after.to_be_bytes()]);
    pages(view, &span, |rows| {
        let mut apart = Vec::new();
        for (key, value) in rows {
            let row: stored::Entry = open(view, Table::Entry, key, value)?;
            let number = key.last_chunk::<8>().map_or(0, |seq| u64::from_be_bytes(*seq));
            if number != seq + 1 {
                return Err(missing(seq + 1));
            }
            seq = number;
            if row.text == stored::Text::Apart {
                apart.push(number);
            }
        }
        rows.iter().try_for_each(|(key, value)| take(key, value))?;
        let parts = apart.iter().flat_map(|seq| (0..PARTS).map(|part| keys::body(room, *seq, part).bytes));
        view.foresee(&mut parts.collect::<Vec<_>>().into_iter());
        apart.into_iter().try_for_each(|seq| text(view, room, seq, take))
    })?;
    if seq == until { Ok(()) } else { Err(missing(seq + 1)) }
}

/// The parts of a text that lies beside its entry.
fn text(view: &View<'_>, room: RoomId, seq: u64, take: &mut Take<'_>) -> Result<(), StoreError> {
    parts(view, |part| keys::body(room, seq, part), &format!("room {room}, entry {seq}"), take)
}

fn parts(
    view: &View<'_>,
    key: impl Fn(u16) -> Key<stored::Body>,
    of: &str,
    take: &mut Take<'_>,
) -> Result<(), StoreError> {
    let (mut number, mut parts) = (0, 1);
    while number < parts {
        let key = key(number);
        let Some(value) = one(view, &key, take)? else {
            let detail = format!("{of}: part {number} of its text is missing");
            return Err(StoreError::Damaged { table: "body", detail });
        };
        if let stored::Body::Text { parts: all, .. } = open(view, key.table, &key.bytes, &value)? {
            parts = all;
        }
        number += 1;
    }
    Ok(())
}

/// Rows of a user.
pub(super) fn user(view: &View<'_>, user: UserId, take: &mut Take<'_>) -> Result<(), StoreError> {
    one(view, &keys::user(user), take)?;
    one(view, &keys::user_avatar(user), take)?;
    one(view, &keys::user_card(user), take)?;
    one(view, &keys::user_status(user), take)?;
    one(view, &keys::user_seen(user), take)?;
    all(view, &keys::blocks(user), take)?;
    pages(view, &keys::blocked_bys(user), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    let head = keys::user_head(user);
    if let Some(sealed) = one(view, &head, take)? {
        let head: stored::UserHead = open(view, head.table, &head.bytes, &sealed)?;
        let mut next = head.first;
        let missing =
            |seq| StoreError::Damaged { table: "user_entry", detail: format!("user {user} lacks entry {seq}") };
        pages(view, &keys::user_entries(user), |rows| {
            for (key, value) in rows {
                if key.last_chunk() != Some(&next.to_be_bytes()) {
                    return Err(missing(next));
                }
                take(key, value)?;
                next += 1;
            }
            Ok(())
        })?;
        if next != head.seq + 1 {
            return Err(missing(next));
        }
    }
    all(view, &keys::sessions(user), take)?;
    all(view, &Span::<stored::Token>::of(Table::Token, &[&user.0]), take)?;
    all(view, &keys::tickets(user), take)?;
    all(view, &keys::user_rooms(user), take)?;
    all(view, &Span::<stored::UserRoom>::of(Table::UserRoomGone, &[&user.0]), take)?;
    for kind in keys::USER_KEY_KINDS {
        all(view, &keys::user_keys(user, kind), take)?;
    }
    all(view, &keys::draft_parts(user), take)?;
    let mut invitations = Vec::new();
    all(view, &keys::invitations(user), &mut |key, value| {
        let mut parts = Parts::new(Table::Invitation, key);
        parts.user()?;
        invitations.push(InvitationId(parts.take()?));
        take(key, value)
    })?;
    invitations.into_iter().try_for_each(|id| all(view, &keys::invitation_uses(user, id), take))?;
    all(view, &keys::transfers(user), take)?;
    all(view, &keys::transfer_progresses(user), take)?;
    pages(view, &keys::kept_files(user), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    one(view, &keys::kept_bytes(user), take).map(drop)
}

/// Rows of a content.
pub(super) fn content(view: &View<'_>, id: ContentId, take: &mut Take<'_>) -> Result<(), StoreError> {
    one(view, &keys::content(id), take)?;
    one(view, &keys::content_due(id), take)?;
    pages(view, &keys::references(id), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    pages(view, &keys::pending_references(id), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    all(view, &keys::spent_blobs(id), take)
}

/// Rows of the administrators' desk. Whose client ids are known, the reports say.
pub(super) fn desk(view: &View<'_>, take: &mut Take<'_>) -> Result<(), StoreError> {
    one(view, &keys::desk(), take)?;
    pages(view, &keys::acts(), |rows| rows.iter().try_for_each(|(key, value)| take(key, value)))?;
    let (mut reporters, mut quotes) = (BTreeSet::new(), Vec::new());
    for span in [keys::open_reports(), keys::closed_reports()] {
        pages(view, &span, |rows| {
            for (key, value) in rows {
                let row: stored::Report = open(view, span.table, key, value)?;
                reporters.insert(row.reporter.0);
                if row.is_quoted {
                    quotes.push(Parts::new(span.table, key).number()?);
                }
                take(key, value)?;
            }
            Ok(())
        })?;
    }
    for number in quotes {
        parts(view, |part| keys::report_part(number, part), &format!("report {number}"), take)?;
    }
    reporters.into_iter().try_for_each(|reporter| all(view, &keys::report_keys(UserId(reporter)), take))
}

/// Rows of the custom emoji.
pub(super) fn emoji(view: &View<'_>, take: &mut Take<'_>) -> Result<(), StoreError> {
    one(view, &keys::emoji_set(), take)?;
    all(view, &keys::emojis(), take)
}
