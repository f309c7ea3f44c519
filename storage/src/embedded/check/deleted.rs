//! What is checked of a room that is deleted: that its log ends there, and that what it held is
//! erased, or will be.

use rill_protocol::RoomId;
use std::ops::ControlFlow;

use super::Checked;
use crate::{
    StoreError,
    embedded::{
        keys::{self, Span},
        read::Read as _,
        stored,
        view::{Durable, View},
    },
    engine::Direction,
    limits::READ_ROWS_MAX,
    table::Table,
};

/// The tables of which nothing is left in the end.
const ERASED: [Table; 11] = [
    Table::Body,
    Table::Message,
    Table::AttachedFile,
    Table::Member,
    Table::FormerMember,
    Table::Standing,
    Table::Mention,
    Table::Ban,
    Table::RoomInvitation,
    Table::RoomLink,
    Table::LastPost,
];

fn has_any(view: &View<'_>, table: Table, room: RoomId) -> Result<bool, StoreError> {
    let span = Span::<()>::of(table, &[&room.0]);
    let mut is_any = false;
    view.scan_sealed((&span.from, &span.until), Direction::Forward, 1, &mut |_, _| {
        is_any = true;
        ControlFlow::Break(())
    })?;
    Ok(is_any)
}

pub(super) fn room(
    store: &Durable,
    room: RoomId,
    head: &stored::RoomHead,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let of = format!("room {room}");
    let (last, erasure, due) = store.read(|view| {
        let due = view.collect(&keys::pending_of(room), Direction::Forward, READ_ROWS_MAX, |_, row| Ok(row.fact));
        Ok((view.get(&keys::entry(room, head.seq)), view.get(&keys::erasure(room)), due))
    })?;
    let last = checked.take(&of, last)?.flatten();
    if last.is_none_or(|row| row.fact != stored::Fact::RoomDeleted || row.at_ms != head.at_ms) {
        checked.find("entry", format!("{of} is deleted, and its last entry does not say so"));
    }
    let Some(erasure) = checked.take(&of, erasure)? else { return Ok(()) };
    let through = erasure.map_or(0, |row| row.through);
    if through + 1 < head.seq {
        let is_due = checked.take(&of, due)?.is_none_or(|due| due.contains(&stored::Fact::RoomDeleted));
        if !is_due {
            checked.find("pending", format!("{of} is deleted, and nothing erases what it held"));
        }
        return left(store, (room, through), head, checked);
    }
    for table in ERASED {
        let found = store.read(|view| Ok(has_any(view, table, room)))?;
        if checked.take(&of, found)?.unwrap_or_default() {
            checked.find(table.name(), format!("{of} is deleted and erased, and this is left of it"));
        }
    }
    left(store, (room, through), head, checked)
}

/// What is not erased yet of its log is dense, and nothing is left in front of that.
fn left(
    store: &Durable,
    (room, through): (RoomId, u64),
    head: &stored::RoomHead,
    checked: &mut Checked,
) -> Result<(), StoreError> {
    let (mut seq, mut from) = (through, keys::entries(room).from);
    let until = keys::entry(room, head.seq.saturating_add(1)).bytes;
    loop {
        let mut keys = Vec::new();
        store.read(|view| {
            view.scan_sealed((&from, &until), Direction::Forward, READ_ROWS_MAX, &mut |key, _| {
                keys.push(key.to_vec());
                if keys.len() < READ_ROWS_MAX { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        })?;
        for key in &keys {
            checked.entries += 1;
            let found = key.last_chunk::<8>().map_or(0, |seq| u64::from_be_bytes(*seq));
            if found != seq + 1 {
                checked.find("entry", format!("room {room} is deleted, and entry {found} stands behind entry {seq}"));
            }
            seq = found;
        }
        let Some(last) = keys.pop() else { break };
        if keys.len() + 1 < READ_ROWS_MAX {
            break;
        }
        from = [&last[..], &[0]].concat();
    }
    Ok(())
}
